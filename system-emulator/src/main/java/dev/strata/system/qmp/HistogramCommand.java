// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.qmp;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.drive.Access;
import dev.strata.block.drive.GuestDrive;
import dev.strata.block.drive.LatencyHistogram;
import dev.strata.block.json.JsonArray;
import dev.strata.block.json.JsonNumber;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonValue;
import dev.strata.monitor.command.GuestDrives;
import dev.strata.monitor.command.Monitor;
import dev.strata.monitor.qmp.QmpException;
import java.util.ArrayList;
import org.jspecify.annotations.Nullable;

/**
 * Has a drive count how many requests take how long.
 *
 * @see "QEMU qapi/block.json, block-latency-histogram-set"
 */
final class HistogramCommand {
  private static final Access[] KINDS = {Access.READ, Access.WRITE, Access.FLUSH};

  private HistogramCommand() {}

  static JsonObject run(GuestDrives drives, JsonObject arguments)
      throws BlockException, QmpException {
    GuestDrive drive = drives.named(arguments);
    JsonValue all = arguments.get("boundaries");
    boolean ends = all == null;
    for (Access kind : KINDS) {
      ends &= arguments.get(name(kind)) == null;
    }
    for (Access kind : KINDS) {
      JsonValue own = arguments.get(name(kind));
      JsonValue boundaries = own == null ? all : own;
      if (ends) {
        drive.counts().histogram(kind, null);
      } else if (boundaries instanceof JsonArray array) {
        LatencyHistogram histogram = histogram(array);
        if (histogram == null) {
          throw new BlockException(
              Errno.EINVAL,
              "Device '"
                  + Monitor.required(arguments, "id")
                  + "' set "
                  + word(kind)
                  + " boundaries fail");
        }
        drive.counts().histogram(kind, histogram);
      }
    }
    return new JsonObject();
  }

  private static String name(Access kind) {
    return "boundaries-" + word(kind);
  }

  private static String word(Access kind) {
    return switch (kind) {
      case READ -> "read";
      case WRITE -> "write";
      case FLUSH -> "flush";
      case UNMAP -> "unmap";
    };
  }

  private static @Nullable LatencyHistogram histogram(JsonArray array) {
    var boundaries = new ArrayList<Long>();
    for (JsonValue item : array.items()) {
      if (item instanceof JsonNumber number) {
        boundaries.add(number.bits());
      }
    }
    return LatencyHistogram.of(boundaries);
  }
}
