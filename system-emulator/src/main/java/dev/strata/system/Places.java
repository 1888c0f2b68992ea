// SPDX-License-Identifier: Apache-2.0
package dev.strata.system;

import dev.strata.block.BlockException;
import dev.strata.system.Drives.Drive;

/**
 * Where drives are connected that the board has places for: where asked, else the next free one.
 */
final class Places {
  private final String bus;
  private final boolean[] taken;
  private final int onBus;

  /**
   * Places, all free.
   *
   * @param bus what it is called
   * @param onBus how many of them are on a bus
   */
  Places(String bus, int count, int onBus) {
    this.bus = bus;
    this.taken = new boolean[count];
    this.onBus = onBus;
  }

  /** Takes the place that a drive asks for. */
  void reserve(Drive drive) throws BlockException {
    int index = drive.index();
    if (index < 0) {
      return;
    }
    if (taken[index]) {
      throw CommandLine.error(
          drive.given()
              + ": drive with bus="
              + index / onBus
              + ", unit="
              + index % onBus
              + " (index="
              + index
              + ") exists");
    }
    taken[index] = true;
  }

  /** The place of a drive, after all have reserved theirs. */
  int of(Drive drive) throws BlockException {
    if (drive.index() >= 0) {
      return drive.index();
    }
    for (int free = 0; free < taken.length; free++) {
      if (!taken[free]) {
        taken[free] = true;
        return free;
      }
    }
    throw CommandLine.error(
        drive.given()
            + ": machine type does not support if="
            + bus
            + ",bus="
            + taken.length / onBus
            + ",unit=0");
  }
}
