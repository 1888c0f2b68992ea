// SPDX-License-Identifier: Apache-2.0
package dev.strata.system;

import dev.strata.block.BlockException;
import dev.strata.block.option.BlockOptions;
import dev.strata.system.Drives.Connection;
import dev.strata.system.Drives.Drive;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where a drive is connected.
 *
 * @param bus which of the buses of its kind, from 0 on
 * @param unit which drive on that bus, from 0 on
 */
record DrivePlace(int bus, int unit) {
  /** Of a drive that has no place of its own: a device asks for it. */
  static final DrivePlace NONE = new DrivePlace(-1, -1);

  /**
   * Takes what options say of a drive's place, or the next that is free.
   *
   * @param others that have their places
   */
  static DrivePlace take(BlockOptions options, Connection connection, List<Drive> others)
      throws BlockException {
    Integer bus = number(options, "bus");
    Integer unit = number(options, "unit");
    Integer index = number(options, "index");
    int units = connection.units();
    if (index != null) {
      if (bus != null || unit != null) {
        throw CommandLine.error("index cannot be used with bus and unit");
      }
      bus = units == 0 ? 0 : index / units;
      unit = units == 0 ? index : index % units;
    }
    if (unit == null) {
      return free(bus == null ? 0 : bus, connection, others);
    }
    if (units > 0 && unit >= units) {
      throw CommandLine.error("unit " + unit + " too big (max is " + (units - 1) + ")");
    }
    var place = new DrivePlace(bus == null ? 0 : bus, unit);
    if (place.isTaken(connection, others)) {
      throw CommandLine.error(
          "drive with bus=%d, unit=%d (index=%d) exists"
              .formatted(place.bus, place.unit, index == null ? -1 : index));
    }
    return place;
  }

  private static @Nullable Integer number(BlockOptions options, String name) throws BlockException {
    Long number = options.takeNumber(name);
    if (number == null) {
      return null;
    }
    if (number < 0 || number > Short.MAX_VALUE) {
      throw CommandLine.error("Parameter '" + name + "' expects a number of at most 32767");
    }
    return number.intValue();
  }

  /** The first that is free on a bus or the next ones. */
  private static DrivePlace free(int bus, Connection connection, List<Drive> others) {
    var place = new DrivePlace(bus, 0);
    while (place.isTaken(connection, others)) {
      boolean last = place.unit + 1 == connection.units();
      place = last ? new DrivePlace(place.bus + 1, 0) : new DrivePlace(place.bus, place.unit + 1);
    }
    return place;
  }

  private boolean isTaken(Connection connection, List<Drive> others) {
    for (Drive other : others) {
      if (other.connection() == connection && other.place().equals(this)) {
        return true;
      }
    }
    return false;
  }

  /** Fails unless a machine has so many buses and, on the last, so many units. */
  static void require(Drive drive, int buses, int units) throws BlockException {
    DrivePlace place = drive.place();
    if (place.bus >= buses || place.unit >= units) {
      throw CommandLine.error(
          drive.given()
              + ": machine type does not support if="
              + drive.connection().word()
              + ",bus="
              + place.bus
              + ",unit="
              + place.unit);
    }
  }
}
