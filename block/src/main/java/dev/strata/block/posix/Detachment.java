// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.posix;

import dev.strata.block.BlockException;

/** How a process that was started in the background parts from who started it. */
public final class Detachment {
  private Detachment() {}

  /** Makes this process the leader of a session of its own, which no terminal's signals reach. */
  public static void leaveSession() throws BlockException {
    SystemCall.checked(SystemCall.call(SystemCall.SETSID, 0, 0));
  }

  /** Lets standard error lead where standard output leads; who reads the old one sees its end. */
  public static void closeErrors() throws BlockException {
    SystemCall.checked(
        SystemCall.call(SystemCall.DUP3, StandardStreams.OUTPUT, StandardStreams.ERRORS, 0, 0));
  }
}
