// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine.pc;

import dev.strata.block.BlockException;
import dev.strata.block.drive.DriveSettings;
import dev.strata.block.drive.GuestDrive;
import dev.strata.block.drive.MediumSlot.Kind;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.driver.Permission;
import dev.strata.block.driver.Permissions;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockGraph;
import dev.strata.block.graph.DriverRegistry;
import dev.strata.block.graph.OpenGate;
import dev.strata.block.graph.OpenRequest;
import dev.strata.block.object.ObjectRegistry;
import dev.strata.block.option.BlockOptions;
import dev.strata.system.device.floppy.FloppyType;
import dev.strata.system.device.scsi.ScsiBus;
import dev.strata.system.device.scsi.ScsiCd;
import dev.strata.system.device.scsi.ScsiDisk;
import dev.strata.system.device.scsi.ScsiIdentity;
import dev.strata.system.device.timer.TimeSource;
import dev.strata.system.device.virtio.ConsoleDevice;
import dev.strata.system.log.EventLog;
import dev.strata.system.machine.Accelerator;
import dev.strata.system.machine.Actions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A PC whose ports and memory a test drives, with an IDE disk, a CD, and a virtio disk of 1 MiB
 * each, an empty CD drive, a VGA, a source of bytes that are all 5Eh, a card and a port for panics,
 * a printer, a virtio console with a port beside it, and a balloon.
 */
final class Board implements AutoCloseable {
  final IdleProcessor processor = new IdleProcessor();
  private static final ScsiIdentity NAMES =
      new ScsiIdentity("QEMU", "DISK", "2.5+", "", "", 0, 0, 0, 0);

  final PcMachine machine;
  final BlockBackend ideDisk;
  final BlockBackend cd;
  final BlockBackend floppy;
  final BlockBackend virtioDisk;
  final BlockBackend scsiDisk;
  final GuestDrive scsiDrive;
  final ScsiBus scsi;
  final PcMachine.Removal scsiRemoval;
  final GuestDrive cdDrive;
  final GuestDrive floppyDrive;
  final Tape printer = new Tape();
  final Tape console = new Tape();
  final Tape port = new Tape();
  private final BlockGraph graph;
  private boolean ended;

  /** A board in time that passes. */
  Board(Path folder) throws IOException {
    this(folder, Accelerator.TCG);
  }

  Board(Path folder, Accelerator accelerator) throws IOException {
    graph = new BlockGraph(DriverRegistry.load(), new ObjectRegistry(), line -> {});
    ideDisk = disk(folder.resolve("ide.raw"), 1 << 20);
    cd = disk(folder.resolve("cd.iso"), 1 << 20);
    floppy = disk(folder.resolve("floppy.img"), 1440 << 10);
    virtioDisk = disk(folder.resolve("virtio.raw"), 1 << 20);
    cdDrive = drive(cd, Kind.TRAY);
    floppyDrive = drive(floppy, Kind.REMOVABLE);
    var configuration =
        new PcConfiguration(
            PcIdentity.DEFAULT,
            4 << 20,
            "idle",
            "bios",
            new byte[0x20000],
            List.of(),
            List.of(),
            printer,
            0x505,
            false,
            Actions.DEFAULT,
            PcBoot.DEFAULT,
            true,
            true,
            TimeSource.VIRTUAL,
            LocalDateTime.of(2024, 2, 29, 23, 59, 58),
            EventLog.unread());
    machine = new PcMachine(configuration, processor, () -> "idle", accelerator);
    machine.addIdeDisk(0, drive(ideDisk, Kind.FIXED), "QM00001");
    machine.addIdeCd(2, cdDrive, "QM00003");
    machine.addIdeCd(3, drive(null, Kind.TRAY), "QM00004");
    machine.addFloppy(0, floppyDrive, FloppyType.AUTOMATIC, List.of());
    machine.addVirtioDisk(drive(virtioDisk, Kind.FIXED), false, "serial");
    machine.addVga(new byte[] {0x55, (byte) 0xaa, 1});
    machine.addEntropy(bytes -> Arrays.fill(bytes, (byte) 0x5e));
    machine.addPanic();
    ConsoleDevice consoles = machine.addConsoles(ConsoleDevice.MOST_PORTS, "virtio-serial-bus.0");
    machine.addConsolePort(consoles, -1, true, "", console);
    machine.addConsolePort(consoles, -1, false, "org.strata.port", port);
    machine.addBalloon();
    scsiDisk = disk(folder.resolve("scsi.raw"), 1 << 20);
    scsiDrive = drive(scsiDisk, Kind.FIXED);
    scsi = machine.addScsiHost("scsi.0").bus();
    scsiRemoval =
        machine.addScsiUnit(scsi, "scsi-hd", 0, 0, new ScsiDisk(scsiDrive, NAMES, false, false));
    machine.addScsiUnit(scsi, "scsi-cd", 3, 300, new ScsiCd(drive(null, Kind.TRAY), NAMES));
    machine.resetBoard();
  }

  private BlockBackend disk(Path path, int length) throws IOException {
    Files.write(path, new byte[length]);
    var node =
        graph.open(
            OpenRequest.of(
                path.toString(),
                BlockOptions.of("driver", "raw"),
                NodeFlags.READ_ONLY.withWritable(true),
                OpenGate.DENY));
    return graph.use(
        node,
        "",
        new Permissions(
            EnumSet.of(Permission.CONSISTENT_READ, Permission.WRITE),
            EnumSet.allOf(Permission.class)));
  }

  private static GuestDrive drive(@Nullable BlockBackend medium, Kind kind) {
    var drive = new GuestDrive("", DriveSettings.DEFAULT, medium, System::nanoTime);
    drive.use(new GuestDrive.User("", null, kind, null));
    return drive;
  }

  /** Reads physical memory. */
  long read(long address, int bytes) {
    return machine.memory().read(address, bytes);
  }

  /** Writes physical memory. */
  void write(long address, int bytes, long value) {
    machine.memory().write(address, bytes, value);
  }

  int in(int port, int bytes) {
    return (int) machine.ports().read(port, bytes);
  }

  void out(int port, int bytes, long value) {
    machine.ports().write(port, bytes, value);
  }

  /** Reads configuration of a function on the bus. */
  int configuration(int slot, int function, int register) {
    out(0xcf8, 4, 0x80000000L | slot << 11 | function << 8 | register);
    return in(0xcfc, 4);
  }

  void configure(int slot, int function, int register, int bytes, long value) {
    out(0xcf8, 4, 0x80000000L | slot << 11 | function << 8 | (register & 0xfc));
    out(0xcfc + (register & 3), bytes, value);
  }

  /** Ends the machine before the board is closed. */
  void end() {
    machine.close();
    ended = true;
  }

  @Override
  public void close() throws BlockException {
    if (!ended) {
      machine.close();
    }
    graph.close();
  }
}
