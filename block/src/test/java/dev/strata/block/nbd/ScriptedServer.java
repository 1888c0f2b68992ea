// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.nbd;

import dev.strata.block.nbd.protocol.Greeting;
import dev.strata.block.nbd.protocol.HandshakeFlags;
import dev.strata.block.nbd.protocol.InfoItem;
import dev.strata.block.nbd.protocol.MetaContext;
import dev.strata.block.nbd.protocol.NbdOption;
import dev.strata.block.nbd.protocol.NbdOptionReply;
import dev.strata.block.nbd.protocol.OptionError;
import dev.strata.block.nbd.protocol.OptionHeader;
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
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A server on a socket of its own that sends the bytes it is told to: in place of the whole
 * handshake, of the answer to one option, or of the answer to each request.
 */
final class ScriptedServer implements AutoCloseable {
  static final long SIZE = 1 << 20;
  static final int CONTEXT = 5;

  /** A request as it came. */
  record Request(int command, int flags, long cookie, long offset, long length, boolean extended) {}

  /** What is sent for a request, and whether the connection ends then. */
  record Answer(byte[] bytes, boolean last) {
    static final Answer HANG_UP = new Answer(new byte[0], true);
  }

  /** What is sent for the requests of each connection, which are numbered from 0. */
  @FunctionalInterface
  interface Answers {
    Answer to(Request request, int connection);
  }

  private final ServerSocketChannel listener;
  private final Path socket;
  private final byte @Nullable [] greeting;
  private final int option;
  private final byte[] optionAnswer;
  private final boolean extended;
  private final Answers answers;
  private final AtomicInteger connections = new AtomicInteger();

  @SuppressWarnings("MustBeClosedChecker") // closed by close
  private ScriptedServer(
      Path socket,
      byte @Nullable [] greeting,
      int option,
      byte[] optionAnswer,
      boolean extended,
      Answers answers)
      throws IOException {
    this.socket = socket;
    this.greeting = greeting;
    this.option = option;
    this.optionAnswer = optionAnswer;
    this.extended = extended;
    this.answers = answers;
    this.listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    listener.bind(UnixDomainSocketAddress.of(socket));
    Thread.ofVirtual().start(this::accept);
  }

  /** Sends these bytes instead of any handshake, then hangs up. */
  static ScriptedServer greeting(Path socket, byte[] bytes) throws IOException {
    return new ScriptedServer(
        socket, bytes, 0, new byte[0], false, (request, connection) -> Answer.HANG_UP);
  }

  /** Answers that option with these bytes, then hangs up. */
  static ScriptedServer option(Path socket, int option, byte[] bytes) throws IOException {
    return new ScriptedServer(
        socket, null, option, bytes, false, (request, connection) -> Answer.HANG_UP);
  }

  /** Offers structured replies and {@code base:allocation}, and answers requests so. */
  static ScriptedServer answering(Path socket, Answers answers) throws IOException {
    return new ScriptedServer(socket, null, 0, new byte[0], false, answers);
  }

  /** As {@link #answering}, with extended headers. */
  static ScriptedServer answeringExtended(Path socket, Answers answers) throws IOException {
    return new ScriptedServer(socket, null, 0, new byte[0], true, answers);
  }

  int connections() {
    return connections.get();
  }

  private void accept() {
    try {
      while (true) {
        SocketChannel client = listener.accept();
        int number = connections.getAndIncrement();
        Thread.ofVirtual().start(() -> serve(client, number));
      }
    } catch (IOException e) {
      // The test is over.
    }
  }

  private void serve(SocketChannel client, int number) {
    try (client) {
      if (greeting != null) {
        write(client, ByteBuffer.wrap(greeting));
        return;
      }
      if (handshake(client)) {
        transmission(client, number);
      }
    } catch (IOException e) {
      // The client has hung up.
    }
  }

  private boolean handshake(SocketChannel client) throws IOException {
    write(client, new Greeting.Newstyle(HandshakeFlags.KNOWN).encode());
    read(client, HandshakeFlags.CLIENT_SIZE);
    while (true) {
      OptionHeader header =
          Objects.requireNonNull(OptionHeader.decode(read(client, OptionHeader.SIZE)));
      read(client, (int) header.length());
      if (header.code() == option) {
        write(client, ByteBuffer.wrap(optionAnswer));
        return false;
      }
      write(client, answer(header.code()));
      if (header.code() == NbdOption.GO) {
        return true;
      }
    }
  }

  private ByteBuffer answer(int code) {
    ByteBuffer ack = new NbdOptionReply.Ack().encode(code);
    return switch (code) {
      case NbdOption.EXTENDED_HEADERS ->
          extended ? ack : NbdOptionReply.Refusal.of(OptionError.UNSUPPORTED, "").encode(code);
      case NbdOption.SET_META_CONTEXT -> {
        var context = new MetaContext(CONTEXT, MetaContext.BASE_ALLOCATION);
        yield joined(new NbdOptionReply.Context(context).encode(code), ack);
      }
      case NbdOption.GO ->
          joined(new NbdOptionReply.Info(new InfoItem.Export(SIZE, 0x5d)).encode(code), ack);
      default -> ack;
    };
  }

  private static ByteBuffer joined(ByteBuffer first, ByteBuffer second) {
    return ByteBuffer.allocate(first.remaining() + second.remaining())
        .put(first)
        .put(second)
        .flip();
  }

  private void transmission(SocketChannel client, int number) throws IOException {
    int size = extended ? RequestHeader.EXTENDED_SIZE : RequestHeader.COMPACT_SIZE;
    while (true) {
      ByteBuffer header = read(client, size);
      var request =
          new Request(
              RequestHeader.command(header, 0),
              RequestHeader.flags(header, 0),
              RequestHeader.cookie(header, 0),
              RequestHeader.offset(header, 0),
              RequestHeader.length(header, 0, extended),
              extended);
      read(client, (int) RequestHeader.payloadLength(header, 0, extended));
      Answer answer = answers.to(request, number);
      write(client, ByteBuffer.wrap(answer.bytes()));
      if (answer.last()) {
        return;
      }
    }
  }

  private static void write(SocketChannel client, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      client.write(bytes);
    }
  }

  private static ByteBuffer read(SocketChannel client, int length) throws IOException {
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
