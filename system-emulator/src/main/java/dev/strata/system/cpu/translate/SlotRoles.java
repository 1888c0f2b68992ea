// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.translate;

import dev.strata.system.cpu.ir.PureFunction;
import java.util.List;

/**
 * What an architecture uses its slots for, and what its calls and functions do to them.
 *
 * @param pc the pc of the block that runs; no operation but a branch writes it
 * @param zero always 0
 * @param scratch bits of slots that hold nothing from one instruction to the next, and that calls
 *     neither read nor write
 * @param calls what calls do beside
 * @param functions what FUNCTION computes, by their numbers
 */
public record SlotRoles(
    int pc, int zero, long scratch, CallEffects.Source calls, List<PureFunction> functions) {
  boolean isScratch(int slot) {
    return (scratch >>> slot & 1) != 0;
  }
}
