// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.migration;

import java.io.IOException;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * For a machine that is to come.
 *
 * @param server where it connects to; null if the way is there
 * @param place what the socket is called, and is removed when somebody has come
 * @param made the way that is there; null if somebody has to connect
 */
record Waiting(
    @Nullable ServerSocketChannel server, @Nullable Path place, @Nullable Connection made) {
  /** Waits until somebody comes. Ends if it is given up. */
  Connection await() throws IOException {
    Connection here = made;
    ServerSocketChannel listening = server;
    if (here != null || listening == null) {
      return Objects.requireNonNull(here);
    }
    try (listening) {
      return new Connection.Socket(listening.accept(), "", null);
    } finally {
      if (place != null) {
        Files.deleteIfExists(place);
      }
    }
  }

  /** Waits no more. */
  void abort() {
    try {
      if (server != null) {
        server.close();
      }
      if (place != null) {
        Files.deleteIfExists(place);
      }
    } catch (IOException _) {
      // Nobody waits for it.
    }
    if (made != null) {
      made.abort();
    }
  }
}
