// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vdi;

/** An entry of the block map: the number of the block's place, or why it has none. */
final class MapEntry {
  /** Never written. */
  static final long UNALLOCATED = 0xffff_ffffL;

  /** Given up: zeroes. */
  static final long DISCARDED = 0xffff_fffeL;

  private MapEntry() {}

  /** Whether the block has a place. */
  static boolean isAllocated(long entry) {
    return entry < DISCARDED;
  }
}
