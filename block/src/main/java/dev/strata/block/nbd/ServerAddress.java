// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.nbd;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.tls.PeerSocket;
import java.io.IOException;
import java.net.SocketTimeoutException;

/** Where a server listens. */
sealed interface ServerAddress permits InetServer, UnixServer {
  /** As messages name it. */
  String text();

  /** Of an export there; {@code export} is empty, or its name behind a slash. */
  String uri(String export);

  /**
   * A connection, blocking.
   *
   * @param timeoutMillis how long to wait for each of a host's addresses; 0 for as long as the
   *     system does
   */
  PeerSocket connect(int timeoutMillis) throws BlockException;

  /** What the system said, as far as Java tells. */
  static Errno errno(IOException failure) {
    if (failure instanceof SocketTimeoutException) {
      return Errno.ETIMEDOUT;
    }
    String text = String.valueOf(failure.getMessage());
    for (Errno errno : Errno.values()) {
      if (text.startsWith(errno.text())) {
        return errno;
      }
    }
    return Errno.EIO;
  }

  /** A failure to connect that {@code cause} is the reason of. */
  default BlockException failed(IOException cause) {
    return BlockException.of(errno(cause), "Failed to connect to '" + text() + "'").causedBy(cause);
  }
}
