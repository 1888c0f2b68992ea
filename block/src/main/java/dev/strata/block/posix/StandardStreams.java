// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.posix;

/** What the process's standard streams lead to. */
public final class StandardStreams {
  /** The number of standard output. */
  public static final int OUTPUT = 1;

  /** The number of standard error. */
  public static final int ERRORS = 2;

  private static final long GET_TERMINAL_ATTRIBUTES = 0x5401; // TCGETS, ioctl_tty(2)

  private StandardStreams() {}

  /** Whether that stream is a terminal; false where this package does not work. */
  public static boolean isTerminal(int number) {
    if (!Posix.isAvailable()) {
      return false;
    }
    Scratch scratch = Scratch.ofThread();
    // struct termios has 60 bytes at most.
    return SystemCall.call(
            scratch, SystemCall.IOCTL, number, GET_TERMINAL_ATTRIBUTES, scratch.address, 0, 0, 0)
        >= 0;
  }
}
