// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vvfat;

import dev.strata.block.BlockException;
import dev.strata.block.IoVector;
import java.lang.foreign.MemorySegment;
import java.time.ZoneId;
import java.util.Map;
import java.util.TreeMap;

/**
 * The disk's bytes: tables and folders in memory, files where they are. Nothing of it changes, but
 * for what the files hold.
 */
final class FatVolume {
  /** Bytes of the disk that lie together. */
  private interface Region {
    long length();

    /** Fills {@code into} with what lies {@code from} bytes into it. */
    void read(long from, MemorySegment into) throws BlockException;
  }

  private record Memory(byte[] bytes) implements Region {
    @Override
    public long length() {
      return bytes.length;
    }

    @Override
    public void read(long from, MemorySegment into) {
      into.copyFrom(MemorySegment.ofArray(bytes).asSlice(from, into.byteSize()));
    }
  }

  private record File(FolderEntry entry, HostFiles files) implements Region {
    @Override
    public long length() {
      return entry.size();
    }

    @Override
    public void read(long from, MemorySegment into) throws BlockException {
      files.read(entry, from, into);
    }
  }

  private final FatLayout layout;
  private final TreeMap<Long, Region> regions = new TreeMap<>(); // by their first byte

  FatVolume(FatLayout layout, FolderTree tree, String label, ZoneId zone, HostFiles files) {
    this.layout = layout;
    var table = new AllocationTable(layout);
    for (FolderEntry entry : tree.entries()) {
      if (entry.clusters > 0) {
        table.chain(entry.firstCluster, entry.clusters);
      }
      long sector = entry.clusters > 0 ? layout.sectorOf(entry.firstCluster) : layout.rootStart();
      if (entry.isFolder()) {
        put(sector, new Memory(DirectoryRecords.of(entry, label, zone)));
      } else if (entry.clusters > 0) {
        put(sector, new File(entry, files));
      }
    }
    put(0, new Memory(BootSectors.of(layout, label, tree.usedClusters())));
    for (int i = 0; i < FatLayout.TABLES; i++) {
      put(layout.tablesStart() + (long) i * layout.tableSectors(), new Memory(table.bytes()));
    }
  }

  private void put(long sector, Region region) {
    regions.put(sector * FatLayout.SECTOR, region);
  }

  long length() {
    return (long) layout.totalSectors() * FatLayout.SECTOR;
  }

  /** Reads bytes of the disk; what nothing lies in is zero. */
  void read(long offset, IoVector into) throws BlockException {
    into.fill((byte) 0);
    long at = offset;
    for (int i = 0; i < into.count(); i++) {
      MemorySegment segment = into.segment(i);
      read(at, segment);
      at += segment.byteSize();
    }
  }

  private void read(long offset, MemorySegment into) throws BlockException {
    long end = offset + into.byteSize();
    Long first = regions.floorKey(offset);
    for (Map.Entry<Long, Region> each :
        regions.subMap(first == null ? offset : first, end).entrySet()) {
      long start = Math.max(offset, each.getKey());
      long stop = Math.min(end, each.getKey() + each.getValue().length());
      if (start < stop) {
        each.getValue().read(start - each.getKey(), into.asSlice(start - offset, stop - start));
      }
    }
  }
}
