// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine.pc;

import dev.strata.system.device.flash.FlashChip;
import dev.strata.system.device.flash.FlashImage;
import dev.strata.system.device.pci.PciFunction;
import dev.strata.system.device.scsi.ScsiBus;
import dev.strata.system.device.virtio.ConsoleDevice;
import dev.strata.system.machine.DeviceBus;
import dev.strata.system.machine.DeviceNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A PC's devices by the buses that they are on, for listings. */
final class PcTree {
  private final DeviceBus system = new DeviceBus("main-system-bus", "System");
  private final DeviceBus pci;
  private final DeviceBus isa;
  private final DeviceBus[] ide = new DeviceBus[2];
  private final DeviceBus floppies;
  private final Map<ConsoleDevice, DeviceBus> consoles = new HashMap<>();
  private final Map<ScsiBus, DeviceBus> scsi = new HashMap<>();
  private DeviceNode last;
  private @Nullable PciFunction lastCard;

  PcTree(boolean hpet) {
    system.add("fw_cfg_io");
    pci = system.add("i440FX-pcihost").bus("pci.0", "PCI");
    system.add("ioapic");
    if (hpet) {
      system.add("hpet");
    }
    pci.add("i440FX", "addr = 00.0");
    isa = pci.add("PIIX3", "addr = 01.0").bus("isa.0", "ISA");
    DeviceNode channels = pci.add("piix3-ide", "addr = 01.1");
    ide[0] = channels.bus("ide.0", "IDE");
    ide[1] = channels.bus("ide.1", "IDE");
    pci.add("PIIX4_PM", "addr = 01.3");
    isa.add("i8257");
    isa.add("i8257");
    isa.add("isa-i8259");
    isa.add("isa-i8259");
    isa.add("mc146818rtc");
    isa.add("isa-pit");
    floppies =
        isa.add(
                "isa-fdc",
                "iobase = 1008 (0x3f0)",
                "irq = 6 (0x6)",
                "dma = 2 (0x2)",
                "fdtypeA = \"auto\"",
                "fdtypeB = \"auto\"",
                "fallback = \"288\"")
            .bus("floppy-bus.0", "floppy-bus");
    isa.add("i8042");
    last = isa.add("port92");
  }

  /** A chip at ports; no interrupt if its number is negative. */
  synchronized void isa(String model, int port, int interrupt) {
    String base = "iobase = " + port + " (0x" + Integer.toHexString(port) + ")";
    added(
        interrupt < 0
            ? isa.add(model, base)
            : isa.add(
                model, base, "irq = " + interrupt + " (0x" + Integer.toHexString(interrupt) + ")"));
  }

  /** A flash chip at an address. */
  synchronized void flash(String name, FlashImage image, long base) {
    int size = image.content().length;
    int sectors = size / FlashChip.SECTOR;
    system.add(
        "cfi.pflash01",
        "drive = \"" + image.drive().name() + "\"",
        "num-blocks = " + sectors + " (0x" + Integer.toHexString(sectors) + ")",
        "sector-length = 4096 (0x1000)",
        "width = 1 (0x1)",
        "name = \"" + name + "\"",
        "mmio %016x/%016x".formatted(base, size));
  }

  synchronized void ide(int index, String model) {
    added(ide[index / 2].add(model, "unit = " + index % 2));
  }

  /**
   * A floppy drive.
   *
   * @param properties beside its place and its type
   */
  synchronized void floppy(int number, List<String> properties, String type) {
    var all = new ArrayList<String>();
    all.add("unit = %d (0x%x)".formatted(number, number));
    all.addAll(properties);
    all.add("drive-type = \"" + type + "\"");
    added(floppies.add("floppy", all.toArray(String[]::new)));
  }

  synchronized DeviceNode card(int slot, String model, PciFunction card) {
    added(pci.add(model, "addr = %02x.0".formatted(slot)));
    lastCard = card;
    return last;
  }

  synchronized void consoles(ConsoleDevice device, DeviceBus bus) {
    consoles.put(device, bus);
  }

  /** A SCSI bus is on a card. */
  synchronized void scsi(ScsiBus bus, DeviceNode card, String name) {
    scsi.put(bus, card.bus(name, "SCSI"));
  }

  /** A unit on such a bus. */
  synchronized DeviceNode unit(ScsiBus on, String model, int target, int number) {
    DeviceBus bus = scsi.get(on);
    if (bus == null) {
      throw new IllegalArgumentException("a bus that is not on the tree");
    }
    added(bus.add(model, "channel = 0", "scsi-id = " + target, "lun = " + number));
    return last;
  }

  /** Something is there no more. */
  synchronized void remove(DeviceNode device) {
    if (!pci.remove(device)) {
      scsi.values().forEach(bus -> bus.remove(device));
    }
  }

  /** A port of consoles that are on the tree. */
  synchronized void port(ConsoleDevice on, String model, int number, String name) {
    DeviceBus bus = consoles.get(on);
    if (bus != null) {
      added(bus.add(model, "nr = " + number, "name = \"" + name + "\""));
    }
  }

  private void added(DeviceNode device) {
    last = device;
    lastCard = null;
  }

  /** What was added last is called so. */
  synchronized void identify(String id) {
    last.id(id);
    PciFunction card = lastCard;
    if (card != null) {
      card.identify(id);
    }
  }

  synchronized String describe() {
    return system.describe();
  }
}
