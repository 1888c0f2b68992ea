// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.debug;

import dev.strata.system.device.pci.PciFunction;

/**
 * The card by which a guest says that it has panicked.
 *
 * @see "QEMU docs/specs/pvpanic, PCI Interface"
 */
public final class PanicCard extends PciFunction {
  /** A card with that register. */
  public PanicCard(PanicRegister register) {
    super(0x1b36, 0x0011, 1, 0x088000);
    memoryBar(0, 16, 1, register);
  }
}
