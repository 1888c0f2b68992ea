// SPDX-License-Identifier: Apache-2.0
package dev.strata.system;

import dev.strata.block.BlockException;
import dev.strata.block.option.BlockOptions;
import dev.strata.system.device.floppy.FloppyType;
import dev.strata.system.machine.pc.PcMachine;
import org.jspecify.annotations.Nullable;

/** Where {@code -device floppy} wants a drive, and of what type. */
final class FloppyPlace {
  private static final int UNITS = 2;

  private FloppyPlace() {}

  /** Takes the property {@code drive-type}. */
  static FloppyType type(BlockOptions properties) throws BlockException {
    String word = properties.takeString("drive-type");
    return switch (word) {
      case null -> FloppyType.AUTOMATIC;
      case "auto" -> FloppyType.AUTOMATIC;
      case "120" -> FloppyType.MIB_1_2;
      case "144" -> FloppyType.MIB_1_44;
      case "288" -> FloppyType.MIB_2_88;
      case "none" -> throw CommandLine.error("a drive of type 'none' is not supported");
      default ->
          throw CommandLine.error("Parameter 'drive-type' does not accept value '" + word + "'");
    };
  }

  /** The place, 0 or 1: the first free one if {@code unit} is negative. */
  static int on(PcMachine machine, @Nullable String bus, int unit) throws BlockException {
    if (bus != null && !bus.equals("floppy-bus.0")) {
      throw CommandLine.error("Bus '" + bus + "' not found");
    }
    int wanted = unit;
    if (wanted < 0) {
      wanted = 0;
      while (wanted < UNITS && !machine.isFloppyFree(wanted)) {
        wanted++;
      }
    }
    if (wanted >= UNITS) {
      throw CommandLine.error(
          "Can't create floppy unit " + wanted + ", bus supports only " + UNITS + " units");
    }
    if (!machine.isFloppyFree(wanted)) {
      throw CommandLine.error("Floppy unit " + wanted + " is in use");
    }
    return wanted;
  }
}
