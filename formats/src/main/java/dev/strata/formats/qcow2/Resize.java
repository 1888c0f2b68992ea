// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.DebugEvent;
import dev.strata.block.Errno;
import dev.strata.block.IoVector;
import dev.strata.block.Preallocation;
import dev.strata.block.RequestFlags;
import dev.strata.block.driver.Mapping;
import dev.strata.block.layout.StructWriter;
import java.util.Arrays;

/** Gives an image another size; nothing else is in flight. */
final class Resize {
  private final Qcow2Metadata metadata;
  private final GuestWrites writes;
  private final ClusterErasure erasure;
  private final PersistentBitmaps bitmaps;
  private final GuestWriter guestWriter;
  private final Geometry geometry;
  private final Child file;

  Resize(
      Qcow2Metadata metadata,
      GuestWrites writes,
      ClusterErasure erasure,
      PersistentBitmaps bitmaps,
      GuestWriter guestWriter) {
    this.metadata = metadata;
    this.writes = writes;
    this.erasure = erasure;
    this.bitmaps = bitmaps;
    this.guestWriter = guestWriter;
    this.geometry = metadata.geometry();
    this.file = metadata.file();
  }

  /** Writes guest data while the image is held alone. */
  @FunctionalInterface
  interface GuestWriter {
    void write(long guestOffset, IoVector from) throws BlockException;
  }

  /** To {@code length} bytes. */
  void to(long length, boolean exact, Preallocation mode, int flags) throws BlockException {
    if ((length & 511) != 0) {
      throw new BlockException(Errno.EINVAL, "The new size must be a multiple of 512");
    }
    long old = metadata.size();
    if (metadata.hasSnapshots() && metadata.header().header().version() < 3) {
      throw new BlockException(Errno.EOPNOTSUPP, "Can't resize a v2 image which has snapshots");
    }
    bitmaps.checkResizable();
    if (length < old) {
      shrink(old, length, mode);
    } else if (length > old) {
      // Who reads a raw data file without this image expects all of it to count.
      boolean all = metadata.isDataFileRaw() && mode == Preallocation.OFF;
      grow(old, length, all ? Preallocation.METADATA : mode, flags);
    }
    writeSize(length);
  }

  private void writeSize(long length) throws BlockException {
    var bytes = new byte[8];
    StructWriter.bigEndian(bytes).u64(length);
    try {
      file.write(24, bytes, 0);
      file.flush();
    } catch (BlockException e) {
      throw BlockException.of(e.errno(), "Failed to update the image size");
    }
    metadata.header().changed(metadata.header().header().withSize(length));
    metadata.size(length);
  }

  private void shrink(long old, long length, Preallocation mode) throws BlockException {
    if (mode != Preallocation.OFF) {
      throw new BlockException(Errno.EINVAL, "Preallocation can't be used for shrinking an image");
    }
    long cluster = geometry.clusterSize();
    long from = (length + cluster - 1) & -cluster;
    // Whatever is kept behind the disk's end for a running machine goes with the disk's end.
    long to =
        metadata.hasExternalData()
            ? (old + cluster - 1) & -cluster
            : metadata.l1().size() * geometry.l1EntryCoverage();
    if (to > from) {
      try {
        erasure.discard(from, to - from, true, FreedClusters.Reason.OTHER);
      } catch (BlockException e) {
        throw BlockException.of(e.errno(), "Failed to discard cropped clusters");
      }
    }
    if (metadata.hasExternalData()) {
      metadata.dataFile().truncate(length, false, Preallocation.OFF, 0);
      return;
    }
    metadata.lock().lock();
    try {
      freeL2Tables(geometry.l1EntriesFor(length));
      metadata.freed().settle();
      truncateFile();
    } finally {
      metadata.lock().unlock();
    }
  }

  /** Gives up the L2 tables that only the cropped part needs. */
  private void freeL2Tables(long keep) throws BlockException {
    L1Table l1 = metadata.l1();
    for (int i = (int) keep; i < l1.size(); i++) {
      long table = L1Entry.offset(l1.entry(i));
      if (table != 0) {
        file.event(DebugEvent.L1_SHRINK_WRITE_TABLE);
        l1.set(i, 0);
        file.event(DebugEvent.L1_SHRINK_FREE_L2_CLUSTERS);
        metadata.freed().release(table, geometry.clusterSize(), FreedClusters.Reason.OTHER);
      }
    }
  }

  /** Cuts the file behind the last cluster in use. */
  private void truncateFile() throws BlockException {
    Refcounts refcounts = metadata.refcounts();
    long counted = (long) refcounts.table().used() << refcounts.blockBits();
    long cluster = Math.min(geometry.clustersFor(file.length()), counted);
    while (cluster > 0 && refcounts.get(cluster - 1) == 0) {
      cluster--;
    }
    long end = cluster << geometry.clusterBits();
    if (end < file.length()) {
      file.truncate(end, false, Preallocation.OFF, 0);
    }
  }

  private void grow(long old, long length, Preallocation mode, int flags) throws BlockException {
    metadata.lock().lock();
    try {
      growL1(length);
    } finally {
      metadata.lock().unlock();
    }
    if (metadata.hasExternalData()) {
      metadata
          .dataFile()
          .truncate(length, false, mode == Preallocation.METADATA ? Preallocation.OFF : mode, 0);
    }
    if (mode != Preallocation.OFF) {
      metadata.size(length);
      boolean done = false;
      try {
        preallocate(old, length, mode);
        done = true;
      } finally {
        if (!done) {
          metadata.size(old);
        }
      }
    }
    // What has been reserved is zeroes already, and stays data.
    boolean reserved = mode == Preallocation.FALLOC || mode == Preallocation.FULL;
    if (RequestFlags.has(flags, RequestFlags.ZERO_GROWN) && !reserved) {
      zeroGrown(old, length);
    }
  }

  /**
   * Neither a backing file longer than the image was nor what the image once held may be read in
   * the grown part.
   */
  private void zeroGrown(long old, long length) throws BlockException {
    long cluster = geometry.clusterSize();
    long sub = geometry.subclusterSize();
    long from = (old + sub - 1) & -sub;
    metadata.size(length);
    boolean done = false;
    try {
      long to = (length + cluster - 1) & -cluster;
      // The cluster the image ended in may hold more than the image had, of before it shrank.
      long shared = Math.min(from, length) - old;
      if (shared > 0) {
        guestWriter.write(old, IoVector.of(new byte[(int) shared]));
      }
      if (from < to) {
        erasure.zero(from, to - from, 0);
      }
      done = true;
    } finally {
      if (!done) {
        metadata.size(old);
      }
    }
  }

  private void preallocate(long old, long length, Preallocation mode) throws BlockException {
    long end = length;
    for (long at = geometry.startOfCluster(old); at < end; ) {
      ClusterAllocation allocation;
      if (at < old && isMapped(at)) {
        at += geometry.clusterSize();
        continue;
      }
      allocation = writes.allocate(at, Math.min(end - at, 1L << 30), false);
      boolean linked = false;
      try {
        long host = allocation.hostOffset();
        if (mode == Preallocation.FULL || mode == Preallocation.FALLOC) {
          reserve(host, allocation.length(), mode);
        } else {
          reach(host + allocation.length());
        }
        writes.linkAhead(allocation);
        linked = true;
      } finally {
        if (!linked) {
          allocation.release();
        }
      }
      at = allocation.guestOffset() + allocation.length();
    }
  }

  /** Clusters lie inside the file before anything points to them: it may be too full for them. */
  private void reach(long end) throws BlockException {
    Child data = metadata.dataFile();
    if (end > data.length()) {
      data.truncate(end, false, Preallocation.OFF, 0);
    }
  }

  /** Whether a guest byte has storage of its own. */
  private boolean isMapped(long guestOffset) throws BlockException {
    metadata.lock().lock();
    try {
      metadata.corruption().checkUsable();
      return metadata.guestMap().map(guestOffset, 1) instanceof Mapping.Data;
    } finally {
      metadata.lock().unlock();
    }
  }

  private void reserve(long host, long length, Preallocation mode) throws BlockException {
    Child data = metadata.dataFile();
    if (host >= data.length()) {
      data.truncate(host + length, false, mode, 0);
    } else {
      data.writeZeroes(host, length, 0);
    }
  }

  /** Lets the L1 table reach {@code length} bytes of guest addresses. */
  void growL1(long length) throws BlockException {
    L1Table l1 = metadata.l1();
    long needed = geometry.l1EntriesFor(length);
    if (needed <= l1.size()) {
      return;
    }
    if (needed > Qcow2Header.MAX_L1_BYTES / 8) {
      throw BlockException.of(Errno.EFBIG);
    }
    file.event(DebugEvent.L1_GROW_ALLOC_TABLE);
    long[] entries = Arrays.copyOf(l1.entries(), (int) needed);
    long bytes = needed * 8;
    long offset = metadata.allocator().allocate(geometry.clustersFor(bytes));
    metadata.caches().sync();
    metadata.overlaps().beforeWrite(0, offset, bytes);
    file.event(DebugEvent.L1_GROW_WRITE_TABLE);
    file.write(offset, RefcountTable.toBytes(entries), 0);
    file.flush();
    file.event(DebugEvent.L1_GROW_ACTIVATE_TABLE);
    var fields = new byte[12];
    StructWriter.bigEndian(fields).u32(needed).u64(offset);
    file.write(36, fields, 0);
    file.flush();
    metadata.header().changed(metadata.header().header().withL1((int) needed, offset));
    long oldOffset = l1.offset();
    long oldSize = l1.size() * 8L;
    l1.replace(offset, entries);
    if (oldSize > 0) {
      // Nothing on disk leads there any more.
      metadata.freed().releaseSettled(oldOffset, oldSize, FreedClusters.Reason.OTHER);
    }
  }
}
