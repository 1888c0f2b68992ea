// SPDX-License-Identifier: Apache-2.0
package dev.strata.system;

import dev.strata.block.BlockException;
import dev.strata.block.drive.DriveSettings;
import dev.strata.block.option.BlockOptions;
import org.jspecify.annotations.Nullable;

/**
 * What {@code -device} says of any device with a drive.
 *
 * @param drive the name of a drive or of a node; null if none is named
 * @param serial null if nothing is said
 * @param settings what is done about failures
 * @param shared whether others may write to the medium
 * @param cached whether writes may wait in a cache; null if nothing is said
 */
record DiskProperties(
    @Nullable String drive,
    @Nullable String serial,
    DriveSettings settings,
    boolean shared,
    @Nullable Boolean cached) {
  private static final int BLOCK = 512;

  /**
   * Takes the properties.
   *
   * @param drive "" for none
   * @param otherwise what holds of it if nothing is said
   */
  static DiskProperties of(BlockOptions properties, String drive, DriveSettings otherwise)
      throws BlockException {
    String name = drive.isEmpty() ? null : drive;
    String serial = properties.takeString("serial");
    DriveSettings settings = DrivePolicy.ofDevice(properties, otherwise);
    boolean shared = onOff(properties, "share-rw", false);
    return new DiskProperties(name, serial, settings, shared, onOffAuto(properties, "write-cache"));
  }

  /** Takes the sizes of blocks, of which there is one, the only one that floppies can have. */
  static void blockSizes(BlockOptions properties, String device) throws BlockException {
    int physical = PcAssembly.number(properties, "physical_block_size", BLOCK);
    int logical = PcAssembly.number(properties, "logical_block_size", BLOCK);
    if (logical > physical) {
      throw CommandLine.error("logical_block_size > physical_block_size not supported");
    }
    if (logical != BLOCK || physical != BLOCK) {
      throw CommandLine.error(
          "Physical and logical block size must be " + BLOCK + " for " + device);
    }
  }

  static boolean onOff(BlockOptions properties, String name, boolean otherwise)
      throws BlockException {
    String word = properties.takeString(name);
    return switch (word) {
      case null -> otherwise;
      case "on", "yes", "true", "y" -> true;
      case "off", "no", "false", "n" -> false;
      default -> throw CommandLine.error("Parameter '" + name + "' expects 'on' or 'off'");
    };
  }

  private static @Nullable Boolean onOffAuto(BlockOptions properties, String name)
      throws BlockException {
    String word = properties.takeString(name);
    return switch (word) {
      case null -> null;
      case "auto" -> null;
      case "on" -> true;
      case "off" -> false;
      default ->
          throw CommandLine.error("Parameter '" + name + "' does not accept value '" + word + "'");
    };
  }
}
