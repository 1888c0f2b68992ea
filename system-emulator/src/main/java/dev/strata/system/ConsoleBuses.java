// SPDX-License-Identifier: Apache-2.0
package dev.strata.system;

import dev.strata.block.BlockException;
import dev.strata.block.option.BlockOptions;
import dev.strata.system.CommandLine.DeviceOption;
import dev.strata.system.chardev.Line;
import dev.strata.system.device.virtio.ConsoleDevice;
import dev.strata.system.machine.pc.PcMachine;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The cards that {@code virtio-serial-pci} adds, and the ports on them. */
final class ConsoleBuses {
  private static final int ANY = -1; // of a port's number
  private static final String BUS = "virtio-serial-bus";

  private final Lines lines;
  private final Map<String, ConsoleDevice> buses = new LinkedHashMap<>(); // by name

  ConsoleBuses(Lines lines) {
    this.lines = lines;
  }

  /** Adds a card, whose bus is called after {@code id}. */
  void addCard(PcMachine machine, DeviceOption device, @Nullable String id, BlockOptions properties)
      throws BlockException {
    int most = PcAssembly.number(properties, "max_ports", ConsoleDevice.MOST_PORTS);
    PcAssembly.rejectOthers(device, properties);
    if (most == 0) {
      throw CommandLine.error("Maximum number of serial ports not specified");
    }
    if (most < 0 || most > ConsoleDevice.MOST_PORTS) {
      throw CommandLine.error("maximum ports supported: " + ConsoleDevice.MOST_PORTS);
    }
    String name = id == null ? BUS + "." + buses.size() : id + ".0";
    buses.put(name, machine.addConsoles(most, name));
  }

  /** Adds a port. */
  void addPort(PcMachine machine, DeviceOption device, boolean console, BlockOptions properties)
      throws BlockException {
    String bus = properties.takeString("bus");
    String line = properties.takeString("chardev");
    String name = properties.takeString("name");
    int number = PcAssembly.number(properties, "nr", ANY);
    PcAssembly.rejectOthers(device, properties);
    if (number < 0 && number != ANY) {
      throw CommandLine.error("Parameter 'nr' expects uint32_t");
    }
    if (line != null && !lines.has(line)) {
      throw CommandLine.error(
          "Property '" + device.kind() + ".chardev' can't find value '" + line + "'");
    }
    Line outer = line == null ? Line.nowhere() : lines.to(line);
    machine.addConsolePort(
        bus(device.kind(), bus, console), number, console, name == null ? "" : name, outer);
  }

  private ConsoleDevice bus(String kind, @Nullable String name, boolean console)
      throws BlockException {
    if (name != null) {
      ConsoleDevice named = buses.get(name);
      if (named == null) {
        throw CommandLine.error("Bus '" + name + "' not found");
      }
      return named;
    }
    ConsoleDevice last = null;
    for (ConsoleDevice bus : buses.values()) {
      last = bus;
      if (bus.hasRoom(console)) {
        return bus;
      }
    }
    if (last == null) {
      throw CommandLine.error("No '" + BUS + "' bus found for device '" + kind + "'");
    }
    return last; // which says that it is full
  }
}
