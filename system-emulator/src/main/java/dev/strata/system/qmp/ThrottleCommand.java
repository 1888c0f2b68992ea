// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.qmp;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.drive.GuestDrive;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.json.JsonNumber;
import dev.strata.block.json.JsonObject;
import dev.strata.block.throttle.Meter;
import dev.strata.block.throttle.ThrottleLimits;
import dev.strata.block.throttle.ThrottleOptions;
import dev.strata.monitor.command.GuestDrives;
import dev.strata.monitor.command.Monitor;
import dev.strata.monitor.command.NodeDescription;
import dev.strata.monitor.qmp.QmpException;

/**
 * The limits of a drive's requests, while the guest runs.
 *
 * @see "QEMU qapi/block.json, block_set_io_throttle"
 */
final class ThrottleCommand {
  private ThrottleCommand() {}

  static JsonObject run(GuestDrives drives, JsonObject arguments)
      throws BlockException, QmpException {
    GuestDrive drive = drives.named(arguments);
    String device = arguments.string("device");
    String name = device == null ? Monitor.required(arguments, "id") : device;
    BlockBackend medium = drive.medium();
    if (medium == null) {
      throw new BlockException(Errno.ENOMEDIUM, "Device has no medium");
    }
    medium.throttle(new ThrottleOptions(limits(arguments), arguments.string("group")), name);
    return new JsonObject();
  }

  private static ThrottleLimits limits(JsonObject arguments) throws BlockException {
    var limits = new ThrottleLimits.Builder();
    for (Meter meter : Meter.values()) {
      String name = NodeDescription.name(meter);
      limits.average(meter, number(arguments, name, 0));
      limits.max(meter, number(arguments, name + "_max", 0));
      limits.maxSeconds(meter, number(arguments, name + "_max_length", 1));
    }
    return limits.operationSize(number(arguments, "iops_size", 0)).build();
  }

  private static long number(JsonObject arguments, String name, long otherwise) {
    return arguments.get(name) instanceof JsonNumber given ? given.bits() : otherwise;
  }
}
