// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.qtest;

import dev.strata.system.clock.VirtualClock;
import dev.strata.system.machine.ChipPins;
import dev.strata.system.memory.AddressSpace;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What there is to be driven.
 *
 * @param memory physical memory
 * @param ports I/O ports
 * @param clock the guest's time, if it stands still unless it is stepped; else null
 * @param pins interrupts that can be watched
 * @param settle waits until a reset that a register was asked for is done
 */
public record DrivenBoard(
    AddressSpace memory,
    AddressSpace ports,
    @Nullable VirtualClock clock,
    List<ChipPins> pins,
    Runnable settle) {

  /** The pins of a chip, or null. */
  @Nullable ChipPins pins(String chip, boolean inputs) {
    for (ChipPins each : pins) {
      if (each.areInputs() == inputs && each.isOf(chip)) {
        return each;
      }
    }
    return null;
  }
}
