// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

/**
 * The bits of an L1 table entry.
 *
 * @see "QEMU docs/interop/qcow2.txt, Cluster mapping"
 */
final class L1Entry {
  private static final long OFFSET = 0x00fffffffffffe00L;

  /** The refcount of the L2 table is exactly one. */
  static final long COPIED = 1L << 63;

  /** Bits that must be zero. */
  static final long RESERVED = ~(OFFSET | COPIED);

  private L1Entry() {}

  /** Where the L2 table begins; 0 if there is none. */
  static long offset(long entry) {
    return entry & OFFSET;
  }

  static boolean isCopied(long entry) {
    return entry < 0;
  }
}
