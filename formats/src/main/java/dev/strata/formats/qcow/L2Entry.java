// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow;

/**
 * An entry of an L2 table: 0 where there is no cluster, or its offset. If the highest bit is set,
 * the cluster is compressed, and the bits below have the length of what is stored.
 *
 * @see "The QCOW Image Format, 2-Level Lookups"
 */
final class L2Entry {
  private static final long COMPRESSED = 1L << 63;

  private L2Entry() {}

  static boolean isCompressed(long entry) {
    return (entry & COMPRESSED) != 0;
  }

  static long compressedOffset(long entry, int clusterBits) {
    return entry & ((1L << (63 - clusterBits)) - 1);
  }

  /** In bytes, less than a cluster. */
  static int compressedLength(long entry, int clusterBits) {
    return (int) (entry >>> (63 - clusterBits)) & ((1 << clusterBits) - 1);
  }

  static long compressed(long offset, int length, int clusterBits) {
    return COMPRESSED | (long) length << (63 - clusterBits) | offset;
  }
}
