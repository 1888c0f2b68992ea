// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.filter.copybeforewrite;

import static dev.strata.block.Errno.EINVAL;

import dev.strata.block.BlockException;
import dev.strata.block.bitmap.DirtyBitmap;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** Which clusters belong to the snapshot, and which of them have still to be copied. */
final class SnapshotAreas {
  private final long length;
  private final long cluster;
  private final DirtyBitmap accessible;
  private final DirtyBitmap toCopy;

  /**
   * Nothing is copied yet.
   *
   * @param length of the disk, in bytes
   * @param cluster in bytes, a power of two
   * @param wanted what belongs to the snapshot; null for all
   */
  SnapshotAreas(long length, long cluster, @Nullable DirtyBitmap wanted) throws BlockException {
    this.length = length;
    this.cluster = cluster;
    this.accessible = new DirtyBitmap("accessible", cluster, length);
    this.toCopy = new DirtyBitmap("to copy", cluster, length);
    if (wanted == null) {
      accessible.mark(0, length);
    } else if (wanted.length() != length) {
      throw new BlockException(
          EINVAL,
          "Cannot create block-copy-state: Failed to merge bitmap '"
              + wanted.name()
              + "' to internal copy-bitmap: Bitmaps are of different sizes (destination size is "
              + length
              + ", source size is "
              + wanted.length()
              + ") and can't be merged");
    } else {
      accessible.merge(wanted);
    }
    toCopy.merge(accessible);
  }

  /** In bytes. */
  long cluster() {
    return cluster;
  }

  /** The length of the disk in bytes. */
  long length() {
    return length;
  }

  /** How many bytes are still to be copied, the last cluster as if it were whole. */
  long toCopy() {
    return toCopy.count();
  }

  /** Marks in another bitmap what is still to be copied. */
  void markRest(DirtyBitmap bitmap) {
    bitmap.merge(toCopy);
  }

  /** Where the cluster of that byte begins. */
  long start(long offset) {
    return offset & -cluster;
  }

  /** Where the cluster of the byte before {@code end} ends. */
  long end(long end) {
    return Math.min(length, (end + cluster - 1) & -cluster);
  }

  /** Where the next cluster to be copied begins, or none. */
  OptionalLong nextToCopy(long from, long end) {
    return toCopy.nextDirty(from, end);
  }

  /** Where the clusters to be copied end that begin at {@code from}. */
  long endOfToCopy(long from, long end) {
    return toCopy.nextClean(from, end).orElse(end);
  }

  /** Whole clusters have been copied. */
  void copied(long start, long end) {
    toCopy.reset(start, end - start);
  }

  /** Whether all of the range belongs to the snapshot. */
  boolean isAccessible(long offset, long length) {
    return accessible.nextClean(offset, offset + length).isEmpty();
  }

  /** How far from {@code offset} on all is accessible, or not, as the byte there. */
  long endOfAccess(long offset, long end) {
    return accessible.nextClean(offset, end).orElse(end);
  }

  /** Whole clusters do not belong to the snapshot any more. */
  void drop(long start, long end) {
    accessible.reset(start, end - start);
    toCopy.reset(start, end - start);
  }

  /** The first cluster that begins in the range. */
  long firstWhole(long offset) {
    return (offset + cluster - 1) & -cluster;
  }

  /** Where the last whole cluster before {@code end} ends. */
  long lastWhole(long end) {
    return end >= length ? length : end & -cluster;
  }
}
