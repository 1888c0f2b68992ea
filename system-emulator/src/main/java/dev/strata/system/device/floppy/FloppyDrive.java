// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.floppy;

import dev.strata.block.graph.BlockBackend;
import org.jspecify.annotations.Nullable;

/** A drive, and the disk in it. The controller locks. */
final class FloppyDrive {
  final @Nullable BlockBackend disk;
  final boolean protectedDisk;
  final FloppyGeometry geometry;
  int cylinder; // where the heads are
  int lastSector = 1; // under the heads
  boolean changed = true; // until the heads have moved over the new disk

  FloppyDrive(@Nullable BlockBackend disk, boolean protectedDisk) {
    this.disk = disk;
    this.protectedDisk = protectedDisk;
    this.geometry = disk == null ? FloppyGeometry.NONE : FloppyGeometry.of(disk.length());
  }

  /** Moves the heads. */
  void seek(int to) {
    cylinder = to;
    changed &= disk == null;
  }
}
