// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.posix;

import dev.strata.block.BlockException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** How a process that was started in the background parts from who started it. */
public final class Detachment {
  /** A slash and the end of a string, in any byte order. */
  private static final short ROOT =
      ByteBuffer.wrap(new byte[] {'/', 0}).order(ByteOrder.nativeOrder()).getShort();

  private Detachment() {}

  /** Makes this process the leader of a session of its own, which no terminal's signals reach. */
  public static void leaveSession() throws BlockException {
    SystemCall.checked(SystemCall.call(SystemCall.SETSID, 0, 0));
  }

  /**
   * Makes the root the working directory of this process, which keeps no other one from being
   * unmounted. Names that are relative lead elsewhere from now on.
   */
  public static void leaveFolder() throws BlockException {
    Scratch scratch = Scratch.ofThread();
    scratch.structure.putShort(0, ROOT);
    SystemCall.checked(SystemCall.call(scratch, SystemCall.CHDIR, scratch.address, 0, 0, 0, 0, 0));
  }

  /** Lets standard error lead where standard output leads; who reads the old one sees its end. */
  public static void closeErrors() throws BlockException {
    SystemCall.checked(
        SystemCall.call(SystemCall.DUP3, StandardStreams.OUTPUT, StandardStreams.ERRORS, 0, 0));
  }
}
