// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.nbd;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/** Stands between clients and a server, passes on what they say, and keeps it. */
final class Tap implements AutoCloseable {
  private final Path server;
  private final ServerSocketChannel listener;
  private final List<Thread> threads = new ArrayList<>(); // guarded by this
  private final List<Conversation> conversations = new ArrayList<>(); // guarded by this

  /** What both ends of a connection have said; complete when the tap is closed. */
  static final class Conversation {
    final ByteArrayOutputStream client = new ByteArrayOutputStream();
    final ByteArrayOutputStream server = new ByteArrayOutputStream();
    final long begin = System.nanoTime();
    private volatile long end = Long.MAX_VALUE;
    private final CountDownLatch ended = new CountDownLatch(1);

    private void end() {
      end = System.nanoTime();
      ended.countDown();
    }

    /** Whether another one was going on at some time of this one. */
    boolean overlaps(Conversation other) {
      return begin - other.end < 0 && other.begin - end < 0;
    }
  }

  /** Listens at {@code socket} for clients of the server at {@code server}. */
  Tap(Path socket, Path server) throws IOException {
    this.server = server;
    this.listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    listener.bind(UnixDomainSocketAddress.of(socket));
    start(this::accept);
  }

  private synchronized void start(Runnable work) {
    threads.add(Thread.ofVirtual().start(work));
  }

  private void accept() {
    try {
      while (true) {
        SocketChannel client = listener.accept();
        SocketChannel upstream = SocketChannel.open(UnixDomainSocketAddress.of(server));
        var conversation = new Conversation();
        synchronized (this) {
          conversations.add(conversation);
        }
        start(() -> {
          pass(client, upstream, conversation.client);
          conversation.end();
        });
        start(() -> pass(upstream, client, conversation.server));
      }
    } catch (IOException e) {
      // The tap is closed, or the server has gone, which the client will tell.
    }
  }

  private static void pass(SocketChannel from, SocketChannel to, ByteArrayOutputStream kept) {
    var bytes = ByteBuffer.allocate(1 << 16);
    try {
      while (from.read(bytes.clear()) >= 0) {
        kept.write(bytes.array(), 0, bytes.position());
        bytes.flip();
        while (bytes.hasRemaining()) {
          to.write(bytes);
        }
      }
      to.shutdownOutput();
    } catch (IOException e) {
      // One end has gone.
      try (from;
          to) {
        return;
      } catch (IOException ignored) {
        // Gone, too.
      }
    }
  }

  /** Returns when every client that has come so far has been seen to go. */
  void awaitClients() throws InterruptedException {
    List<Conversation> all;
    synchronized (this) {
      all = List.copyOf(conversations);
    }
    for (Conversation each : all) {
      each.ended.await();
    }
  }

  /** Ends listening; what was said, connection by connection. */
  List<Conversation> conversations() throws IOException, InterruptedException {
    listener.close();
    List<Thread> all;
    synchronized (this) {
      all = List.copyOf(threads);
    }
    for (Thread each : all) {
      each.join();
    }
    synchronized (this) {
      return List.copyOf(conversations);
    }
  }

  @Override
  public void close() throws IOException {
    listener.close();
  }
}
