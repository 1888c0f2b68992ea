// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.debug;

import dev.strata.system.memory.MmioHandler;

/**
 * The register by which a guest says that it has panicked, at a port or on a card. It tells which
 * of its bits mean something.
 *
 * @see "QEMU docs/specs/pvpanic, Bit Definition"
 */
public final class PanicRegister implements MmioHandler {
  /** The port of a board that has it at one. */
  public static final int PORT = 0x505;

  private static final int PANICKED = 1; // and the host shall deal with it

  private final Runnable panicked;

  /**
   * A register.
   *
   * @param panicked called when the guest has panicked, on the processor's thread
   */
  public PanicRegister(Runnable panicked) {
    this.panicked = panicked;
  }

  @Override
  public long read(long offset, int bytes) {
    return offset == 0 ? PANICKED : 0;
  }

  @Override
  public void write(long offset, int bytes, long value) {
    if (offset == 0 && (value & PANICKED) != 0) {
      panicked.run();
    }
  }
}
