// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vhdx;

/**
 * An entry of the BAT: the lowest bits are the block's state, those from 20 on its place.
 *
 * @see "[MS-VHDX] 2.5.1, BAT Entry"
 */
final class BatEntry {
  static final int NOT_PRESENT = 0;
  static final int UNDEFINED = 1;
  static final int ZERO = 2;
  static final int UNMAPPED = 3;
  static final int FULLY_PRESENT = 6;

  private static final long STATE = 7;
  private static final long PLACE = -1L << 20;

  private BatEntry() {}

  static int state(long entry) {
    return (int) (entry & STATE);
  }

  /** In bytes, a multiple of 1 MiB; negative if no file is that long. */
  static long place(long entry) {
    return entry & PLACE;
  }

  static long present(long place) {
    return place | FULLY_PRESENT;
  }

  /** Whether the block reads as zeroes and has no place. */
  static boolean isZero(long entry) {
    return state(entry) <= UNMAPPED;
  }
}
