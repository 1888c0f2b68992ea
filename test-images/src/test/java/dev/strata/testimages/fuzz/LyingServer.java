// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.fuzz;

import dev.strata.block.nbd.protocol.BlockDescriptor;
import dev.strata.block.nbd.protocol.Command;
import dev.strata.block.nbd.protocol.Greeting;
import dev.strata.block.nbd.protocol.HandshakeFlags;
import dev.strata.block.nbd.protocol.InfoItem;
import dev.strata.block.nbd.protocol.MetaContext;
import dev.strata.block.nbd.protocol.NbdOption;
import dev.strata.block.nbd.protocol.NbdOptionReply;
import dev.strata.block.nbd.protocol.OptionError;
import dev.strata.block.nbd.protocol.OptionHeader;
import dev.strata.block.nbd.protocol.ReplyChunk;
import dev.strata.block.nbd.protocol.RequestHeader;
import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A server with a disk of zeroes that lies where it is told to, and hangs up after a lie in the
 * handshake.
 */
final class LyingServer implements AutoCloseable {
  static final int CONTEXT = 5;

  private static final int FLAGS = 0x5d; // flush, FUA, trim, zeroes

  /** A request as it came. */
  record Request(int command, long cookie, long offset, long length, boolean extended) {}

  /** Appends the reply to a request. */
  @FunctionalInterface
  interface Reply {
    void to(Request request, ByteBuffer out);
  }

  private final Path socket;
  private final ServerSocketChannel listener;
  private final Map<Integer, byte[]> lies = new HashMap<>(); // by option
  private final Map<Integer, Reply> replies = new HashMap<>(); // by command
  private final List<Integer> asked = new CopyOnWriteArrayList<>();
  private final AtomicLong sent = new AtomicLong();
  private byte @Nullable [] greeting;
  private boolean extended;
  private long size = 1 << 20;

  /** Listens; says nothing before {@link #start}. */
  @SuppressWarnings("MustBeClosedChecker") // closed by close
  LyingServer(Path socket) throws IOException {
    this.socket = socket;
    Files.deleteIfExists(socket);
    this.listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    listener.bind(UnixDomainSocketAddress.of(socket));
    replies.put(Command.READ, LyingServer::zeroes);
    replies.put(Command.BLOCK_STATUS, LyingServer::allData);
  }

  /** All that is said, in place of the handshake. */
  LyingServer greets(byte[] bytes) {
    greeting = bytes;
    return this;
  }

  /** What an option is answered with. */
  LyingServer lies(int option, byte[] answer) {
    lies.put(option, answer);
    return this;
  }

  /** What requests of a kind are answered with. */
  LyingServer replies(int command, Reply reply) {
    replies.put(command, reply);
    return this;
  }

  /** Offers extended headers. */
  LyingServer extended() {
    extended = true;
    return this;
  }

  /** In bytes. */
  LyingServer size(long bytes) {
    size = bytes;
    return this;
  }

  /** Takes clients from now on. */
  LyingServer start() {
    Thread.ofVirtual().start(this::accept);
    return this;
  }

  /** The options that clients sent. */
  List<Integer> asked() {
    return asked;
  }

  /** How many bytes were sent. */
  long sent() {
    return sent.get();
  }

  String uri() {
    return "nbd+unix:///?socket=" + socket;
  }

  private static void zeroes(Request r, ByteBuffer out) {
    ReplyChunk.putHole(
        out,
        r.extended(),
        ReplyChunk.DONE,
        r.cookie(),
        r.offset(),
        r.offset(),
        Math.toIntExact(r.length()));
  }

  private static void allData(Request r, ByteBuffer out) {
    status(r, out, r.length(), 0);
  }

  /** Appends a status of one run. */
  static void status(Request r, ByteBuffer out, long length, long status) {
    ReplyChunk.putStatus(out, r.extended(), ReplyChunk.DONE, r.cookie(), r.offset(), CONTEXT, 1);
    BlockDescriptor.put(out, r.extended(), length, status);
  }

  private void accept() {
    try {
      while (true) {
        SocketChannel client = listener.accept();
        Thread.ofVirtual().start(() -> serve(client));
      }
    } catch (IOException e) {
      // The test is over.
    }
  }

  private void serve(SocketChannel client) {
    try (client) {
      if (greeting != null) {
        send(client, ByteBuffer.wrap(greeting));
        receive(client, 1 << 10); // until the client leaves, who says less
      } else if (handshake(client)) {
        transmission(client);
      }
    } catch (IOException e) {
      // The client has left.
    }
  }

  private boolean handshake(SocketChannel client) throws IOException {
    send(client, new Greeting.Newstyle(HandshakeFlags.KNOWN).encode());
    receive(client, HandshakeFlags.CLIENT_SIZE);
    while (true) {
      OptionHeader header =
          Objects.requireNonNull(OptionHeader.decode(receive(client, OptionHeader.SIZE)));
      receive(client, Math.toIntExact(header.length()));
      asked.add(header.code());
      byte[] lie = lies.get(header.code());
      if (lie != null) {
        send(client, ByteBuffer.wrap(lie));
        return false;
      }
      honest(client, header.code());
      if (header.code() == NbdOption.GO) {
        return true;
      }
    }
  }

  private void honest(SocketChannel client, int code) throws IOException {
    switch (code) {
      case NbdOption.STRUCTURED_REPLY -> {}
      case NbdOption.SET_META_CONTEXT -> {
        var context = new MetaContext(CONTEXT, MetaContext.BASE_ALLOCATION);
        send(client, new NbdOptionReply.Context(context).encode(code));
      }
      case NbdOption.GO, NbdOption.INFO ->
          send(client, new NbdOptionReply.Info(new InfoItem.Export(size, FLAGS)).encode(code));
      case NbdOption.LIST -> send(client, new NbdOptionReply.Server("", "").encode(code));
      case NbdOption.EXTENDED_HEADERS -> {
        if (!extended) {
          send(client, NbdOptionReply.Refusal.of(OptionError.UNSUPPORTED, "").encode(code));
          return;
        }
      }
      default -> {
        send(client, NbdOptionReply.Refusal.of(OptionError.UNSUPPORTED, "").encode(code));
        return;
      }
    }
    send(client, new NbdOptionReply.Ack().encode(code));
  }

  private void transmission(SocketChannel client) throws IOException {
    while (true) {
      ByteBuffer header =
          receive(client, extended ? RequestHeader.EXTENDED_SIZE : RequestHeader.COMPACT_SIZE);
      var request =
          new Request(
              RequestHeader.command(header, 0),
              RequestHeader.cookie(header, 0),
              RequestHeader.offset(header, 0),
              RequestHeader.length(header, 0, extended),
              extended);
      Reply reply = replies.get(request.command());
      if (reply == null) {
        return;
      }
      ByteBuffer out = ByteBuffer.allocate(1 << 16);
      reply.to(request, out);
      send(client, out.flip());
    }
  }

  private void send(SocketChannel client, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      sent.addAndGet(client.write(bytes));
    }
  }

  private static ByteBuffer receive(SocketChannel client, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    while (bytes.hasRemaining()) {
      if (client.read(bytes) < 0) {
        throw new EOFException();
      }
    }
    return bytes.flip();
  }

  @Override
  public void close() throws IOException {
    listener.close();
    Files.deleteIfExists(socket);
  }
}
