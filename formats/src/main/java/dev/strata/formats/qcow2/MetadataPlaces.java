// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Where an image's metadata lie, for {@link OverlapCheck}. Guarded by the image's table lock. */
final class MetadataPlaces implements OverlapCheck.Places {
  private final Child file;
  private final Geometry geometry;
  private final HeaderFile header;
  private final Corruption corruption;
  private @Nullable L1Table l1;
  private @Nullable RefcountTable refcountTable;
  private List<SnapshotEntry> inactive = List.of();
  private long snapshotTableSize;

  MetadataPlaces(Child file, Geometry geometry, HeaderFile header, Corruption corruption) {
    this.file = file;
    this.geometry = geometry;
    this.header = header;
    this.corruption = corruption;
  }

  /** The tables that were read. */
  void use(L1Table activeL1, RefcountTable table) {
    l1 = activeL1;
    refcountTable = table;
  }

  /** The snapshots, and the size of their table in bytes. */
  void snapshots(List<SnapshotEntry> snapshots, long tableSize) {
    inactive = snapshots;
    snapshotTableSize = tableSize;
  }

  @Override
  public int sectionsAt(int wanted, long offset, long length) throws BlockException {
    long clusterSize = geometry.clusterSize();
    if ((wanted & OverlapCheck.MAIN_HEADER) != 0 && offset < clusterSize) {
      return OverlapCheck.MAIN_HEADER;
    }
    long from = geometry.startOfCluster(offset);
    long to = geometry.startOfCluster(offset + length - 1) + clusterSize;
    L1Table active = l1;
    if (active != null) {
      if ((wanted & OverlapCheck.ACTIVE_L1) != 0
          && touches(from, to, active.offset(), active.size() * 8L)) {
        return OverlapCheck.ACTIVE_L1;
      }
      if ((wanted & OverlapCheck.ACTIVE_L2) != 0 && pointsInto(active.entries(), from, to)) {
        return OverlapCheck.ACTIVE_L2;
      }
    }
    RefcountTable table = refcountTable;
    if (table != null) {
      if ((wanted & OverlapCheck.REFCOUNT_TABLE) != 0
          && touches(from, to, table.offset(), table.clusters() * clusterSize)) {
        return OverlapCheck.REFCOUNT_TABLE;
      }
      if ((wanted & OverlapCheck.REFCOUNT_BLOCK) != 0) {
        for (int i = 0; i < table.used(); i++) {
          if (touches(from, to, table.block(i), table.block(i) == 0 ? 0 : clusterSize)) {
            return OverlapCheck.REFCOUNT_BLOCK;
          }
        }
      }
    }
    if ((wanted & OverlapCheck.SNAPSHOT_TABLE) != 0
        && touches(from, to, header.header().snapshotsOffset(), snapshotTableSize)) {
      return OverlapCheck.SNAPSHOT_TABLE;
    }
    for (SnapshotEntry snapshot : inactive) {
      if (!snapshot.isPlausible()) {
        continue;
      }
      if ((wanted & OverlapCheck.INACTIVE_L1) != 0
          && touches(from, to, snapshot.l1Offset(), snapshot.l1Size() * 8L)) {
        return OverlapCheck.INACTIVE_L1;
      }
      if ((wanted & OverlapCheck.INACTIVE_L2) != 0) {
        // Read each time: all of them in memory would be too much, and few ask for this check.
        var entries = new long[(int) snapshot.l1Size()];
        RefcountTable.readWords(file, snapshot.l1Offset(), entries);
        if (pointsInto(entries, from, to)) {
          return OverlapCheck.INACTIVE_L2;
        }
      }
    }
    if ((wanted & OverlapCheck.BITMAP_DIRECTORY) != 0) {
      var bitmaps = header.extension(HeaderExtension.Bitmaps.class);
      if (bitmaps != null
          && touches(from, to, bitmaps.directoryOffset(), bitmaps.directorySize())) {
        return OverlapCheck.BITMAP_DIRECTORY;
      }
    }
    return 0;
  }

  private static boolean touches(long from, long to, long start, long size) {
    return size > 0 && start < to && from < start + size;
  }

  private boolean pointsInto(long[] table, long from, long to) {
    for (long entry : table) {
      long l2 = L1Entry.offset(entry);
      if (l2 != 0 && l2 < to && from < l2 + geometry.clusterSize()) {
        return true;
      }
    }
    return false;
  }

  @Override
  public BlockException corrupt(String message, long offset, long length) {
    return corruption.report(message, offset, length);
  }
}
