// SPDX-License-Identifier: Apache-2.0
package dev.strata.system;

import dev.strata.block.BlockException;
import dev.strata.block.option.BlockOptions;
import dev.strata.system.DriveConnections.Device;
import dev.strata.system.Drives.Connection;
import dev.strata.system.Drives.Drive;
import dev.strata.system.device.floppy.FloppyType;
import dev.strata.system.machine.pc.PcMachine;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The drives that a board connects without a device being asked for, its own among them. */
final class BoardDrives {
  private static final int IDE_BUSES = 2;
  private static final int IDE_UNITS = 2;
  private static final int FLOPPIES = 2;
  private static final int DEFAULT_CD = 2; // where IDE drives are: the second channel's first

  private final CommandLine line;
  private final Drives all;
  private final DriveDevices drives;
  private final DriveConnections connections;
  private final @Nullable Drive[] floppies = new @Nullable Drive[FLOPPIES];
  private int unattached; // devices of the board

  BoardDrives(CommandLine line, Drives all, DriveDevices drives, DriveConnections connections) {
    this.line = line;
    this.all = all;
    this.drives = drives;
    this.connections = connections;
  }

  /**
   * Connects them.
   *
   * @param card names the next card that nobody has named
   */
  void connect(PcMachine machine, Supplier<String> card) throws BlockException {
    for (Drive drive : all.all()) {
      int unit = drive.place().unit();
      switch (drive.connection()) {
        case IDE -> {
          DrivePlace.require(drive, IDE_BUSES, IDE_UNITS);
          int bus = drive.place().bus();
          drives.name(drive, "ide" + bus + (drive.cd() ? "-cd" : "-hd") + unit);
          ide(bus * IDE_UNITS + unit, drive);
        }
        case FLOPPY -> {
          DrivePlace.require(drive, 1, FLOPPIES);
          String name = drives.name(drive, "floppy" + unit);
          FloppyPlace.requireNoGlobal(line, name);
          floppies[unit] = drive;
        }
        case PFLASH -> {} // the board was made with it
        case VIRTIO -> {
          drives.name(drive, "virtio" + unit);
          virtio(machine, drive, card);
        }
        case NONE -> drives.name(drive, "none" + unit); // a device asks for it
      }
    }
    if (line.defaults) {
      addDefaults(machine);
    }
    for (int number = 0; number < FLOPPIES; number++) {
      Drive drive = floppies[number];
      if (drive != null) {
        connections.floppy(
            number,
            drive,
            FloppyType.AUTOMATIC,
            DriveDevices.ofBoard(drive),
            next(),
            FloppyPlace.listing(new BlockOptions(), drives.nameOf(drive)));
      }
    }
  }

  private Device next() {
    return new Device("/machine/unattached/device[" + unattached++ + "]", null);
  }

  private void ide(int index, Drive drive) throws BlockException {
    connections.ide(index, drive, drive.cd(), DriveDevices.ofBoard(drive), next());
  }

  private void virtio(PcMachine machine, Drive drive, Supplier<String> card) throws BlockException {
    try {
      PcAssembly.requireSlot(machine, "virtio-blk-pci");
      PcMachine.Removal unused =
          connections.virtio(drive, DriveDevices.ofBoard(drive), DriveDevices.MAIN, card.get());
    } catch (BlockException e) {
      throw e.during(drive.given());
    }
  }

  /**
   * A PC has a CD drive, a floppy drive and a slot for cards if nobody has said what it is to have
   * instead. Nothing is behind the slot, whose drive devices can ask for.
   */
  private void addDefaults(PcMachine machine) throws BlockException {
    boolean chosen =
        line.hasDevice(
            DeviceModel.IDE_CD, DeviceModel.IDE_DISK, DeviceModel.SCSI_CD, DeviceModel.SCSI_DISK);
    boolean told = line.hasDevice(DeviceModel.FLOPPY) || FloppyPlace.global(line) != null;
    Drive cd =
        !chosen && machine.isIdeFree(DEFAULT_CD) ? add(Connection.IDE, true, "ide1-cd0") : null;
    if (!told && floppies[0] == null) {
      floppies[0] = add(Connection.FLOPPY, false, "floppy0");
    }
    Drive unused = add(Connection.NONE, false, "sd0");
    if (cd != null) {
      ide(DEFAULT_CD, cd);
    }
  }

  private Drive add(Connection connection, boolean cd, String name) throws BlockException {
    Drive drive = all.addEmpty(connection, cd, name);
    drives.name(drive, name);
    return drive;
  }
}
