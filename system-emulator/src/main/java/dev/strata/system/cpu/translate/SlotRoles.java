// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.translate;

/**
 * What an architecture uses its slots for.
 *
 * @param pc the pc of the block that runs; no operation but a branch writes it
 * @param zero always 0
 * @param scratch bits of slots that hold nothing from one instruction to the next, and that calls
 *     neither read nor write
 */
public record SlotRoles(int pc, int zero, long scratch) {
  boolean isScratch(int slot) {
    return (scratch >>> slot & 1) != 0;
  }

  /** Whether the slot has a number of its own, kept in a local variable. */
  boolean isLocal(int slot) {
    return slot != pc && slot != zero;
  }
}
