// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.vga;

import dev.strata.block.BlockException;
import dev.strata.system.state.StateFields;
import java.util.Arrays;

/**
 * Registers behind an index and a data port, as most of a VGA's are. The adapter's lock guards
 * them.
 */
class IndexedRegisters {
  private final int[] masks; // the bits that each register has
  private final int[] values;
  private int index;

  IndexedRegisters(int... masks) {
    this.masks = masks;
    this.values = new int[masks.length];
  }

  /** What those hold now. */
  IndexedRegisters(IndexedRegisters original) {
    masks = original.masks;
    values = original.values.clone();
    index = original.index;
  }

  void reset() {
    Arrays.fill(values, 0);
    index = 0;
  }

  final int index() {
    return index;
  }

  final void select(int register) {
    index = register;
  }

  /** A register's value; of one that is not there, zero. */
  final int get(int register) {
    return register < values.length ? values[register] : 0;
  }

  final boolean has(int register, int bit) {
    return (get(register) & bit) != 0;
  }

  /** Writes a register; nothing happens if it is not there. */
  void put(int register, int value) {
    if (register < values.length) {
      values[register] = value & masks[register];
    }
  }

  void state(StateFields state) throws BlockException {
    index = state.u8("index", index);
    state.within("registers", values, 0, 0xff);
    if (state.isLoading()) {
      for (int register = 0; register < values.length; register++) {
        values[register] &= masks[register];
      }
    }
  }
}
