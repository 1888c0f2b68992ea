// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.firmware;

/** A kernel that firmware boots by an option ROM of its own. */
public interface BootKernel {
  /** The ROM's file, which firmware knows it by. */
  String romFile();

  /**
   * The ROM, whose kernel's parts this adds to {@code items}.
   *
   * @param firstKey of four keys of items that nothing else has
   */
  byte[] rom(FirmwareConfig items, int firstKey);
}
