// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.DebugEvent;
import dev.strata.block.Errno;
import dev.strata.block.layout.StructWriter;

/**
 * Finds clusters that nothing refers to and raises their refcounts, making room for the refcounts
 * where there is none. Guarded by the image's table lock.
 */
final class ClusterAllocator {
  private static final long MAX_OFFSET = 1L << 56;

  private final Geometry geometry;
  private final Child file;
  private final Refcounts refcounts;
  private final MetadataCaches caches;
  private final FreedClusters freed;
  private final OverlapCheck overlaps;
  private final HeaderUpdate header;
  // A cluster, where the next search begins. What is free below, too little for a run that was
  // asked for, is found again when something else becomes free or the image is opened again.
  private long searchFrom;
  private long byteOffset; // where the next compressed cluster may begin; 0 if in a new cluster

  /** Writes changed fields of the header into the file. */
  interface HeaderUpdate {
    void refcountTable(long offset, int clusters) throws BlockException;
  }

  ClusterAllocator(
      Geometry geometry,
      Child file,
      Refcounts refcounts,
      MetadataCaches caches,
      FreedClusters freed,
      OverlapCheck overlaps,
      HeaderUpdate header) {
    this.geometry = geometry;
    this.file = file;
    this.refcounts = refcounts;
    this.caches = caches;
    this.freed = freed;
    this.overlaps = overlaps;
    this.header = header;
    freed.onReuse(this::mayReuse);
  }

  /** Any cluster may be free now. */
  void startOver() {
    mayReuse(0);
  }

  /** Clusters from there on are free again. */
  private void mayReuse(long cluster) {
    searchFrom = Math.min(searchFrom, cluster);
    byteOffset = 0;
  }

  /**
   * Takes that many clusters in a row; each gets its first reference.
   *
   * @return the offset of the first in the file
   */
  long allocate(long clusters) throws BlockException {
    return allocate(clusters, MAX_OFFSET);
  }

  private long allocate(long clusters, long limit) throws BlockException {
    file.event(DebugEvent.CLUSTER_ALLOC);
    while (true) {
      long first = findFree(searchFrom, clusters, limit);
      searchFrom = first;
      if (!makeBlocks(first, clusters)) {
        continue; // a block may lie where another search would end
      }
      refcounts.add(first, clusters, 1);
      searchFrom = first + clusters;
      return first << geometry.clusterBits();
    }
  }

  /** Gives clusters back that nothing points to yet. */
  void release(long offset, long clusters) throws BlockException {
    long first = offset >>> geometry.clusterBits();
    refcounts.add(first, clusters, -1);
    mayReuse(first);
  }

  /** Takes as many clusters at {@code offset} as are free there, up to {@code clusters}. */
  long allocateAt(long offset, long clusters) throws BlockException {
    long first = offset >>> geometry.clusterBits();
    long count = 0;
    while (count < clusters
        && (first + count + 1) << geometry.clusterBits() <= MAX_OFFSET
        && refcounts.get(first + count) == 0) {
      count++;
    }
    if (count == 0 || !makeBlocks(first, count)) {
      return 0;
    }
    refcounts.add(first, count, 1);
    return count;
  }

  /** The first of that many clusters in a row without references, at {@code from} or behind. */
  private long findFree(long from, long clusters, long limit) throws BlockException {
    long end = limit >>> geometry.clusterBits();
    long run = 0;
    long cluster = from;
    while (run < clusters) {
      if (cluster >= end) {
        throw BlockException.of(Errno.EFBIG);
      }
      if (run == 0) {
        long free = refcounts.firstFree(cluster, end);
        if (free < 0) {
          throw BlockException.of(Errno.EFBIG);
        }
        cluster = free;
      }
      boolean isFree = refcounts.get(cluster) == 0;
      run = isFree ? run + 1 : 0;
      cluster++;
    }
    return cluster - clusters;
  }

  /** Sees to blocks for the counts of those clusters; false if any had to be made. */
  private boolean makeBlocks(long first, long clusters) throws BlockException {
    long last = refcounts.blockIndex(first + clusters - 1);
    for (long index = refcounts.blockIndex(first); index <= last; index++) {
      if (refcounts.table().block(index) == 0) {
        makeBlock(index, first + clusters);
        return false;
      }
    }
    return true;
  }

  /**
   * Makes an empty refcount block, which itself lies in a cluster that has to be counted.
   *
   * @param from the first cluster where it may lie: behind those that it is made for, so that they
   *     stay in a row with what is before them
   */
  private void makeBlock(long index, long from) throws BlockException {
    file.event(DebugEvent.REFBLOCK_ALLOC);
    long cluster = findFree(from, 1, MAX_OFFSET);
    long owner = refcounts.blockIndex(cluster);
    if (owner != index && refcounts.table().block(owner) == 0) {
      makeBlock(owner, cluster + 1); // describes itself, for it lies where none has been
    }
    boolean fits = index < refcounts.table().size();
    GrownTable grown = fits ? null : GrownTable.behind(refcounts.table(), geometry, index);
    long offset = cluster << geometry.clusterBits();
    overlaps.beforeWrite(OverlapCheck.REFCOUNT_BLOCK, offset, geometry.clusterSize());
    CachedTable block = caches.refcountBlocks().fresh(offset);
    if (owner == index) {
      int at = (int) (cluster & ((1L << refcounts.blockBits()) - 1));
      refcounts.setCount(block.bytes(), at, 1);
    } else {
      refcounts.add(cluster, 1, 1);
    }
    if (cluster == searchFrom) {
      searchFrom = cluster + 1;
    }
    // The block and the count of its cluster are on disk before the table points there.
    file.event(DebugEvent.REFBLOCK_ALLOC_WRITE);
    caches.writeRefcounts();
    file.flush();
    if (grown == null) {
      refcounts.table().point(index, offset);
    } else {
      grown.entries()[(int) index] = offset;
      switchTo(grown);
    }
  }

  /** Moves the refcount table, together with the blocks that count the clusters of the new area. */
  private void switchTo(GrownTable grown) throws BlockException {
    file.event(DebugEvent.REFTABLE_GROW);
    file.event(DebugEvent.REFBLOCK_ALLOC_WRITE_BLOCKS);
    long counted = 0;
    for (long i = 0; i < grown.blocks(); i++) {
      long offset = grown.areaOffset() + (i << geometry.clusterBits());
      overlaps.beforeWrite(OverlapCheck.REFCOUNT_BLOCK, offset, geometry.clusterSize());
      CachedTable block = caches.refcountBlocks().fresh(offset);
      int counts = 1 << refcounts.blockBits();
      for (int at = 0; at < counts && counted < grown.blocks() + grown.tableClusters(); at++) {
        refcounts.setCount(block.bytes(), at, 1);
        counted++;
      }
      grown.entries()[(int) (grown.areaIndex() + i)] = offset;
    }
    caches.writeRefcounts();
    file.event(DebugEvent.REFBLOCK_ALLOC_WRITE_TABLE);
    long bytes = grown.tableClusters() << geometry.clusterBits();
    overlaps.beforeWrite(OverlapCheck.REFCOUNT_TABLE, grown.tableOffset(), bytes);
    file.write(grown.tableOffset(), RefcountTable.toBytes(grown.entries()), 0);
    file.flush();
    file.event(DebugEvent.REFBLOCK_ALLOC_SWITCH_TABLE);
    header.refcountTable(grown.tableOffset(), (int) grown.tableClusters());
    file.flush();
    RefcountTable table = refcounts.table();
    long oldOffset = table.offset();
    long oldBytes = (long) table.clusters() << geometry.clusterBits();
    table.moved(grown.tableOffset(), (int) grown.tableClusters(), grown.entries());
    freed.releaseSettled(oldOffset, oldBytes, FreedClusters.Reason.OTHER);
  }

  /** The bytes of a 64-bit and a 32-bit header field that follow each other. */
  static byte[] fields(long word, int half) {
    var bytes = new byte[12];
    StructWriter.bigEndian(bytes).u64(word).u32(half);
    return bytes;
  }

  /**
   * Takes room for a compressed cluster: any bytes, behind the last one where they fit.
   *
   * @param length in bytes, at most a cluster
   */
  long allocateBytes(long length) throws BlockException {
    file.event(DebugEvent.CLUSTER_ALLOC_BYTES);
    long limit = L2Entry.compressedOffsetLimit(geometry.clusterBits());
    long clusterSize = geometry.clusterSize();
    long offset = byteOffset;
    if (offset != 0) {
      long left = clusterSize - geometry.offsetInCluster(offset);
      long cluster = offset >>> geometry.clusterBits();
      boolean counted = refcounts.get(cluster) < refcounts.maxCount();
      if (left >= length && counted) {
        refcounts.add(cluster, 1, 1);
        return took(offset, length);
      }
      // The data may run on into the next cluster, if that one is free.
      if (left < length
          && counted
          && offset + length <= limit
          && allocateAt(geometry.startOfCluster(offset) + clusterSize, 1) == 1) {
        refcounts.add(cluster, 1, 1);
        return took(offset, length);
      }
    }
    return took(allocate(1, limit), length);
  }

  private long took(long offset, long length) {
    long end = offset + length;
    byteOffset = geometry.offsetInCluster(end) == 0 ? 0 : end;
    return offset;
  }
}
