// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.migration;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import org.jspecify.annotations.Nullable;

/** Where a machine goes, or comes from. */
sealed interface MigrationUri {
  /** A command of the shell that takes the stream, or makes it. */
  record Exec(String command) implements MigrationUri {}

  /** A Unix socket. */
  record Unix(String path) implements MigrationUri {}

  /**
   * TCP.
   *
   * @param port 0 to 65535
   */
  record Tcp(String host, int port) implements MigrationUri {}

  /** What {@code text} means; null if it is nothing that is known. */
  static @Nullable MigrationUri parse(String text) throws BlockException {
    if (text.startsWith("exec:")) {
      return new Exec(text.substring("exec:".length()));
    }
    if (text.startsWith("unix:")) {
      return new Unix(text.substring("unix:".length()));
    }
    if (text.startsWith("tcp:")) {
      return tcp(text.substring("tcp:".length()));
    }
    return null;
  }

  private static Tcp tcp(String place) throws BlockException {
    int colon = place.lastIndexOf(':');
    String port = colon < 0 ? "" : place.substring(colon + 1);
    if (!port.matches("\\d{1,5}") || Integer.parseInt(port) > 65535) {
      throw new BlockException(Errno.EINVAL, "error parsing address '" + place + "'");
    }
    String host = place.substring(0, colon);
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    }
    return new Tcp(host, Integer.parseInt(port));
  }
}
