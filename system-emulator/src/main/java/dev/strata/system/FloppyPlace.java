// SPDX-License-Identifier: Apache-2.0
package dev.strata.system;

import dev.strata.block.BlockException;
import dev.strata.block.option.BlockOptions;
import dev.strata.system.device.floppy.FloppyType;
import dev.strata.system.machine.pc.PcMachine;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Where {@code -device floppy} wants a drive, of what type, and what listings say of it. */
final class FloppyPlace {
  /** The property that all floppy drives can be given. */
  static final String GLOBAL = "floppy.drive";

  private static final int UNITS = 2;

  private FloppyPlace() {}

  /** What drive all floppy drives are given, or null. */
  static @Nullable String global(CommandLine line) {
    return line.globals.get(GLOBAL);
  }

  /** Fails if a drive is given to one that all are given, too. */
  static void requireNoGlobal(CommandLine line, @Nullable String drive) throws BlockException {
    if (drive != null && global(line) != null) {
      throw CommandLine.error("-global " + GLOBAL + "=... conflicts with drive=" + drive);
    }
  }

  /** Takes the property {@code drive-type}. */
  static FloppyType type(BlockOptions properties) throws BlockException {
    String word = properties.takeString("drive-type");
    if (word == null) {
      return FloppyType.AUTOMATIC;
    }
    if (word.equals("none")) {
      throw CommandLine.error("a drive of type 'none' is not supported");
    }
    for (FloppyType type : FloppyType.values()) {
      if (word.equals(type.word())) {
        return type;
      }
    }
    throw CommandLine.error("Parameter 'drive-type' does not accept value '" + word + "'");
  }

  /**
   * What listings say beside the place and the type, as the reference does.
   *
   * @param properties as the user gave them
   * @param drive what its drive is called; "" for one without a name
   */
  static List<String> listing(BlockOptions properties, String drive) {
    return List.of(
        "drive = \"" + drive + "\"",
        "backend_defaults = \"auto\"",
        "logical_block_size = 512 (512 B)",
        "physical_block_size = 512 (512 B)",
        "min_io_size = 0 (0 B)",
        "opt_io_size = 0 (0 B)",
        "discard_granularity = 4294967295 (4 GiB)",
        switched(properties, "write-cache"),
        "share-rw = " + isOn(properties.string("share-rw")),
        switched(properties, "account-invalid"),
        switched(properties, "account-failed"));
  }

  private static String switched(BlockOptions properties, String name) {
    String word = properties.string(name);
    return name + " = \"" + (word == null ? "auto" : word) + "\"";
  }

  private static boolean isOn(@Nullable String word) {
    return switch (word) {
      case null -> false;
      case "on", "yes", "true", "y" -> true;
      default -> false;
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
