// SPDX-License-Identifier: Apache-2.0
package dev.strata.system;

import dev.strata.block.BlockException;
import dev.strata.system.Drives.Drive;
import java.util.HashSet;
import java.util.Set;

/** Numbers of drives that wait for a device, which are called by them. */
final class LooseDrives {
  private final Set<Integer> taken = new HashSet<>();

  /** What a drive is called if it has no name; each is asked for once, in the user's order. */
  String nameOf(Drive drive) throws BlockException {
    int number = drive.index();
    if (number < 0) {
      number = 0;
      while (taken.contains(number)) {
        number++;
      }
    }
    if (!taken.add(number)) {
      throw CommandLine.error(
          drive.given() + ": drive with bus=0, unit=" + number + " (index=" + number + ") exists");
    }
    return "none" + number;
  }
}
