// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.IoVector;
import dev.strata.block.ProgressListener;
import dev.strata.block.driver.SnapshotStore.Snapshot;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Makes clusters that are only flagged as zeroes, which version 2 does not know, unallocated or
 * filled with zeroes: in the active tables and in those of all snapshots. Nothing else is in
 * flight; under the image's table lock.
 */
final class ZeroExpansion {
  private final Qcow2Metadata metadata;
  private final Snapshots snapshots;
  private final Geometry geometry;
  private final GuestMap map;
  private final Refcounts refcounts;
  private final Child file;
  private final Set<Long> done = new HashSet<>(); // L2 tables: snapshots share them

  ZeroExpansion(Qcow2Metadata metadata, Snapshots snapshots) {
    this.metadata = metadata;
    this.snapshots = snapshots;
    this.geometry = metadata.geometry();
    this.map = metadata.guestMap();
    this.refcounts = metadata.refcounts();
    this.file = metadata.file();
  }

  /** Expands all. */
  void run(ProgressListener progress) throws BlockException {
    List<long[]> tables = new ArrayList<>();
    tables.add(map.l1().entries());
    for (Snapshot snapshot : snapshots.list()) {
      tables.add(snapshots.l1(snapshot));
    }
    long total = 0;
    for (long[] table : tables) {
      total += table.length;
    }
    long visited = 0;
    for (long[] table : tables) {
      for (int i = 0; i < table.length; i++) {
        long offset = L1Entry.offset(table[i]);
        if (offset != 0 && done.add(offset)) {
          expand(offset, i * geometry.l1EntryCoverage());
        }
        progress.progress(++visited, total);
      }
    }
    metadata.freed().settle();
    metadata.caches().sync();
  }

  private void expand(long table, long guestStart) throws BlockException {
    if (geometry.offsetInCluster(table) != 0) {
      throw metadata
          .corruption()
          .report("L2 table offset 0x" + Long.toHexString(table) + " unaligned", -1, -1);
    }
    // As often as the table counts, so often do its clusters.
    long shares = refcounts.get(table >>> geometry.clusterBits());
    TableCache slices = metadata.caches().l2Slices();
    for (long at = 0; at < geometry.clusterSize(); at += slices.tableSize()) {
      for (int index = 0; index < map.sliceEntries(); index++) {
        long entry = map.entry(slices.get(table + at), index);
        if (L2Entry.isCompressed(entry) || !L2Entry.isZero(entry)) {
          continue;
        }
        long clustersBefore = at / geometry.l2EntrySize() + index;
        long guestOffset = guestStart + (clustersBefore << geometry.clusterBits());
        long expanded = expanded(entry, shares, guestOffset);
        CachedTable slice = slices.get(table + at);
        map.setEntry(slice, index, expanded);
        long old = L2Entry.offset(entry);
        if (old != 0 && L2Entry.offset(expanded) != old) {
          for (long share = 0; share < shares; share++) {
            metadata.freed().release(old, geometry.clusterSize(), FreedClusters.Reason.OTHER);
          }
        }
      }
    }
  }

  private long expanded(long entry, long shares, long guestOffset) throws BlockException {
    if (!metadata.hasBacking() && !metadata.namesBacking()) {
      return 0; // reads as zeroes as it is
    }
    long size = geometry.clusterSize();
    long host = L2Entry.offset(entry);
    if (geometry.offsetInCluster(host) != 0) {
      throw metadata
          .corruption()
          .report(
              "Preallocated zero cluster offset 0x" + Long.toHexString(host) + " unaligned",
              -1,
              -1);
    }
    // Another table may see data in a cluster that is flagged here.
    boolean own = host != 0 && refcounts.get(host >>> geometry.clusterBits()) == shares;
    if (!own) {
      host = metadata.allocator().allocate(1);
      refcounts.add(host >>> geometry.clusterBits(), 1, shares - 1);
      metadata.caches().orderL2AfterRefcounts();
    }
    metadata.overlaps().beforeWrite(0, host, size);
    DataEncryption encryption = metadata.encryption();
    if (encryption == null) {
      file.writeZeroes(host, size, 0);
    } else {
      encryption.write(file, host, guestOffset, IoVector.of(new byte[(int) size]), 0);
    }
    metadata.caches().orderL2AfterData();
    return host | (shares == 1 ? L2Entry.COPIED : 0);
  }
}
