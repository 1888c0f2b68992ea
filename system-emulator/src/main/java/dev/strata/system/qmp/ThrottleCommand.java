// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.qmp;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.json.JsonNumber;
import dev.strata.block.json.JsonObject;
import dev.strata.block.throttle.Meter;
import dev.strata.block.throttle.ThrottleLimits;
import dev.strata.block.throttle.ThrottleOptions;
import dev.strata.monitor.command.GuestDrives;
import dev.strata.monitor.command.NodeDescription;
import dev.strata.monitor.qmp.QmpException;
import org.jspecify.annotations.Nullable;

/**
 * The limits of a drive's requests, while the guest runs.
 *
 * @see "QEMU qapi/block.json, block_set_io_throttle"
 */
final class ThrottleCommand {
  private ThrottleCommand() {}

  static JsonObject run(GuestDrives drives, JsonObject arguments)
      throws BlockException, QmpException {
    String device = arguments.string("device");
    String id = arguments.string("id");
    if ((device == null) == (id == null)) {
      throw new BlockException(Errno.EINVAL, "Need exactly one of 'device' and 'id'");
    }
    GuestDrives.Drive drive = device == null ? placed(drives, id) : drives.find(device);
    String name = device == null ? String.valueOf(id) : device;
    if (drive == null) {
      throw new QmpException("DeviceNotFound", "Device '" + name + "' not found");
    }
    BlockBackend medium = drive.medium();
    if (medium == null) {
      throw new BlockException(Errno.ENOMEDIUM, "Device has no medium");
    }
    medium.throttle(new ThrottleOptions(limits(arguments), arguments.string("group")), name);
    return new JsonObject();
  }

  /** The drive of the device with that id, or at that place. */
  private static GuestDrives.@Nullable Drive placed(GuestDrives drives, @Nullable String id)
      throws BlockException {
    String given = String.valueOf(id);
    String place = given.startsWith("/") ? given : "/machine/peripheral/" + given;
    for (GuestDrives.Drive each : drives.all()) {
      String there = each.device();
      if (there != null && there.equals(place)) {
        return each;
      }
      // The card of a virtio disk is another device than the disk that is on it.
      if (there != null && there.startsWith(place + "/")) {
        throw new BlockException(Errno.EINVAL, "Device does not have a block device backend");
      }
    }
    return null;
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
