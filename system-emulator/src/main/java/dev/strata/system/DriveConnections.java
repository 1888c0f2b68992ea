// SPDX-License-Identifier: Apache-2.0
package dev.strata.system;

import dev.strata.block.BlockException;
import dev.strata.block.drive.GuestDrive;
import dev.strata.block.drive.MediumSlot.Kind;
import dev.strata.system.Drives.Drive;
import dev.strata.system.device.floppy.FloppyType;
import dev.strata.system.machine.pc.PcMachine;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Connects drives to a machine, whoever has asked for that. */
final class DriveConnections {
  /** What a virtio device is called, on its card. */
  static final String INNER = "/virtio-backend";

  private final PcMachine machine;
  private final DriveDevices drives;

  DriveConnections(PcMachine machine, DriveDevices drives) {
    this.machine = machine;
    this.drives = drives;
  }

  /**
   * Who uses a drive.
   *
   * @param place in the tree of objects
   * @param id that the user gave the device, or null
   */
  record Device(String place, @Nullable String id) {}

  /** Connects a disk or a CD drive to an IDE place, 0 to 3. */
  void ide(int index, Drive drive, boolean cd, DiskProperties asked, Device device)
      throws BlockException {
    String serial = asked.serial() == null ? "QM0000" + (index + 1) : asked.serial();
    GuestDrive used = use(drive, asked, device, cd ? Kind.TRAY : Kind.FIXED);
    if (cd) {
      machine.addIdeCd(index, used, serial);
    } else if (drive.readOnly() && drive.image() != null) {
      // IDE has no words for a disk that cannot be written.
      throw CommandLine.error("Block node is read-only");
    } else {
      drive.requireImage();
      machine.addIdeDisk(index, used, serial);
    }
  }

  /**
   * Connects a floppy drive, 0 or 1.
   *
   * @param listing what listings say of it
   */
  void floppy(
      int index,
      Drive drive,
      FloppyType type,
      DiskProperties asked,
      Device device,
      List<String> listing)
      throws BlockException {
    machine.addFloppy(index, use(drive, asked, device, Kind.REMOVABLE), type, listing);
  }

  /**
   * Puts a virtio disk on a card.
   *
   * @param context the iothread that serves it, or {@link DriveDevices#MAIN}
   * @param card its place in the tree of objects
   */
  PcMachine.Removal virtio(Drive drive, DiskProperties asked, String context, String card)
      throws BlockException {
    drive.requireImage();
    GuestDrive disk =
        drives.use(drive, new DriveDevices.Device(card + INNER, null, Kind.FIXED, context), asked);
    String serial = asked.serial();
    return machine.addVirtioDisk(disk, drive.readOnly(), serial == null ? "" : serial);
  }

  private GuestDrive use(Drive drive, DiskProperties asked, Device device, Kind kind)
      throws BlockException {
    return drives.use(
        drive,
        new DriveDevices.Device(device.place(), device.id(), kind, DriveDevices.MAIN),
        asked);
  }
}
