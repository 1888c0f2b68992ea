// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.debug;

import dev.strata.system.device.pci.PciFunction;
import dev.strata.system.memory.MmioHandler;

/**
 * The card by which a guest says that it has panicked.
 *
 * @see "QEMU docs/specs/pvpanic"
 */
public final class PanicCard extends PciFunction {
  private static final int PANICKED = 1; // and the host shall deal with it

  /**
   * A card.
   *
   * @param panicked called when the guest has panicked, on the processor's thread
   */
  public PanicCard(Runnable panicked) {
    super(0x1b36, 0x0011, 1, 0x088000);
    memoryBar(
        0,
        16,
        1,
        new MmioHandler() {
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
        });
  }
}
