// SPDX-License-Identifier: Apache-2.0
package dev.strata.nbdserver.tool;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.posix.InheritedSocket;
import dev.strata.block.posix.Listener;
import java.io.IOException;
import java.nio.channels.ServerSocketChannel;
import java.util.Map;

/**
 * The listening socket that systemd, or who does as it does, opened for this process.
 *
 * @see "sd_listen_fds(3)"
 */
final class SocketActivation {
  private static final int FIRST = 3; // SD_LISTEN_FDS_START

  private SocketActivation() {}

  /**
   * How many sockets there are for the process.
   *
   * @throws BlockException if one is no open descriptor
   */
  static int count(Map<String, String> environment, long processId) throws BlockException {
    String process = environment.get("LISTEN_PID");
    String number = environment.get("LISTEN_FDS");
    if (process == null || number == null || !process.equals(String.valueOf(processId))) {
      return 0;
    }
    int count;
    try {
      count = Integer.parseInt(number);
    } catch (NumberFormatException e) {
      return 0; // as if it were not set, which is what the reference takes it for
    }
    for (int i = 0; i < count; i++) {
      try {
        InheritedSocket.check(FIRST + i);
      } catch (BlockException e) {
        throw e.during("Socket activation failed: invalid file descriptor fd = " + (FIRST + i));
      }
    }
    return Math.max(count, 0);
  }

  /** Takes the socket over. */
  static Listener listener() throws BlockException {
    try {
      ServerSocketChannel channel = InheritedSocket.listening(FIRST);
      if (channel == null) {
        throw new BlockException(
            Errno.EINVAL,
            "Failed to use socket activation: file descriptor "
                + FIRST
                + " is no listening socket");
      }
      channel.configureBlocking(true);
      return new Listener(channel, null);
    } catch (BlockException e) {
      throw e;
    } catch (IOException e) {
      throw new BlockException(Errno.EIO, "Failed to use socket activation: " + e.getMessage())
          .causedBy(e);
    }
  }
}
