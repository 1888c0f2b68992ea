// SPDX-License-Identifier: Apache-2.0
package dev.strata.system;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.json.JsonObject;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.OptionString;
import dev.strata.monitor.qmp.QmpEvents;
import dev.strata.system.CommandLine.DeviceOption;
import dev.strata.system.hmp.MonitorSubject;
import dev.strata.system.machine.pc.PcMachine;
import dev.strata.system.qmp.DeviceCommands;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Devices that come and go while a PC runs. Units of a SCSI bus leave at once; cards leave when the
 * machine is reset, for the guest is not asked. Thread-safe.
 */
final class HotPlug implements DeviceCommands.Slots, MonitorSubject.Devices {
  private static final String PERIPHERALS = "/machine/peripheral/";

  private final PcAssembly assembly;
  private final PcMachine machine;
  private final QmpEvents events;
  private final Consumer<String> errors;
  private final Set<String> leaving = new TreeSet<>(); // guarded by this
  private final Deque<JsonObject> untold = new ArrayDeque<>(); // guarded by this

  /**
   * Of a PC.
   *
   * @param errors hears of what fails when nobody waits for an answer
   */
  HotPlug(PcAssembly assembly, PcMachine machine, QmpEvents events, Consumer<String> errors) {
    this.assembly = assembly;
    this.machine = machine;
    this.events = events;
    this.errors = errors;
  }

  @Override
  public void plug(String option) throws BlockException {
    BlockOptions properties = OptionString.parse(option, "driver", null);
    plug(DeviceCommands.driver(properties), properties);
  }

  @Override
  public synchronized void plug(String driver, BlockOptions properties) throws BlockException {
    String id = properties.string("id");
    if (id != null && assembly.devices().has(id)) {
      throw CommandLine.error("Duplicate device ID '" + id + "'");
    }
    DeviceModel model = DeviceModel.named(driver);
    if (model == null) {
      throw CommandLine.error("'" + driver + "' is not a valid device model name");
    }
    switch (model) {
      case VIRTIO_DISK, SCSI_HOST, SCSI_DISK, SCSI_CD, ENTROPY -> {}
      case VGA -> throw CommandLine.error("Parameter 'driver' expects a pluggable device type");
      case CONSOLES, CONSOLE, SERIAL_PORT, BALLOON, PANIC ->
          throw new BlockException(
              Errno.EOPNOTSUPP, "device '" + driver + "' cannot be added while the machine runs");
      case FLOPPY, IDE_CD, IDE_DISK, DEBUG_EXIT, DEBUG_CONSOLE, PANIC_PORT ->
          throw fixed(model.busName());
    }
    assembly.plug(new DeviceOption("", driver, properties));
  }

  private static BlockException fixed(String bus) {
    return CommandLine.error("Bus '" + bus + "' does not support hotplugging");
  }

  @Override
  public boolean has(String id) {
    return find(id) != null;
  }

  @Override
  public void unplug(String id) throws BlockException {
    Devices.Device device = find(id);
    if (device == null) {
      throw CommandLine.error("Device '" + id + "' not found");
    }
    unplug(name(id), device);
  }

  private static String name(String id) {
    return id.startsWith(PERIPHERALS) ? id.substring(PERIPHERALS.length()) : id;
  }

  private Devices.@Nullable Device find(String id) {
    return assembly.devices().find(name(id));
  }

  private synchronized void unplug(String id, Devices.Device device) throws BlockException {
    switch (device.leave()) {
      case NEVER -> throw fixed(device.bus());
      case NOW -> leave(id, device);
      case AT_RESET -> {
        if (!leaving.add(id)) {
          throw CommandLine.error("Device " + id + " is already in the process of unplug");
        }
        machine.atReset(() -> leaveAtReset(id, device));
      }
    }
  }

  private synchronized void leaveAtReset(String id, Devices.Device device) {
    leaving.remove(id);
    try {
      leave(id, device);
    } catch (BlockException e) {
      errors.accept("device '" + id + "': " + e.getMessage());
    }
    tell();
  }

  /** Whoever has asked for it has an answer first. */
  @Override
  public synchronized void tell() {
    while (!untold.isEmpty()) {
      events.emit("DEVICE_DELETED", untold.remove());
    }
  }

  private void leave(String id, Devices.Device device) throws BlockException {
    for (Map.Entry<String, Devices.Device> each : assembly.devices().on(id).entrySet()) {
      leave(each.getKey(), each.getValue());
    }
    assembly.devices().remove(id);
    try {
      device.removal().run();
    } finally {
      String inner = device.inner();
      if (inner != null) {
        untold.add(DeviceCommands.left(null, inner));
      }
      untold.add(DeviceCommands.left(id, device.place()));
    }
  }
}
