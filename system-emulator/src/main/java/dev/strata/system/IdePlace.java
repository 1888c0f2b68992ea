// SPDX-License-Identifier: Apache-2.0
package dev.strata.system;

import dev.strata.block.BlockException;
import dev.strata.block.option.BlockOptions;
import dev.strata.system.machine.pc.PcMachine;
import org.jspecify.annotations.Nullable;

/**
 * Where {@code -device} wants an IDE drive, by its properties {@code bus} and {@code unit}.
 *
 * @param bus 0 or 1; the one that was made last, as in the reference, if none is named
 * @param unit -1 for any
 */
record IdePlace(int bus, int unit) {
  private static final int UNITS = 2;

  /** Takes the properties. */
  static IdePlace of(BlockOptions properties) throws BlockException {
    String bus = properties.takeString("bus");
    int unit = PcAssembly.number(properties, "unit", -1);
    if (unit >= UNITS || unit < -1) {
      throw CommandLine.error(
          "Can't create IDE unit " + unit + ", bus supports only " + UNITS + " units");
    }
    return new IdePlace(bus(bus), unit);
  }

  private static int bus(@Nullable String name) throws BlockException {
    return switch (name) {
      case "ide.0" -> 0;
      case null -> 1;
      case "ide.1" -> 1;
      default -> throw CommandLine.error("Bus '" + name + "' not found");
    };
  }

  /** The first free place of those, 0 to 3. */
  int on(PcMachine machine) throws BlockException {
    for (int candidate = 0; candidate < UNITS; candidate++) {
      int index = bus * UNITS + candidate;
      if ((unit < 0 || candidate == unit) && machine.isIdeFree(index)) {
        return index;
      }
    }
    throw CommandLine.error("IDE unit " + (unit < 0 ? UNITS - 1 : unit) + " is in use");
  }
}
