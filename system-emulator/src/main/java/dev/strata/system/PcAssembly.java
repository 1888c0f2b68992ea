// SPDX-License-Identifier: Apache-2.0
package dev.strata.system;

import dev.strata.block.BlockException;
import dev.strata.block.object.ObjectRegistry;
import dev.strata.block.option.BlockOptions;
import dev.strata.monitor.command.IoThread;
import dev.strata.system.CommandLine.DeviceOption;
import dev.strata.system.DriveConnections.Device;
import dev.strata.system.Drives.Drive;
import dev.strata.system.chardev.Line;
import dev.strata.system.cpu.Architecture;
import dev.strata.system.cpu.CpuModel;
import dev.strata.system.device.debug.PanicRegister;
import dev.strata.system.device.flash.FlashImage;
import dev.strata.system.device.floppy.FloppyType;
import dev.strata.system.device.virtio.EntropySource;
import dev.strata.system.log.EventLog;
import dev.strata.system.machine.pc.PcConfiguration;
import dev.strata.system.machine.pc.PcMachine;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Makes a PC of a command line. */
final class PcAssembly {
  private static final int MOST_PORTS = 4;
  private static final int DEBUG_CONSOLE_PORT = 0xe9;

  private final CommandLine line;
  private final Drives all;
  private final Lines lines;
  private final ObjectRegistry objects;
  private final ConsoleBuses consoles;
  private final EventLog log;
  private final Consumer<String> warnings;
  private final DriveDevices drives;
  private final Devices devices = new Devices();
  private int anonymous; // cards without an id
  private @Nullable PcMachine machine; // once it is made
  private @Nullable DriveConnections connections; // once the machine is there
  private @Nullable ScsiBuses scsi; // once there is a host

  PcAssembly(
      CommandLine line,
      Drives drives,
      Lines lines,
      ObjectRegistry objects,
      EventLog log,
      Consumer<String> warnings) {
    this.line = line;
    this.all = drives;
    this.drives = new DriveDevices(drives);
    this.lines = lines;
    this.objects = objects;
    this.log = log;
    this.warnings = warnings;
    consoles = new ConsoleBuses(lines);
  }

  /** The devices that have names. */
  Devices devices() {
    return devices;
  }

  /** The drives that devices use. */
  DriveDevices drives() {
    return drives;
  }

  /** Adds a device while the machine runs. One at a time. */
  void plug(DeviceOption device) throws BlockException {
    add(Objects.requireNonNull(machine), device, new FirmwareFiles(line.firmwareFolders));
  }

  /**
   * Makes the board.
   *
   * @param serial what the serial ports lead to
   */
  PcMachine assemble(Architecture architecture, CpuModel model, List<Line> serial)
      throws BlockException {
    if (serial.size() > MOST_PORTS) {
      throw CommandLine.error("a PC has four serial ports at most");
    }
    var firmware = new FirmwareFiles(line.firmwareFolders);
    List<FlashImage> flash = new FlashDrives(all, drives).images(line.flash);
    var configuration =
        new PcConfiguration(
            line.identity.identity(),
            line.memory,
            model.name(),
            line.bios,
            flash.isEmpty() ? firmware.bios(line.bios) : flash.getFirst().content(),
            flash,
            serial,
            parallel(),
            panicPort(),
            !line.graphics,
            line.actions,
            line.boot.of(KernelFiles.of(line, warnings), firmware),
            line.systemManagement,
            line.hpet,
            line.clock.source(),
            line.clock.start(),
            log);
    var machine = new PcMachine(configuration, architecture, model, line.accelerator());
    try {
      if (wantsVga()) {
        machine.addVga(firmware.vgaBios());
      }
      connections = new DriveConnections(machine, drives);
      new BoardDrives(line, all, drives, connections).connect(machine, () -> place(null));
      for (DeviceOption device : line.devices) {
        try {
          requireNewId(device);
          add(machine, device, firmware);
        } catch (BlockException e) {
          throw e.during(device.given());
        }
      }
      addDebugConsole(machine);
      for (var item : line.boot.items()) {
        if (!machine.addFirmwareFile(item.name(), item.content())) {
          throw CommandLine.error(item.given() + ": duplicate fw_cfg file name: " + item.name());
        }
      }
      this.machine = machine;
      return machine;
    } catch (BlockException e) {
      machine.close();
      throw e;
    }
  }

  private void requireNewId(DeviceOption device) throws BlockException {
    String id = device.properties().string("id");
    if (id != null && devices.has(id)) {
      throw CommandLine.error("Duplicate ID '" + id + "' for device");
    }
  }

  /** A PC has a display adapter if nobody has said otherwise. */
  private boolean wantsVga() {
    return switch (line.vga) {
      case STANDARD -> true;
      case NONE -> false;
      case DEFAULT -> line.defaults && !line.hasDevice(DeviceModel.VGA);
    };
  }

  /** A PC has a parallel port if nobody has said otherwise. */
  private @Nullable Line parallel() throws BlockException {
    String name = line.parallel;
    if (name == null) {
      return line.defaults ? Line.nowhere() : null;
    }
    return lines.byName("-parallel", "parallel0", name);
  }

  /** The port of {@code -device pvpanic}, or 0: firmware's tables tell it, which come first. */
  private int panicPort() throws BlockException {
    int port = 0;
    for (DeviceOption device : line.devices) {
      if (DeviceModel.named(device.kind()) == DeviceModel.PANIC_PORT) {
        try {
          BlockOptions properties = device.properties().copy();
          properties.remove("id");
          if (port != 0) {
            throw CommandLine.error("duplicate fw_cfg file name: etc/pvpanic-port");
          }
          port = number(properties, "ioport", PanicRegister.PORT);
          rejectOthers(device, properties);
          requirePorts(port, 1);
        } catch (BlockException e) {
          throw e.during(device.given());
        }
      }
    }
    return port;
  }

  static int number(BlockOptions properties, String name, int otherwise) throws BlockException {
    String text = properties.takeString(name);
    if (text == null) {
      return otherwise;
    }
    try {
      return Integer.decode(text);
    } catch (NumberFormatException e) {
      throw CommandLine.error("Parameter '" + name + "' expects integer");
    }
  }

  private void add(PcMachine machine, DeviceOption device, FirmwareFiles firmware)
      throws BlockException {
    BlockOptions properties = device.properties().copy();
    String id = properties.takeString("id");
    String place = place(id);
    DeviceModel model = DeviceModel.named(device.kind());
    Devices.Device added = Devices.Device.fixed(place, model == null ? "" : model.busName());
    switch (model) {
      case DEBUG_EXIT -> {
        int base = number(properties, "iobase", 0x501);
        int size = number(properties, "iosize", 2);
        rejectOthers(device, properties);
        requirePorts(base, size);
        machine.addDebugExit(base, size);
      }
      case DEBUG_CONSOLE -> {
        int base = number(properties, "iobase", DEBUG_CONSOLE_PORT);
        String line = properties.takeString("chardev");
        rejectOthers(device, properties);
        requirePorts(base, 1);
        if (line == null || !lines.has(line)) {
          throw CommandLine.error(
              line == null
                  ? "Can't create debugcon device, empty char device"
                  : "Property 'isa-debugcon.chardev' can't find value '" + line + "'");
        }
        machine.addDebugConsole(base, lines.to(line));
      }
      case VGA -> {
        rejectOthers(device, properties);
        requireSlot(machine, device.kind());
        if (machine.hasVga()) {
          throw CommandLine.error("a PC has one display adapter at most");
        }
        machine.addVga(firmware.vgaBios());
      }
      case ENTROPY -> {
        String name = properties.takeString("rng");
        rejectOthers(device, properties);
        EntropySource source = EntropyObject.builtin();
        if (name != null) {
          if (!(objects.find(name) instanceof EntropyObject found)) {
            throw CommandLine.error("Device '" + name + "' not found");
          }
          source = found.source();
        }
        requireSlot(machine, device.kind());
        machine.addEntropy(source);
      }
      case PANIC -> {
        rejectOthers(device, properties);
        requireSlot(machine, device.kind());
        machine.addPanic();
      }
      case PANIC_PORT -> {
        return; // the board has it
      }
      case CONSOLES -> {
        requireSlot(machine, device.kind());
        consoles.addCard(machine, device, id, properties);
      }
      case CONSOLE -> consoles.addPort(machine, device, true, properties);
      case SERIAL_PORT -> consoles.addPort(machine, device, false, properties);
      case BALLOON -> {
        rejectOthers(device, properties);
        requireSlot(machine, device.kind());
        if (machine.balloon() != null) {
          throw CommandLine.error("Only one balloon device is supported");
        }
        machine.addBalloon();
      }
      case VIRTIO_DISK -> added = addVirtio(device, properties, machine, place);
      case IDE_DISK, IDE_CD, FLOPPY -> addDrive(device, properties, machine, place, id);
      case SCSI_HOST -> {
        requireSlot(machine, device.kind());
        Devices.Removal removal = scsi(machine).addHost(device, id, properties);
        added =
            new Devices.Device(
                place,
                null,
                place + DriveConnections.INNER,
                model.busName(),
                Devices.Leave.AT_RESET,
                removal);
      }
      case SCSI_DISK, SCSI_CD -> {
        boolean cd = model == DeviceModel.SCSI_CD;
        added = scsi(machine).addUnit(device, place, id, properties, cd);
      }
      case null ->
          throw CommandLine.error("'" + device.kind() + "' is not a valid device model name");
    }
    if (id != null) {
      machine.identify(id);
      devices.put(id, added);
    }
  }

  private DriveConnections connections() {
    return Objects.requireNonNull(connections);
  }

  private ScsiBuses scsi(PcMachine machine) {
    ScsiBuses made = scsi;
    if (made == null) {
      made = new ScsiBuses(machine, drives, objects);
      scsi = made;
    }
    return made;
  }

  private Devices.Device addVirtio(
      DeviceOption device, BlockOptions properties, PcMachine machine, String place)
      throws BlockException {
    DiskProperties asked = drives.properties(properties);
    String threadName = properties.takeString("iothread");
    rejectOthers(device, properties);
    IoThread thread = threadName == null ? null : ScsiBuses.thread(objects, threadName);
    Drive drive = required(device, asked, "virtio-blk-device", true);
    requireSlot(machine, device.kind());
    PcMachine.Removal removal;
    try {
      removal = connections().virtio(drive, asked, DriveDevices.MAIN, place);
    } catch (BlockException e) {
      drives.giveUp(drive);
      throw e;
    }
    if (thread != null) {
      thread.use();
    }
    return new Devices.Device(
        place,
        null,
        place + DriveConnections.INNER,
        DeviceModel.VIRTIO_DISK.busName(),
        Devices.Leave.AT_RESET,
        () -> {
          removal.run();
          drives.release(drive);
          if (thread != null) {
            thread.leave();
          }
        });
  }

  /** The drive that a device asks for, which is there. */
  private Drive required(DeviceOption device, DiskProperties asked, String name, boolean writes)
      throws BlockException {
    if (asked.drive() == null) {
      throw CommandLine.error("drive property not set");
    }
    Drive drive = drives.find(device.given(), asked, writes);
    if (drive == null) {
      throw CommandLine.error(
          "Property '" + name + ".drive' can't find value '" + asked.drive() + "'");
    }
    return drive;
  }

  /** Where a card is in the tree of objects. */
  private String place(@Nullable String id) {
    return id == null
        ? "/machine/peripheral-anon/device[" + anonymous++ + "]"
        : "/machine/peripheral/" + id;
  }

  private void addDrive(
      DeviceOption device,
      BlockOptions properties,
      PcMachine machine,
      String place,
      @Nullable String deviceId)
      throws BlockException {
    DeviceModel model = DeviceModel.named(device.kind());
    if (model == DeviceModel.FLOPPY) {
      addFloppy(device, properties, machine, place, deviceId);
      return;
    }
    boolean cd = model == DeviceModel.IDE_CD;
    DiskProperties asked = drives.properties(properties);
    IdePlace ide = IdePlace.of(properties);
    rejectOthers(device, properties);
    Drive drive =
        asked.drive() == null && cd
            ? drives.empty(device.given(), cd)
            : required(device, asked, device.kind(), !cd);
    try {
      connections().ide(ide.on(machine), drive, cd, asked, new Device(place, deviceId));
    } catch (BlockException e) {
      drives.giveUp(drive);
      throw e;
    }
  }

  private void addFloppy(
      DeviceOption device,
      BlockOptions properties,
      PcMachine machine,
      String place,
      @Nullable String deviceId)
      throws BlockException {
    String global = FloppyPlace.global(line);
    if (global != null) {
      FloppyPlace.requireNoGlobal(line, properties.string("drive"));
      properties.put("drive", global);
    }
    BlockOptions given = properties.copy();
    FloppyType type = FloppyPlace.type(properties);
    DiskProperties.blockSizes(properties, "floppy");
    DiskProperties asked = drives.properties(properties);
    int unit = number(properties, "unit", -1);
    String bus = properties.takeString("bus");
    rejectOthers(device, properties);
    Drive drive = floppyDrive(device, asked, global);
    try {
      int index = FloppyPlace.on(machine, bus, unit);
      String name = asked.drive() == null ? "" : asked.drive();
      List<String> listing = FloppyPlace.listing(given, name);
      connections().floppy(index, drive, type, asked, new Device(place, deviceId), listing);
    } catch (BlockException e) {
      drives.giveUp(drive);
      throw e;
    }
  }

  private Drive floppyDrive(DeviceOption device, DiskProperties asked, @Nullable String global)
      throws BlockException {
    if (asked.drive() == null) {
      return drives.empty(device.given(), false);
    }
    try {
      return required(device, asked, device.kind(), true);
    } catch (BlockException e) {
      throw global == null
          ? e
          : e.during("can't apply global " + FloppyPlace.GLOBAL + "=" + global);
    }
  }

  static void requireSlot(PcMachine machine, String kind) throws BlockException {
    if (!machine.hasFreeSlot()) {
      throw CommandLine.error(
          "PCI: no slot/function available for " + kind + ", all in use or reserved");
    }
  }

  private static void requirePorts(int base, int size) throws BlockException {
    if (base < 0 || size < 1 || size > 8 || base > 0x10000 - size) {
      throw CommandLine.error("ports " + base + "+" + size + " are not on a PC");
    }
  }

  static void rejectOthers(DeviceOption device, BlockOptions properties) throws BlockException {
    for (String name : properties.names()) {
      throw CommandLine.error("Property '" + device.kind() + "." + name + "' not found");
    }
  }

  private void addDebugConsole(PcMachine machine) throws BlockException {
    String name = line.debugConsole;
    if (name == null) {
      return;
    }
    Line output = lines.byName("-debugcon", "debugcon", name);
    String base = line.globals.get("isa-debugcon.iobase");
    var properties = new BlockOptions();
    if (base != null) {
      properties.put("iobase", base);
    }
    int port = number(properties, "iobase", DEBUG_CONSOLE_PORT);
    requirePorts(port, 1);
    if (output != null) {
      machine.addDebugConsole(port, output);
    }
  }
}
