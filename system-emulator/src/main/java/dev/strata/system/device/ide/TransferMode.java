// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.ide;

import dev.strata.block.BlockException;
import dev.strata.system.state.StateFields;

/**
 * How a drive's bytes are to go over the cable. Nothing is slower for it here, but software asks
 * what it has set.
 *
 * @see "ATA/ATAPI-7 volume 1, 6.50.11 Set transfer mode"
 */
final class TransferMode {
  private int value = 0x45; // as SET FEATURES has it: Ultra DMA 5

  /** Sets the mode; whether there is such a one. */
  boolean set(int mode) {
    int kind = mode >> 3;
    int number = mode & 7;
    boolean known =
        (kind == 0 && number <= 1)
            || (kind == 1 && number <= 4)
            || (kind == 4 && number <= 2)
            || (kind == 8 && number <= 5);
    if (known && kind >= 4) {
      value = mode;
    }
    return known;
  }

  /** Says which modes there are, and which one it is. */
  void describe(IdentityWords words) {
    words.set(63, 7 | (value >> 3 == 4 ? 0x100 << (value & 7) : 0));
    words.set(64, 3); // PIO modes 3 and 4
    for (int word = 65; word < 69; word++) {
      words.set(word, 120); // nanoseconds of a cycle
    }
    words.set(88, 0x3f | (value >> 3 == 8 ? 0x100 << (value & 7) : 0));
    words.set(93, 0x6003); // the reset's result: a cable of 80 wires
  }

  void state(StateFields state) throws BlockException {
    int mode = state.u8("transfer mode", value);
    if (!set(mode)) {
      throw state.wrong("transfer mode", "is " + mode);
    }
  }
}
