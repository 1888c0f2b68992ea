// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.nbdserver;

import dev.strata.block.nbd.protocol.HandshakeFlags;
import dev.strata.block.nbd.protocol.NbdOption;
import dev.strata.block.nbd.protocol.OptionReplyHeader;
import dev.strata.block.nbd.protocol.RequestHeader;
import dev.strata.block.nbd.protocol.SimpleReply;
import java.io.EOFException;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.List;

/** A client that sends what it is told to, byte for byte, to a server that is a program. */
record RawClient(SocketChannel channel) implements AutoCloseable {
  private static final long OPTION_MAGIC = 0x49484156454F5054L;
  private static final int GREETING = 18;
  private static final int ACK = 1;

  /** Connects and says nothing. */
  static RawClient silent(Path socket) throws IOException {
    return new RawClient(SocketChannel.open(UnixDomainSocketAddress.of(socket)));
  }

  /** Has taken the greeting and told its flags. */
  static RawClient greeted(Path socket) throws IOException {
    RawClient client = silent(socket);
    client.receive(GREETING);
    client.send(ByteBuffer.allocate(HandshakeFlags.CLIENT_SIZE).putInt(HandshakeFlags.KNOWN));
    return client;
  }

  /** Has chosen the default export; replies are simple unless {@code first} asks for others. */
  static RawClient chosen(Path socket, NbdOption... first) throws IOException {
    RawClient client = greeted(socket);
    for (NbdOption option : first) {
      client.option(option);
    }
    client.option(new NbdOption.Go("", List.of()));
    return client;
  }

  /** Sends an option and takes all its replies; the type of the last one. */
  int option(NbdOption option) throws IOException {
    ByteBuffer bytes = option.encode();
    send(bytes.position(bytes.limit()));
    OptionReplyHeader reply = reply();
    while (reply.type() > ACK) { // errors are negative
      reply = reply();
    }
    return reply.type();
  }

  /** Sends an option whose length is a lie, perhaps. */
  void option(int code, long length, byte[] body) throws IOException {
    send(
        ByteBuffer.allocate(16 + body.length)
            .putLong(OPTION_MAGIC)
            .putInt(code)
            .putInt((int) length)
            .put(body));
  }

  /** The header of a reply to an option, whose data is passed over. */
  OptionReplyHeader reply() throws IOException {
    OptionReplyHeader header = OptionReplyHeader.decode(receive(OptionReplyHeader.SIZE));
    receive(header.length());
    return header;
  }

  void request(int flags, int command, long cookie, long offset, long length) throws IOException {
    var header = ByteBuffer.allocate(RequestHeader.COMPACT_SIZE);
    RequestHeader.put(header, false, flags, command, cookie, offset, length);
    send(header);
  }

  void extendedRequest(int command, long cookie, long offset, long length) throws IOException {
    var header = ByteBuffer.allocate(RequestHeader.EXTENDED_SIZE);
    RequestHeader.put(header, true, 0, command, cookie, offset, length);
    send(header);
  }

  /** The error of the next simple reply, which has to be that request's. */
  int error(long cookie) throws IOException {
    ByteBuffer reply = receive(SimpleReply.SIZE);
    if (reply.getInt(0) != SimpleReply.MAGIC || SimpleReply.cookie(reply, 0) != cookie) {
      throw new IOException("another reply");
    }
    return SimpleReply.error(reply, 0);
  }

  /** Sends what has been put into a buffer. */
  void send(ByteBuffer bytes) throws IOException {
    bytes.flip();
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  ByteBuffer receive(int length) throws IOException {
    var bytes = ByteBuffer.allocate(length);
    while (bytes.hasRemaining()) {
      if (channel.read(bytes) < 0) {
        throw new EOFException("the server has hung up");
      }
    }
    return bytes.flip();
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
