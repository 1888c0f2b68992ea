// SPDX-License-Identifier: Apache-2.0
package dev.strata.nbdserver;

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

/** A client that sends what it is told to, byte for byte. */
final class Client implements AutoCloseable {
  final SocketChannel channel;

  private Client(SocketChannel channel) {
    this.channel = channel;
  }

  /** Connects and says nothing. */
  static Client silent(Path socket) throws IOException {
    return new Client(SocketChannel.open(UnixDomainSocketAddress.of(socket)));
  }

  /** Connects and has taken the greeting. */
  static Client greeted(Path socket) throws IOException {
    Client client = silent(socket);
    client.receive(18);
    client.send(ByteBuffer.allocate(4).putInt(HandshakeFlags.KNOWN).flip());
    return client;
  }

  /** Has chosen the default export, with simple replies. */
  static Client chosen(Path socket) throws IOException {
    Client client = greeted(socket);
    client.send(new NbdOption.Go("", List.of()).encode());
    while (client.reply().type() != 1) {
      // Informations, then the end of them.
    }
    return client;
  }

  /** An option reply, without its data. */
  OptionReplyHeader reply() throws IOException {
    OptionReplyHeader header = OptionReplyHeader.decode(receive(OptionReplyHeader.SIZE));
    receive(header.length());
    return header;
  }

  void request(int flags, int command, long cookie, long offset, long length) throws IOException {
    var header = ByteBuffer.allocate(RequestHeader.COMPACT_SIZE);
    RequestHeader.put(header, false, flags, command, cookie, offset, length);
    send(header.flip());
  }

  /** The error of the next simple reply, whose cookie has to be that one. */
  int error(long cookie) throws IOException {
    ByteBuffer reply = receive(SimpleReply.SIZE);
    if (reply.getInt(0) != SimpleReply.MAGIC || SimpleReply.cookie(reply, 0) != cookie) {
      throw new IOException("another reply");
    }
    return SimpleReply.error(reply, 0);
  }

  void send(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  ByteBuffer receive(int length) throws IOException {
    var bytes = ByteBuffer.allocate(length);
    while (bytes.hasRemaining()) {
      if (channel.read(bytes) < 0) {
        throw new EOFException();
      }
    }
    return bytes.flip();
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
