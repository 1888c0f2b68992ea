// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.BlockException;

/**
 * The references that an L1 table holds, its L2 tables' included: what a snapshot adds to the
 * refcounts and takes from them. Nothing else is in flight; under the image's table lock.
 */
final class TableReferences {
  private final Qcow2Metadata metadata;
  private final Geometry geometry;
  private final GuestMap map;
  private final Refcounts refcounts;
  private long raised;

  TableReferences(Qcow2Metadata metadata) {
    this.metadata = metadata;
    this.geometry = metadata.geometry();
    this.map = metadata.guestMap();
    this.refcounts = metadata.refcounts();
  }

  /** Hears of what a table refers to; false ends the walk. */
  @FunctionalInterface
  private interface Visitor {
    boolean refersTo(long offset, long length) throws BlockException;
  }

  /** Goes through all references in an order that is always the same. */
  private void walk(long[] l1, boolean clearCopied, Visitor visitor) throws BlockException {
    TableCache slices = metadata.caches().l2Slices();
    for (int i = 0; i < l1.length; i++) {
      long table = L1Entry.offset(l1[i]);
      if (table == 0) {
        continue;
      }
      if (geometry.offsetInCluster(table) != 0) {
        throw unaligned("L2 table offset", table, " unaligned (L1 index: 0x", i);
      }
      for (long at = 0; at < geometry.clusterSize(); at += slices.tableSize()) {
        CachedTable slice = slices.get(table + at);
        for (int entry = 0; entry < map.sliceEntries(); entry++) {
          if (!walkEntry(slice, entry, table, clearCopied, visitor)) {
            return;
          }
        }
      }
      if (!visitor.refersTo(table, geometry.clusterSize())) {
        return;
      }
    }
  }

  private boolean walkEntry(
      CachedTable slice, int index, long table, boolean clearCopied, Visitor visitor)
      throws BlockException {
    long entry = map.entry(slice, index);
    if (L2Entry.isCompressed(entry)) {
      return visitor.refersTo(
          L2Entry.compressedOffset(entry, geometry.clusterBits()),
          L2Entry.compressedLength(entry, geometry.clusterBits()));
    }
    long offset = L2Entry.offset(entry);
    if (offset == 0) {
      return true;
    }
    if (geometry.offsetInCluster(offset) != 0) {
      throw unaligned(
          "Cluster allocation offset",
          offset,
          " unaligned (L2 offset: 0x" + Long.toHexString(table) + ", L2 index: 0x",
          index);
    }
    if (clearCopied && L2Entry.isCopied(entry)) {
      map.setEntry(slice, index, entry & ~L2Entry.COPIED);
      slice.dirty = true;
    }
    return visitor.refersTo(offset, geometry.clusterSize());
  }

  private BlockException unaligned(String what, long offset, String where, int index) {
    return metadata
        .corruption()
        .report(
            what + " 0x" + Long.toHexString(offset) + where + Integer.toHexString(index) + ")",
            -1,
            -1);
  }

  private void add(long offset, long length, long change) throws BlockException {
    long first = offset >>> geometry.clusterBits();
    long last = (offset + length - 1) >>> geometry.clusterBits();
    refcounts.add(first, last - first + 1, change);
  }

  /**
   * One more reference to everything, all or none, in memory; what is referred to is no longer
   * anyone's alone, and the L2 tables say so. To be written before a second table points there.
   */
  void raise(long[] l1) throws BlockException {
    raised = 0;
    try {
      walk(
          l1,
          true,
          (offset, length) -> {
            add(offset, length, 1);
            raised++;
            return true;
          });
    } catch (BlockException e) {
      try {
        undoRaise(l1);
      } catch (BlockException again) {
        e.addSuppressed(again); // leaked
      }
      throw e;
    }
  }

  /** Takes back what {@link #raise} did last, as far as it came. */
  void undoRaise(long[] l1) throws BlockException {
    if (raised > 0) {
      walk(
          l1,
          false,
          (offset, length) -> {
            add(offset, length, -1);
            return --raised > 0;
          });
    }
    markCopied();
  }

  /** One reference less to everything: nothing in the file needs that table any more. */
  void release(long[] l1) throws BlockException {
    walk(
        l1,
        false,
        (offset, length) -> {
          metadata.freed().release(offset, length, FreedClusters.Reason.SNAPSHOT);
          return true;
        });
    metadata.freed().settle();
  }

  /** Sets the flags of the active tables as the refcounts are, and puts them on disk. */
  void markCopied() throws BlockException {
    L1Table l1 = map.l1();
    TableCache slices = metadata.caches().l2Slices();
    long[] entries = l1.entries().clone();
    boolean changed = false;
    for (int i = 0; i < entries.length; i++) {
      long table = L1Entry.offset(entries[i]);
      if (table == 0) {
        continue;
      }
      for (long at = 0; at < geometry.clusterSize(); at += slices.tableSize()) {
        markCopied(slices.get(table + at));
      }
      long entry = isSingle(table) ? entries[i] | L1Entry.COPIED : entries[i] & ~L1Entry.COPIED;
      changed |= entry != entries[i];
      entries[i] = entry;
    }
    metadata.caches().sync();
    if (changed) {
      l1.rewrite(entries);
      metadata.file().flush();
    }
  }

  private void markCopied(CachedTable slice) throws BlockException {
    for (int i = 0; i < map.sliceEntries(); i++) {
      long old = map.entry(slice, i);
      long offset = L2Entry.offset(old);
      if (L2Entry.isCompressed(old) || offset == 0) {
        continue;
      }
      long entry = isSingle(offset) ? old | L2Entry.COPIED : old & ~L2Entry.COPIED;
      if (entry != old) {
        map.setEntry(slice, i, entry);
        slice.dirty = true;
      }
    }
  }

  private boolean isSingle(long offset) throws BlockException {
    return refcounts.get(offset >>> geometry.clusterBits()) == 1;
  }
}
