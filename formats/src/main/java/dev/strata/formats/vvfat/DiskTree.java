// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vvfat;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.io.ByteArrayOutputStream;
import java.time.ZoneId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The files and folders that a guest's disk has, as tables and records say. Nothing is believed: a
 * disk on which two things claim one cluster, a chain does not end or a file is longer than its
 * chain is refused. Chains that nothing refers to are none of a file's, and no matter.
 */
final class DiskTree {
  private static final int MAX_FILES = 65_536;
  private static final int MAX_DEPTH = 128;

  private final FatLayout layout;
  private final WrittenDisk disk;
  private final ZoneId zone;
  private final AllocationTable table;
  private final BitSet taken = new BitSet(); // clusters
  private final Map<List<String>, DiskEntry> entries = new LinkedHashMap<>();

  /** A folder whose records are to be read. */
  private record Unread(List<String> place, List<Integer> clusters) {}

  private DiskTree(FatLayout layout, WrittenDisk disk, ZoneId zone) throws BlockException {
    this.layout = layout;
    this.disk = disk;
    this.zone = zone;
    this.table =
        new AllocationTable(layout.type(), disk.read(layout.tablesStart(), layout.tableSectors()));
  }

  /**
   * Reads the disk: folders before what they hold.
   *
   * @param layout which the disk has to have kept
   * @param boot what its sectors before the tables were
   * @throws BlockException EIO if it is not in order
   */
  static Collection<DiskEntry> of(FatLayout layout, WrittenDisk disk, byte[] boot, ZoneId zone)
      throws BlockException {
    requireLayout(layout, disk.read(0, layout.tablesStart()), boot);
    var tree = new DiskTree(layout, disk, zone);
    tree.read();
    return tree.entries.values();
  }

  private static BlockException refused(String what) {
    return new BlockException(Errno.EIO, what);
  }

  /** Whoever makes a new file system cannot mean the folder's files. */
  private static void requireLayout(FatLayout layout, byte[] now, byte[] boot)
      throws BlockException {
    int at = layout.bootSector() * FatLayout.SECTOR;
    int end = layout.type() == FatType.FAT32 ? 48 : 24;
    boolean same =
        Arrays.equals(now, at + 11, at + end, boot, at + 11, at + end)
            && Arrays.equals(now, at + 32, at + 36, boot, at + 32, at + 36)
            && (layout.bootSector() == 0 || Arrays.equals(now, 454, 462, boot, 454, 462));
    if (!same) {
      throw refused("The disk has another partition or file system than the folder");
    }
  }

  private void read() throws BlockException {
    var unread = new ArrayDeque<Unread>();
    if (layout.rootEntries() > 0) {
      int sectors = layout.dataStart() - layout.rootStart();
      add(List.of(), disk.read(layout.rootStart(), sectors), unread);
    } else {
      unread.add(new Unread(List.of(), chain(FatLayout.FIRST_CLUSTER, "/")));
    }
    while (!unread.isEmpty()) {
      Unread folder = unread.remove();
      var bytes = new ByteArrayOutputStream();
      for (int cluster : folder.clusters) { // each once in all: no more than the disk
        bytes.writeBytes(disk.read(layout.sectorOf(cluster), layout.clusterSectors()));
      }
      add(folder.place, bytes.toByteArray(), unread);
    }
  }

  private void add(List<String> folder, byte[] records, ArrayDeque<Unread> unread)
      throws BlockException {
    for (RecordReader.Found found : RecordReader.read(records, zone)) {
      var names = new ArrayList<>(folder);
      names.add(found.name());
      List<String> place = List.copyOf(names);
      String shown = HostName.shown(String.join("/", place));
      if (place.size() > MAX_DEPTH) {
        throw refused(shown + " lies in more than " + MAX_DEPTH + " folders");
      }
      // The upper half is something else on smaller disks.
      int first = layout.type() == FatType.FAT32 ? found.cluster() : found.cluster() & 0xffff;
      List<Integer> clusters = found.isFolder() || first != 0 ? chain(first, shown) : List.of();
      long needed = layout.clustersFor(found.size());
      if (needed > clusters.size()) {
        throw refused(shown + " is longer than its clusters are");
      }
      if (found.isFolder()) {
        unread.add(new Unread(place, clusters));
      }
      var entry =
          new DiskEntry(
              place,
              found.isFolder(),
              clusters.subList(0, (int) needed),
              found.size(),
              found.written());
      if (entries.put(place, entry) != null) {
        throw refused(shown + " is there twice");
      }
      if (entries.size() > MAX_FILES) {
        throw refused("The disk holds more than " + MAX_FILES + " files");
      }
    }
  }

  /** The clusters from one on, of which nothing else may have any: so it ends. */
  private List<Integer> chain(int first, String of) throws BlockException {
    var clusters = new ArrayList<Integer>();
    int cluster = first;
    while (layout.isCluster(cluster)) {
      if (taken.get(cluster)) {
        throw refused(of + " has a cluster twice, or one of another file: " + cluster);
      }
      taken.set(cluster);
      clusters.add(cluster);
      cluster = table.next(cluster);
    }
    if (clusters.isEmpty() || !table.isEnd(cluster)) {
      throw refused(of + " has a cluster that cannot be: " + cluster);
    }
    return clusters;
  }
}
