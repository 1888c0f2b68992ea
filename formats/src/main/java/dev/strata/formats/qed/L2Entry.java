// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qed;

/**
 * An entry of an L2 table: a cluster's offset, or why there is none.
 *
 * @see "QEMU docs/interop/qed_spec, Data cluster offsets"
 */
final class L2Entry {
  /** The backing file holds the cluster. */
  static final long UNALLOCATED = 0;

  /** The cluster is zeroes. */
  static final long ZERO = 1;

  private L2Entry() {}

  static boolean isOffset(long entry) {
    return entry != UNALLOCATED && entry != ZERO;
  }
}
