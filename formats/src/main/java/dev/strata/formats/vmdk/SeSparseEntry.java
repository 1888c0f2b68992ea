// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vmdk;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;

/**
 * An entry of a space-efficient sparse extent's grain directory or of one of its grain tables: the
 * four highest bits say what it is, the others where it lies.
 */
final class SeSparseEntry {
  private static final long UNMAPPED = 1;
  private static final long ZERO = 2;
  private static final long ALLOCATED = 3;

  private SeSparseEntry() {}

  /** Whether an entry of the directory leads to a table. */
  static boolean isTable(long entry) {
    return (entry & 0xffff_ffff_0000_0000L) == 0x1000_0000_0000_0000L;
  }

  /** The number of that table. */
  static long table(long entry) {
    return entry & 0xffff_ffffL;
  }

  /** Whether the grain has a place. */
  static boolean isAllocated(long entry) throws BlockException {
    long kind = entry >>> 60;
    // Those without a place have no other bits.
    if (kind > ALLOCATED || (kind != ALLOCATED && (entry << 4) != 0)) {
      throw BlockException.of(Errno.EIO);
    }
    return kind == ALLOCATED;
  }

  /** Whether an entry without a place is for zeroes, not for what the parent has. */
  static boolean isZero(long entry) {
    return entry >>> 60 == UNMAPPED || entry >>> 60 == ZERO;
  }

  /** The number of the grain's place: its twelve lowest bits are above the others. */
  static long grain(long entry) {
    return ((entry >>> 48) & 0xfff) | (entry & 0xffff_ffff_ffffL) << 12;
  }
}
