// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.nbd;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.posix.Posix;
import dev.strata.block.posix.UnixStream;
import dev.strata.block.tls.PeerSocket;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;

/** A socket in the file system. */
record UnixServer(String path) implements ServerAddress {
  /** The longest path of a socket that Linux takes, in bytes. */
  private static final int MAX_PATH = 107;

  @Override
  public String text() {
    return path;
  }

  @Override
  public String uri(String export) {
    return "nbd+unix://" + export + "?socket=" + path;
  }

  @Override
  @SuppressWarnings("MustBeClosedChecker") // the socket that is returned owns it
  public PeerSocket connect(int timeoutMillis) throws BlockException {
    if (path.getBytes(StandardCharsets.UTF_8).length > MAX_PATH) {
      throw new BlockException(Errno.EINVAL, "UNIX socket path '" + path + "' is too long")
          .withHint("Path must be less than 108 bytes");
    }
    if (path.isEmpty()) {
      throw BlockException.of(Errno.ECONNREFUSED, "Failed to connect to ''");
    }
    if (path.indexOf('\0') >= 0) {
      throw new BlockException(
          Errno.EOPNOTSUPP, "Sockets of the abstract namespace are not supported");
    }
    try {
      return Posix.isAvailable()
          ? new PeerSocket(UnixStream.connect(path))
          : new PeerSocket(SocketChannel.open(UnixDomainSocketAddress.of(path)));
    } catch (IOException e) {
      throw failed(e);
    }
  }
}
