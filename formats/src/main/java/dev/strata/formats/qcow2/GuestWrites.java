// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Finds storage for guest data and lets the map point there, compressed data too. Each method takes
 * the image's table lock; none moves guest data under it.
 */
final class GuestWrites {
  private final Qcow2Metadata metadata;
  private final Geometry geometry;
  private final Child dataFile;
  private final GuestMap map;
  private final L2Tables tables;
  private final ClusterAllocator allocator;
  private final MetadataCaches caches;
  private final OverlapCheck overlaps;
  private final ReentrantLock lock;
  private long lastGuestEnd; // of the last allocation; guarded by lock, as what follows
  private long lastHostEnd; // where it ends in the file; 0 if the next one may lie anywhere

  GuestWrites(Qcow2Metadata metadata) {
    this.metadata = metadata;
    this.geometry = metadata.geometry();
    this.dataFile = metadata.dataFile();
    this.map = metadata.guestMap();
    this.tables = metadata.l2Tables();
    this.allocator = metadata.allocator();
    this.caches = metadata.caches();
    this.overlaps = metadata.overlaps();
    this.lock = metadata.lock();
  }

  /**
   * Storage for the first bytes of a range that may not be written in place.
   *
   * @param continues whether the clusters should follow those that were allocated last
   */
  ClusterAllocation allocate(long guestOffset, long length, boolean continues)
      throws BlockException {
    lock.lock();
    try {
      if (!continues || lastGuestEnd != guestOffset) {
        lastHostEnd = 0;
      }
      return allocateLocked(guestOffset, length);
    } finally {
      lock.unlock();
    }
  }

  private ClusterAllocation allocateLocked(long guestOffset, long length) throws BlockException {
    long start = geometry.startOfCluster(guestOffset);
    long end = Math.min(guestOffset + length, sliceEnd(guestOffset));
    // The table first: it lies before its data then, as the reference has it.
    long table = tables.writable(guestOffset);
    long entry = 0;
    long clusters = geometry.clustersFor(end - start);
    if (table != 0) {
      CachedTable slice = map.slice(table, guestOffset);
      int index = map.sliceIndex(guestOffset);
      entry = map.entry(slice, index);
      if (map.isOwn(entry)) {
        return inPlace(entry, guestOffset, Math.min(end, start + geometry.clusterSize()));
      }
      long count = 1;
      while (count < clusters && !map.isOwn(map.entry(slice, index + (int) count))) {
        count++;
      }
      clusters = count;
    }
    Place place = place(start, clusters);
    long host = place.offset;
    long last = start + (place.clusters << geometry.clusterBits());
    end = Math.min(end, last);
    lastGuestEnd = end;
    lastHostEnd = end == last ? host + (last - start) : 0;
    if (geometry.extendedL2() && isEmpty(table, start, place.clusters)) {
      long sub = geometry.subclusterSize();
      long from = guestOffset & -sub;
      long to = (end + sub - 1) & -sub;
      return allocation(from, to, host + (from - start), host);
    }
    return allocation(start, last, host, host);
  }

  private ClusterAllocation allocation(long from, long to, long hostOffset, long host)
      throws BlockException {
    boolean beyondEnd = host >= dataFile.length() && dataFile.readsZeroAfterCreate();
    return new ClusterAllocation(
        this,
        from,
        to - from,
        dataFile,
        hostOffset,
        beyondEnd && !metadata.hasExternalData(),
        true);
  }

  /** The rest of a cluster that has its storage: subclusters, or a zero cluster's. */
  private ClusterAllocation inPlace(long entry, long guestOffset, long end) throws BlockException {
    long start = geometry.startOfCluster(guestOffset);
    long sub = geometry.subclusterSize();
    long from = guestOffset & -sub;
    long to = (end + sub - 1) & -sub;
    long host = L2Entry.offset(entry) + (from - start);
    if (!metadata.hasExternalData()) {
      overlaps.beforeWrite(0, host, to - from);
    }
    return new ClusterAllocation(this, from, to - from, dataFile, host, false, false);
  }

  /** Whether none of the clusters has storage that would have to be copied as a whole. */
  private boolean isEmpty(long table, long start, long clusters) throws BlockException {
    if (table == 0) {
      return true;
    }
    CachedTable slice = map.slice(table, start);
    int index = map.sliceIndex(start);
    for (int i = 0; i < clusters; i++) {
      if (map.entry(slice, index + i) != 0) {
        return false;
      }
    }
    return true;
  }

  /** Clusters in the data file that nothing points to yet. */
  private record Place(long offset, long clusters) {}

  private Place place(long guestStart, long clusters) throws BlockException {
    if (metadata.hasExternalData()) {
      return new Place(guestStart, clusters); // host offsets are guest offsets there
    }
    if (metadata.lazyRefcounts()) {
      metadata.beforeRefcountsLag();
    }
    long host = lastHostEnd;
    long count = host == 0 ? 0 : allocator.allocateAt(host, clusters);
    if (count == 0) {
      host = allocator.allocate(clusters);
      count = clusters;
    }
    boolean good = false;
    try {
      overlaps.beforeWrite(0, host, count << geometry.clusterBits());
      good = true;
    } finally {
      if (!good) {
        allocator.release(host, count);
      }
    }
    return new Place(host, count);
  }

  private long sliceEnd(long guestOffset) {
    long coverage = (long) map.sliceEntries() << geometry.clusterBits();
    return (guestOffset & -coverage) + coverage;
  }

  /** Lets the L2 entries point to an allocation that now holds its data. */
  void link(ClusterAllocation allocation) throws BlockException {
    link(allocation, true);
  }

  /** Lets the L2 entries point to an allocation; what is read changes only if that must be. */
  void linkAhead(ClusterAllocation allocation) throws BlockException {
    link(allocation, !geometry.extendedL2());
  }

  private void link(ClusterAllocation allocation, boolean data) throws BlockException {
    lock.lock();
    try {
      linkLocked(allocation, data);
    } finally {
      lock.unlock();
    }
  }

  private void linkLocked(ClusterAllocation allocation, boolean data) throws BlockException {
    long from = allocation.guestOffset();
    long to = from + allocation.length();
    long start = geometry.startOfCluster(from);
    long host = allocation.hostOffset() - (from - start);
    long table = tables.writable(from);
    if (allocation.fresh() && !metadata.lazyRefcounts()) {
      caches.orderL2AfterRefcounts();
    }
    // Old data may have been copied there, which were safe and must stay so; and what lies there
    // until then, of another use of the cluster or behind the end of the file, is nothing the guest
    // wrote.
    caches.orderL2AfterData();
    CachedTable slice = map.slice(table, from);
    int first = map.sliceIndex(from);
    int clusters = (int) geometry.clustersFor(to - start);
    var replaced = new long[clusters];
    for (int i = 0; i < clusters; i++) {
      long old = map.entry(slice, first + i);
      replaced[i] = allocation.fresh() ? old : 0;
      map.setEntry(slice, first + i, host + ((long) i << geometry.clusterBits()) | L2Entry.COPIED);
      if (geometry.extendedL2() && data) {
        map.setBitmap(
            slice, first + i, linkedBitmap(old, map.bitmap(slice, first + i), start, i, from, to));
      }
    }
    for (long old : replaced) {
      metadata.releaseEntry(old, FreedClusters.Reason.OTHER);
    }
  }

  /** The subclusters of the range become data; the others stay as they were. */
  private long linkedBitmap(long oldEntry, long old, long start, int cluster, long from, long to) {
    long clusterStart = start + ((long) cluster << geometry.clusterBits());
    long sub = geometry.subclusterSize();
    int first = (int) (Math.max(0, from - clusterStart) / sub);
    int last = (int) (Math.min(geometry.clusterSize(), to - clusterStart) / sub);
    long kept = L2Entry.isCompressed(oldEntry) ? 0 : old;
    return (kept | L2Entry.allocatedBits(first, last)) & ~L2Entry.zeroBits(first, last);
  }

  /** Gives up storage that could not be filled. */
  void release(ClusterAllocation allocation) {
    if (!allocation.fresh() || metadata.hasExternalData()) {
      return;
    }
    lock.lock();
    try {
      long start = geometry.startOfCluster(allocation.guestOffset());
      long host = allocation.hostOffset() - (allocation.guestOffset() - start);
      long end = allocation.guestOffset() + allocation.length();
      allocator.release(host, geometry.clustersFor(end - start));
    } catch (BlockException e) {
      // The request fails with its own error; what could not be given back is leaked, no more.
      return;
    } finally {
      lock.unlock();
    }
  }

  /** Room for a compressed cluster; {@link #linkCompressed} follows when its bytes are written. */
  long allocateCompressed(long guestOffset, long length) throws BlockException {
    lock.lock();
    try {
      if (metadata.lazyRefcounts()) {
        metadata.beforeRefcountsLag();
      }
      long table = tables.writable(guestOffset);
      long entry = map.entry(map.slice(table, guestOffset), map.sliceIndex(guestOffset));
      if (L2Entry.isCopied(entry)) {
        throw BlockException.of(Errno.EIO);
      }
      long host = allocator.allocateBytes(length);
      overlaps.beforeWrite(0, host, length);
      return host;
    } finally {
      lock.unlock();
    }
  }

  /** Lets the cluster's entry point to its compressed bytes. */
  void linkCompressed(long guestOffset, long host, long length) throws BlockException {
    lock.lock();
    try {
      long table = tables.writable(guestOffset);
      if (!metadata.lazyRefcounts()) {
        caches.orderL2AfterRefcounts();
      }
      CachedTable slice = map.slice(table, guestOffset);
      int index = map.sliceIndex(guestOffset);
      long old = map.entry(slice, index);
      caches.orderL2AfterData();
      map.setEntry(slice, index, L2Entry.compressed(host, length, geometry.clusterBits()));
      if (geometry.extendedL2()) {
        map.setBitmap(slice, index, 0);
      }
      metadata.releaseEntry(old, FreedClusters.Reason.OTHER);
    } finally {
      lock.unlock();
    }
  }

  /** The bytes of a compressed cluster could not be written. */
  void releaseCompressed(long host, long length) {
    lock.lock();
    try {
      long first = geometry.startOfCluster(host);
      allocator.release(first, geometry.clustersFor(host + length - first));
    } catch (BlockException e) {
      return; // leaked, no more: the request fails with its own error
    } finally {
      lock.unlock();
    }
  }
}
