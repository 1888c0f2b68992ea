// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.qmp;

import static dev.strata.monitor.command.Monitor.required;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.json.JsonObject;
import dev.strata.block.option.BlockOptions;
import dev.strata.monitor.command.Monitor;
import dev.strata.monitor.qmp.QmpException;
import org.jspecify.annotations.Nullable;

/**
 * Commands that put devices into a running machine and take them out.
 *
 * @see "QEMU qapi/qdev.json"
 */
public final class DeviceCommands {
  /** The machine. One call at a time. */
  public interface Slots {
    /** No machine, or none that takes devices. */
    Slots NONE =
        new Slots() {
          @Override
          public void plug(String driver, BlockOptions properties) throws BlockException {
            throw new BlockException(Errno.EINVAL, "No bus found for device '" + driver + "'");
          }

          @Override
          public void unplug(String id) {}

          @Override
          public void tell() {}

          @Override
          public boolean has(String id) {
            return false;
          }
        };

    /** Puts a device in. */
    void plug(String driver, BlockOptions properties) throws BlockException;

    /** Takes a device out, now or when the machine is reset. */
    void unplug(String id) throws BlockException;

    /** Tells clients of devices that have been taken out. */
    void tell();

    /** Whether there is a device of that name. */
    boolean has(String id);
  }

  private DeviceCommands() {}

  /** Adds the commands. */
  public static void contribute(Monitor monitor, Slots slots) {
    // What arguments there are depends on the device.
    monitor.commands().addUnchecked("device_add", arguments -> add(slots, arguments));
    monitor
        .commands()
        .add(
            "device_del",
            arguments -> {
              String id = required(arguments, "id");
              if (!slots.has(id)) {
                throw new QmpException("DeviceNotFound", "Device '" + id + "' not found");
              }
              slots.unplug(id);
              return new JsonObject();
            },
            slots::tell);
  }

  private static JsonObject add(Slots slots, JsonObject arguments) throws BlockException {
    BlockOptions properties = BlockOptions.of(arguments);
    slots.plug(driver(properties), properties);
    return new JsonObject();
  }

  /** Takes the device's kind. */
  public static String driver(BlockOptions properties) throws BlockException {
    String driver = properties.takeString("driver");
    if (driver == null) {
      throw new BlockException(Errno.EINVAL, "Parameter 'driver' is missing");
    }
    return driver;
  }

  /**
   * A device has left.
   *
   * @param id that the user gave it, or null
   */
  public static JsonObject left(@Nullable String id, String place) {
    var data = new JsonObject();
    if (id != null) {
      data.put("device", id);
    }
    return data.put("path", place);
  }
}
