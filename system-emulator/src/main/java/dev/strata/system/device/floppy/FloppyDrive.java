// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.floppy;

import dev.strata.block.BlockException;
import dev.strata.block.drive.DriveDevice;
import dev.strata.block.drive.GuestDrive;
import dev.strata.block.graph.BlockBackend;
import dev.strata.system.state.StateFields;
import org.jspecify.annotations.Nullable;

/** A drive, and the disk in it. The controller locks. */
final class FloppyDrive implements DriveDevice {
  private final FloppyController controller;
  private final @Nullable GuestDrive drive;
  private final FloppyType type;
  FloppyGeometry geometry = FloppyGeometry.NONE;
  int cylinder; // where the heads are
  int lastSector = 1; // under the heads
  boolean changed = true; // until the heads have moved over the new disk

  /**
   * A drive.
   *
   * @param drive null if there is none at all
   */
  FloppyDrive(FloppyController controller, @Nullable GuestDrive drive, FloppyType type) {
    this.controller = controller;
    this.type = type;
    this.drive = drive;
    if (drive != null) {
      look();
      drive.device(this);
    }
  }

  /** What it is for, as a PC's CMOS memory has it. */
  int type() {
    return type == FloppyType.AUTOMATIC ? geometry.driveType() : type.number();
  }

  boolean isPresent() {
    return drive != null;
  }

  /** What a disk is read and written by; null if there is none. */
  @Nullable GuestDrive disk() {
    GuestDrive own = drive;
    return own == null || own.medium() == null ? null : own;
  }

  /** Whether the disk, if there is one, cannot be written. */
  boolean isProtected() {
    GuestDrive own = drive;
    BlockBackend medium = own == null ? null : own.medium();
    return medium != null && !medium.permissions().writes();
  }

  /** Moves the heads. */
  void seek(int to) {
    cylinder = to;
    changed &= disk() == null;
  }

  @Override
  public void mediumChanged() {
    synchronized (controller) {
      changed = true;
      look();
    }
  }

  @Override
  public void ejectRequested(boolean forced) {
    // Whoever wants a floppy pulls it out.
  }

  private void look() {
    GuestDrive inside = disk();
    geometry = inside == null ? FloppyGeometry.NONE : FloppyGeometry.of(inside.length());
  }

  void state(StateFields state) throws BlockException {
    cylinder = state.u8("cylinder", cylinder);
    lastSector = state.u8("last sector", lastSector);
    changed = state.flag("changed", changed);
  }
}
