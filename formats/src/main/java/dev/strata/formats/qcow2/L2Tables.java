// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.DebugEvent;

/**
 * Makes L2 tables that may be written: the active L1 table's own, not shared with a snapshot.
 * Guarded by the image's table lock.
 */
final class L2Tables {
  private final Geometry geometry;
  private final Child file;
  private final GuestMap map;
  private final ClusterAllocator allocator;
  private final FreedClusters freed;
  private final MetadataCaches caches;

  L2Tables(
      Geometry geometry,
      Child file,
      GuestMap map,
      ClusterAllocator allocator,
      FreedClusters freed,
      MetadataCaches caches) {
    this.geometry = geometry;
    this.file = file;
    this.map = map;
    this.allocator = allocator;
    this.freed = freed;
    this.caches = caches;
  }

  /** Where the table with that guest byte's entry lies, made or copied if it may not be written. */
  long writable(long guestOffset) throws BlockException {
    int index = map.l1Index(guestOffset);
    long old = map.l2Offset(guestOffset);
    if (old != 0 && L1Entry.isCopied(map.l1().entry(index))) {
      return old;
    }
    long made = allocator.allocate(1);
    boolean linked = false;
    try {
      map.allocating();
      fill(made, old);
      // The counts and the table are on disk before the L1 entry points there.
      caches.orderL2AfterRefcounts();
      caches.write(false);
      caches.writeRefcounts();
      file.flush();
      map.l1().set(index, made | L1Entry.COPIED);
      linked = true;
    } finally {
      if (!linked) {
        caches.l2Slices().drop(made, geometry.clusterSize());
        allocator.release(made, 1);
      }
    }
    if (old != 0) {
      freed.release(old, geometry.clusterSize(), FreedClusters.Reason.OTHER);
    }
    return made;
  }

  private void fill(long made, long old) throws BlockException {
    TableCache slices = caches.l2Slices();
    if (old != 0) {
      file.event(DebugEvent.L2_ALLOC_COW_READ);
    }
    for (long at = 0; at < geometry.clusterSize(); at += slices.tableSize()) {
      if (old == 0) {
        slices.fresh(made + at);
        continue;
      }
      var copy = new byte[slices.tableSize()];
      slices.get(old + at).bytes().get(0, copy);
      CachedTable fresh = slices.fresh(made + at);
      fresh.bytes().put(0, copy);
    }
  }
}
