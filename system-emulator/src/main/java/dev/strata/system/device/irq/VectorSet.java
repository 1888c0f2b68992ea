// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.irq;

import dev.strata.block.BlockException;
import dev.strata.system.state.StateFields;

/** A set of interrupt vectors, 0 to 255, as the APIC's 256-bit registers hold it. */
final class VectorSet {
  private final long[] bits = new long[4];

  void add(int vector) {
    bits[vector >> 6] |= 1L << vector;
  }

  void remove(int vector) {
    bits[vector >> 6] &= ~(1L << vector);
  }

  boolean contains(int vector) {
    return (bits[vector >> 6] & (1L << vector)) != 0;
  }

  /** The highest member, or -1. */
  int highest() {
    for (int word = 3; word >= 0; word--) {
      if (bits[word] != 0) {
        return word * 64 + 63 - Long.numberOfLeadingZeros(bits[word]);
      }
    }
    return -1;
  }

  /** 32 vectors from {@code 32 * index} on. */
  int word(int index) {
    return (int) (bits[index >> 1] >>> ((index & 1) * 32));
  }

  void clear() {
    bits[0] = 0;
    bits[1] = 0;
    bits[2] = 0;
    bits[3] = 0;
  }

  void state(StateFields state) throws BlockException {
    state.i64("vectors", bits);
  }
}
