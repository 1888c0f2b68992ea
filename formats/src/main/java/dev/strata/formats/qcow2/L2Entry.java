// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

/**
 * The bits of an L2 table entry, and of its subcluster bitmap in images with extended L2 entries:
 * the low half says which subclusters are allocated, the high half which read as zeroes.
 *
 * @see "QEMU docs/interop/qcow2.txt, Cluster mapping; Extended L2 Entries"
 */
final class L2Entry {
  private static final long OFFSET = 0x00fffffffffffe00L;

  /** The refcount of the cluster is exactly one. */
  static final long COPIED = 1L << 63;

  /** The cluster is compressed. */
  static final long COMPRESSED = 1L << 62;

  /** The cluster reads as zeroes; not with extended L2 entries. */
  static final long ZERO = 1;

  /** Bits that must be zero in a standard descriptor. */
  static final long RESERVED = 0x3f000000000001feL;

  /** The bits of an entry that mean anything, if it is not compressed. */
  static final long MEANING = OFFSET | COPIED | COMPRESSED | ZERO;

  /** A subcluster bitmap with all subclusters allocated. */
  static final long ALL_ALLOCATED = 0xffffffffL;

  /** A subcluster bitmap with all subclusters reading as zeroes. */
  static final long ALL_ZERO = 0xffffffff00000000L;

  private L2Entry() {}

  static boolean isCopied(long entry) {
    return entry < 0;
  }

  static boolean isCompressed(long entry) {
    return (entry & COMPRESSED) != 0;
  }

  static boolean isZero(long entry) {
    return (entry & ZERO) != 0;
  }

  /** Where the cluster begins, if it is not compressed; 0 if there is none. */
  static long offset(long entry) {
    return entry & OFFSET;
  }

  // A compressed cluster's descriptor is split at bit x = 62 - (cluster_bits - 8): host offset
  // below, number of additional 512-byte sectors above.

  private static int compressedSplit(int clusterBits) {
    return 62 - (clusterBits - 8);
  }

  /** Where the compressed data begin; any byte. */
  static long compressedOffset(long entry, int clusterBits) {
    return entry & ((1L << compressedSplit(clusterBits)) - 1);
  }

  /**
   * How many bytes from {@link #compressedOffset} on hold the data: up to the last sector's end.
   */
  static long compressedLength(long entry, int clusterBits) {
    int split = compressedSplit(clusterBits);
    long sectors = ((entry & (COMPRESSED - 1)) >>> split) + 1;
    return sectors * 512 - (entry & 511);
  }

  /** The entry of a compressed cluster of {@code length} bytes at {@code offset}. */
  static long compressed(long offset, long length, int clusterBits) {
    long sectors = ((offset + length - 1) >>> 9) - (offset >>> 9);
    return COMPRESSED | offset | sectors << compressedSplit(clusterBits);
  }

  /** The first host offset that a compressed cluster's descriptor cannot hold. */
  static long compressedOffsetLimit(int clusterBits) {
    return 1L << Math.min(compressedSplit(clusterBits), 56);
  }

  /** The bits of the subclusters {@code from} to {@code to} (excluded) as allocated. */
  static long allocatedBits(int from, int to) {
    return (1L << to) - (1L << from);
  }

  /** The bits of the subclusters {@code from} to {@code to} (excluded) as zeroes. */
  static long zeroBits(int from, int to) {
    return allocatedBits(from, to) << 32;
  }
}
