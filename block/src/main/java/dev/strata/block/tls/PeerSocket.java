// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.tls;

import dev.strata.block.BlockException;
import dev.strata.block.posix.UnixStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.GatheringByteChannel;
import java.nio.channels.SocketChannel;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A connected socket that can turn to TLS. One thread may read while others, which take turns,
 * write; it turns when no other thread uses it.
 */
public final class PeerSocket implements ByteChannel, GatheringByteChannel {
  private final ByteChannel socket;
  private final GatheringByteChannel gathering; // the same one
  private final @Nullable UnixStream unix; // the same one, if it is of that kind
  private volatile @Nullable TlsChannel tls;

  /** A socket in blocking mode, which goes with this one. */
  public PeerSocket(SocketChannel socket) {
    this.socket = socket;
    this.gathering = socket;
    this.unix = null;
  }

  /** A Unix socket, which goes with this one. */
  public PeerSocket(UnixStream socket) {
    this.socket = socket;
    this.gathering = socket;
    this.unix = socket;
  }

  /** Makes ready what {@link #startServer} needs, which takes a while. */
  public static void prepareServer(TlsCredentials credentials) throws BlockException {
    TlsLibrary.provider().prepare(credentials);
  }

  /**
   * Turns to TLS as its client. Nothing that was read before counts any more.
   *
   * @param hostname whom the server's certificate has to name
   */
  public void startClient(TlsCredentials credentials, @Nullable String hostname)
      throws BlockException {
    tls = TlsLibrary.provider().connect(socket, credentials, hostname);
  }

  /**
   * Turns to TLS as its server. Nothing that was read before counts any more.
   *
   * @param authorization as for {@link TlsProvider#accept}
   */
  public void startServer(TlsCredentials credentials, @Nullable Predicate<String> authorization)
      throws BlockException {
    tls = TlsLibrary.provider().accept(socket, credentials, authorization);
  }

  /** Whether it has turned. */
  public boolean isSecure() {
    return tls != null;
  }

  @Override
  public int read(ByteBuffer into) throws IOException {
    TlsChannel channel = tls;
    return channel == null ? socket.read(into) : channel.read(into);
  }

  /**
   * Reads until all of {@code into} is filled.
   *
   * @return false if the peer has hung up before
   */
  public boolean fill(MemorySegment into) throws IOException {
    if (unix != null && tls == null && into.isNative()) {
      return unix.fill(into);
    }
    ByteBuffer buffer = into.asByteBuffer();
    while (buffer.hasRemaining()) {
      if (read(buffer) < 0) {
        return false;
      }
    }
    return true;
  }

  @Override
  public int write(ByteBuffer from) throws IOException {
    TlsChannel channel = tls;
    return channel == null ? socket.write(from) : channel.write(from);
  }

  @Override
  public long write(ByteBuffer[] from) throws IOException {
    return write(from, 0, from.length);
  }

  @Override
  public long write(ByteBuffer[] from, int first, int count) throws IOException {
    TlsChannel channel = tls;
    if (channel == null) {
      return gathering.write(from, first, count);
    }
    long written = 0;
    for (int i = first; i < first + count; i++) {
      written += channel.write(from[i]);
    }
    return written;
  }

  @Override
  public boolean isOpen() {
    return socket.isOpen();
  }

  /** Ends the connection, from whichever thread; those that wait on it fail. */
  @Override
  public void close() throws IOException {
    socket.close();
  }
}
