// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import dev.strata.block.RequestFlags;
import java.util.concurrent.locks.ReentrantLock;

/** Takes guest data away: zeroing and discarding. Each method takes the image's table lock. */
final class ClusterErasure {
  private final Qcow2Metadata metadata;
  private final Geometry geometry;
  private final Child dataFile;
  private final boolean dataFileRaw; // guest offsets are offsets in it, for readers without tables
  private final GuestMap map;
  private final L2Tables tables;
  private final ReentrantLock lock;

  ClusterErasure(Qcow2Metadata metadata) {
    this.metadata = metadata;
    this.geometry = metadata.geometry();
    this.dataFile = metadata.dataFile();
    this.dataFileRaw = metadata.isDataFileRaw();
    this.map = metadata.guestMap();
    this.tables = metadata.l2Tables();
    this.lock = metadata.lock();
  }

  /** Makes whole subclusters read as zeroes. */
  void zero(long offset, long length, int flags) throws BlockException {
    if (dataFileRaw) {
      dataFile.writeZeroes(offset, length, flags & RequestFlags.MAY_UNMAP);
    }
    lock.lock();
    try {
      long end = offset + length;
      for (long at = offset; at < end; ) {
        long stop = Math.min(end, geometry.startOfCluster(at) + geometry.clusterSize());
        zeroCluster(at, stop, flags);
        at = stop;
      }
    } finally {
      lock.unlock();
    }
  }

  private void zeroCluster(long from, long to, int flags) throws BlockException {
    long table = tables.writable(from);
    CachedTable slice = map.slice(table, from);
    int index = map.sliceIndex(from);
    long old = map.entry(slice, index);
    long start = geometry.startOfCluster(from);
    boolean whole =
        from == start && (to == start + geometry.clusterSize() || to >= metadata.size());
    if (!geometry.extendedL2() || whole) {
      boolean storage = map.hasStorage(old);
      boolean drop =
          L2Entry.isCompressed(old) || (storage && RequestFlags.has(flags, RequestFlags.MAY_UNMAP));
      long entry = drop ? 0 : old;
      if (geometry.extendedL2()) {
        map.setEntry(slice, index, entry);
        map.setBitmap(slice, index, L2Entry.ALL_ZERO);
      } else {
        map.setEntry(slice, index, entry | L2Entry.ZERO);
      }
      if (drop) {
        metadata.releaseEntry(old, FreedClusters.Reason.REQUEST);
      }
      return;
    }
    if (L2Entry.isCompressed(old)) {
      throw BlockException.of(Errno.EOPNOTSUPP);
    }
    int first = (int) ((from - start) / geometry.subclusterSize());
    int last = (int) ((to - start + geometry.subclusterSize() - 1) / geometry.subclusterSize());
    long bitmap = map.bitmap(slice, index);
    map.setBitmap(
        slice,
        index,
        (bitmap | L2Entry.zeroBits(first, last)) & ~L2Entry.allocatedBits(first, last));
  }

  /**
   * Gives up the storage of whole clusters.
   *
   * @param full let the backing file shine through, rather than have zeroes read
   */
  void discard(long offset, long length, boolean full, FreedClusters.Reason reason)
      throws BlockException {
    if (dataFileRaw) {
      dataFile.discard(offset, length);
    }
    lock.lock();
    try {
      long end = offset + length;
      for (long at = offset; at < end; ) {
        if (map.l2Offset(at) == 0 && (full || !metadata.hasBacking())) {
          long coverage = geometry.l1EntryCoverage();
          at = (at & -coverage) + coverage;
          continue;
        }
        discardCluster(at, full, reason);
        at += geometry.clusterSize();
      }
    } finally {
      lock.unlock();
    }
  }

  private void discardCluster(long at, boolean full, FreedClusters.Reason reason)
      throws BlockException {
    long known = map.l2Offset(at);
    int index = map.sliceIndex(at);
    long old = known == 0 ? 0 : map.entry(map.slice(known, at), index);
    long oldBitmap = known == 0 ? 0 : map.bitmap(map.slice(known, at), index);
    long entry = 0;
    long bitmap = 0;
    boolean allocated = L2Entry.isCompressed(old) || map.hasStorage(old);
    if (!full && (allocated || metadata.hasBacking()) && metadata.version() >= 3) {
      if (geometry.extendedL2()) {
        bitmap = L2Entry.ALL_ZERO;
      } else {
        entry = L2Entry.ZERO;
      }
    } else if (!full && !allocated) {
      return; // reads the backing file as before: zeroes cannot be said here
    }
    if (!full && !allocated && !geometry.extendedL2() && L2Entry.isZero(old)) {
      return;
    }
    if (old == entry && oldBitmap == bitmap) {
      return;
    }
    CachedTable slice = map.slice(tables.writable(at), at);
    map.setEntry(slice, index, entry);
    if (geometry.extendedL2()) {
      map.setBitmap(slice, index, bitmap);
    }
    metadata.releaseEntry(old, reason);
  }
}
