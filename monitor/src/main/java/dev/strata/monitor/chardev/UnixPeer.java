// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.chardev;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.posix.FileDescriptor;
import dev.strata.block.posix.PassedDescriptors;
import dev.strata.block.posix.UnixConnection;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A peer by a Unix socket, who may pass file descriptors. */
final class UnixPeer implements Peer {
  private static final int CHUNK = 64 << 10;

  private final UnixConnection connection;
  private final Input input = new Input();
  private final Object sending = new Object();
  private boolean closed; // guarded by sending

  UnixPeer(UnixConnection connection) {
    this.connection = connection;
  }

  @Override
  public InputStream input() {
    return input;
  }

  @Override
  public OutputStream output() {
    return new Output();
  }

  @Override
  public @Nullable SocketChannel channel() {
    return null;
  }

  @Override
  public void close() {
    connection.hangUp(); // who sends returns, and only then is the socket's number free
    synchronized (sending) {
      closed = true;
    }
    try (connection) {
      input.drop();
    } catch (BlockException e) {
      // It is closed all the same, and nothing that was written waits.
    }
  }

  private final class Input extends InputStream implements PassedDescriptors {
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(CHUNK).limit(0);
    private List<FileDescriptor> passed = new ArrayList<>(); // guarded by this

    @Override
    public int read() throws IOException {
      return fill() ? buffer.get() & 0xff : -1;
    }

    @Override
    public int read(byte[] into, int from, int length) throws IOException {
      Objects.checkFromIndexSize(from, length, into.length);
      if (length == 0) {
        return 0;
      }
      if (!fill()) {
        return -1;
      }
      int count = Math.min(length, buffer.remaining());
      buffer.get(into, from, count);
      return count;
    }

    @Override
    public int available() {
      return buffer.remaining();
    }

    private boolean fill() throws IOException {
      if (buffer.hasRemaining()) {
        return true;
      }
      var received = new ArrayList<FileDescriptor>();
      try {
        return connection.receive(buffer.clear(), received);
      } finally {
        buffer.flip();
        if (!received.isEmpty()) {
          replace(received);
        }
      }
    }

    /** Those that nobody wanted before the next ones came are given up. */
    private synchronized void replace(List<FileDescriptor> received) throws BlockException {
      drop();
      passed = received;
    }

    @Override
    public synchronized @Nullable FileDescriptor take() throws BlockException {
      if (passed.isEmpty()) {
        return null;
      }
      FileDescriptor first = passed.removeFirst();
      drop();
      return first;
    }

    synchronized void drop() throws BlockException {
      for (FileDescriptor each : passed) {
        each.close();
      }
      passed = new ArrayList<>();
    }
  }

  private final class Output extends OutputStream {
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(CHUNK);

    @Override
    public void write(int value) throws IOException {
      write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
      Objects.checkFromIndexSize(from, length, bytes.length);
      synchronized (sending) {
        for (int done = 0; done < length; ) {
          if (closed) {
            throw BlockException.of(Errno.EPIPE);
          }
          int part = Math.min(length - done, CHUNK);
          connection.send(buffer.clear().put(bytes, from + done, part).flip());
          done += part;
        }
      }
    }

    @Override
    public void close() {
      synchronized (sending) {
        if (!closed) {
          connection.hangUp();
        }
      }
    }
  }
}
