// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.crash;

/** Tells contents apart, by 128 bits of each. One thread's. */
final class StateHash {
  /** What came out: of two different contents hardly ever the same. */
  record Value(long high, long low) {}

  private long one;
  private long two = -1;

  void add(long word) {
    one = Long.rotateLeft((one ^ word) * 0x9e3779b97f4a7c15L, 29);
    two = Long.rotateLeft((two + word) * 0xc2b2ae3d27d4eb4fL, 31);
  }

  Value value() {
    return new Value(mix(one), mix(two));
  }

  private static long mix(long value) {
    long mixed = (value ^ value >>> 32) * 0xd6e8feb86659fd93L;
    return mixed ^ mixed >>> 32;
  }
}
