// SPDX-License-Identifier: Apache-2.0
package dev.strata.system;

import dev.strata.block.BlockException;
import dev.strata.block.drive.GuestDrive;
import dev.strata.block.drive.MediumSlot.Kind;
import dev.strata.block.object.ObjectRegistry;
import dev.strata.block.option.BlockOptions;
import dev.strata.monitor.command.IoThread;
import dev.strata.system.CommandLine.DeviceOption;
import dev.strata.system.Drives.Drive;
import dev.strata.system.device.scsi.LogicalUnit;
import dev.strata.system.device.scsi.ScsiBus;
import dev.strata.system.device.scsi.ScsiCd;
import dev.strata.system.device.scsi.ScsiDisk;
import dev.strata.system.device.scsi.ScsiIdentity;
import dev.strata.system.machine.pc.PcMachine;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The hosts that {@code virtio-scsi-pci} adds, and the units on their buses. */
final class ScsiBuses {
  private static final String VENDOR = "QEMU";
  private static final String VERSION = "2.5+";

  /**
   * A host's bus.
   *
   * @param id what the user calls the host, or null
   * @param context the threads that serve its units
   * @param units what the user calls them, "" if nothing; while they are there
   */
  private record Host(
      ScsiBus bus, @Nullable String id, String context, Map<LogicalUnit, Unit> units) {}

  private record Unit(String id, Devices.Removal removal) {}

  private final PcMachine machine;
  private final DriveDevices drives;
  private final ObjectRegistry objects;
  private final Map<String, Host> buses = new LinkedHashMap<>(); // by name
  private int unnamed;

  ScsiBuses(PcMachine machine, DriveDevices drives, ObjectRegistry objects) {
    this.machine = machine;
    this.drives = drives;
    this.objects = objects;
  }

  boolean has(String bus) {
    return buses.containsKey(bus);
  }

  /** Adds a host, whose bus is called after {@code id}: how it is taken out again. */
  Devices.Removal addHost(DeviceOption device, @Nullable String id, BlockOptions properties)
      throws BlockException {
    IoThread thread = null;
    String threadName = properties.takeString("iothread");
    PcAssembly.rejectOthers(device, properties);
    if (threadName != null) {
      thread = thread(objects, threadName);
    }
    String name = id == null ? "scsi." + unnamed++ : id + ".0";
    PcMachine.ScsiCard card = machine.addScsiHost(name);
    var host =
        new Host(
            card.bus(),
            id,
            threadName == null ? DriveDevices.MAIN : threadName,
            new LinkedHashMap<>());
    buses.put(name, host);
    IoThread used = thread;
    if (used != null) {
      used.use();
    }
    return () -> {
      for (Unit unit : List.copyOf(host.units().values())) {
        unit.removal().run();
      }
      buses.remove(name);
      card.removal().run();
      if (used != null) {
        used.leave();
      }
    };
  }

  /** The iothread of that name. */
  static IoThread thread(ObjectRegistry objects, String name) throws BlockException {
    if (objects.find(name) instanceof IoThread found) {
      return found;
    }
    throw CommandLine.error("Device '" + name + "' not found");
  }

  /** What a unit's properties say of who it is; null where nothing is said. */
  private record Names(
      @Nullable String vendor,
      @Nullable String product,
      @Nullable String version,
      @Nullable String deviceId,
      long wwn,
      long portWwn,
      int portIndex) {
    static Names of(BlockOptions properties) throws BlockException {
      return new Names(
          properties.takeString("vendor"),
          properties.takeString("product"),
          properties.takeString("ver"),
          properties.takeString("device_id"),
          whole(properties, "wwn"),
          whole(properties, "port_wwn"),
          PcAssembly.number(properties, "port_index", 0));
    }

    private static long whole(BlockOptions properties, String name) throws BlockException {
      String text = properties.takeString(name);
      if (text == null) {
        return 0;
      }
      try {
        return text.startsWith("0x") || text.startsWith("0X")
            ? Long.parseUnsignedLong(text.substring(2), 16)
            : Long.parseUnsignedLong(text);
      } catch (NumberFormatException e) {
        throw CommandLine.error("Parameter '" + name + "' expects integer");
      }
    }

    ScsiIdentity identity(String kind, @Nullable String serial, String drive, int rotation) {
      String known = deviceId != null ? deviceId : serial != null ? serial : drive;
      return new ScsiIdentity(
          vendor == null ? VENDOR : vendor,
          product == null ? kind : product,
          version == null ? VERSION : version,
          serial == null ? "" : serial,
          known,
          wwn,
          portWwn,
          portIndex,
          rotation);
    }
  }

  /** Adds a unit: how it is taken away again. */
  Devices.Device addUnit(
      DeviceOption device, String place, @Nullable String id, BlockOptions properties, boolean cd)
      throws BlockException {
    String kind = cd ? "scsi-cd" : "scsi-hd";
    DiskProperties asked = drives.properties(properties);
    String bus = properties.takeString("bus");
    int channel = address(properties, "channel", 0);
    int target = address(properties, "scsi-id", ScsiBus.ANY);
    int number = address(properties, "lun", ScsiBus.ANY);
    Names names = Names.of(properties);
    int rotation = cd ? 0 : PcAssembly.number(properties, "rotation_rate", 0);
    boolean tellsForce = !cd && DiskProperties.onOff(properties, "dpofua", false);
    PcAssembly.rejectOthers(device, properties);
    if (!cd && asked.drive() == null) {
      throw CommandLine.error("drive property not set");
    }
    Host host = host(kind, bus);
    int[] at = host.bus().free(channel, target, number);
    LogicalUnit there = host.bus().at(at[0], at[1]);
    if (there != null) {
      Unit known = host.units().get(there);
      String called = known == null || known.id().isEmpty() ? "(null)" : known.id();
      throw CommandLine.error("lun already used by '" + called + "'");
    }
    Drive drive =
        asked.drive() == null
            ? drives.empty(device.given(), true)
            : drives.find(device.given(), asked, !cd);
    if (drive == null) {
      throw CommandLine.error(
          "Property '" + kind + ".drive' can't find value '" + asked.drive() + "'");
    }
    if (!cd) {
      drive.requireImage();
    }
    GuestDrive used;
    try {
      used =
          drives.use(
              drive,
              new DriveDevices.Device(place, id, cd ? Kind.TRAY : Kind.FIXED, host.context()),
              asked);
    } catch (BlockException e) {
      drives.giveUp(drive);
      throw e;
    }
    ScsiIdentity identity =
        names.identity(
            cd ? "QEMU CD-ROM" : "QEMU HARDDISK", asked.serial(), drives.nameOf(drive), rotation);
    LogicalUnit unit =
        cd
            ? new ScsiCd(used, identity)
            : new ScsiDisk(used, identity, drive.readOnly(), tellsForce);
    PcMachine.Removal removal = machine.addScsiUnit(host.bus(), kind, at[0], at[1], unit);
    Devices.Removal whole =
        () -> {
          if (host.units().remove(unit) != null) {
            removal.run();
            drives.release(drive);
          }
        };
    host.units().put(unit, new Unit(id == null ? "" : id, whole));
    return new Devices.Device(place, host.id(), null, "", Devices.Leave.NOW, whole);
  }

  private static int address(BlockOptions properties, String name, int otherwise)
      throws BlockException {
    int value = PcAssembly.number(properties, name, otherwise);
    if (value < -1) {
      throw CommandLine.error("Parameter '" + name + "' expects uint32_t");
    }
    return value;
  }

  private Host host(String kind, @Nullable String name) throws BlockException {
    if (name != null) {
      Host named = buses.get(name);
      if (named == null) {
        throw CommandLine.error(
            name.startsWith("ide.")
                ? "Device '" + kind + "' can't go on IDE bus"
                : "Bus '" + name + "' not found");
      }
      return named;
    }
    Host last = null;
    for (Host each : buses.values()) {
      last = each; // as in the reference, the one that was made last
    }
    if (last == null) {
      throw CommandLine.error("No 'SCSI' bus found for device '" + kind + "'");
    }
    return last;
  }
}
