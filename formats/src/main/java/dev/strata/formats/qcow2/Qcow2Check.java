// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import dev.strata.block.IoVector;
import dev.strata.block.driver.Checkable;
import dev.strata.block.driver.Checkable.Listener;
import dev.strata.block.driver.Checkable.Repair;
import dev.strata.block.layout.StructReader;
import java.lang.foreign.MemorySegment;

/**
 * Counts the references to every cluster anew and compares them with the refcounts that are stored.
 *
 * <p>Memory: two bytes for each cluster of the file, and one table at a time. Nothing else is in
 * flight; the image's table lock is held.
 */
final class Qcow2Check {
  private static final int MAX_COUNT = 0xffff;
  private static final int SNAPSHOT_FIXED = 40;

  private final Qcow2Image image;
  private final Geometry geometry;
  private final Child file;
  private final Repair repair;
  private final Listener listener;
  private final short[] counted;
  private long corruptions;
  private long leaks;
  private long checkErrors;
  private long corruptionsFixed;
  private long leaksFixed;
  private long allocated;
  private long fragmented;
  private long compressed;
  private long nextContiguous;

  Qcow2Check(Qcow2Image image, Repair repair, Listener listener) throws BlockException {
    this.image = image;
    this.geometry = image.geometry();
    this.file = image.file();
    this.repair = repair;
    this.listener = listener;
    long clusters = geometry.clustersFor(file.length());
    if (clusters > Integer.MAX_VALUE - 16) {
      throw BlockException.of(Errno.EFBIG, "Image has too many clusters to be checked");
    }
    this.counted = new short[(int) clusters];
  }

  /** Checks everything, and repairs what was asked for. */
  Checkable.Result run() throws BlockException {
    Qcow2Header header = image.header().header();
    count(0, geometry.clusterSize(), "header");
    L1Table l1 = image.guestMap().l1();
    countTables(l1.offset(), l1.entries(), true);
    countSnapshots(header);
    countBitmaps();
    countRefcountStructures();
    compare();
    checkCopiedFlags(l1);
    if (repair == Repair.ALL && corruptions == corruptionsFixed && checkErrors == 0) {
      image.clearTroubleBits();
    }
    return new Checkable.Result(
        corruptions,
        leaks,
        checkErrors,
        corruptionsFixed,
        leaksFixed,
        endOffset(),
        geometry.clustersFor(image.length()),
        allocated,
        fragmented,
        compressed);
  }

  private void corrupt(String line) {
    corruptions++;
    listener.found("ERROR " + line);
  }

  /** A reference to each cluster of the range. */
  private void count(long offset, long length, String what) {
    if (length == 0) {
      return;
    }
    long first = offset >>> geometry.clusterBits();
    long last = (offset + length - 1) >>> geometry.clusterBits();
    for (long cluster = first; cluster <= last; cluster++) {
      if (cluster < 0 || cluster >= counted.length) {
        corrupt(
            what + " at offset 0x" + Long.toHexString(offset) + " is beyond the end of the file");
        return;
      }
      if ((counted[(int) cluster] & MAX_COUNT) < MAX_COUNT) {
        counted[(int) cluster]++;
      }
    }
  }

  private void countTables(long l1Offset, long[] entries, boolean active) throws BlockException {
    count(l1Offset, entries.length * 8L, "L1 table");
    var table = new long[(int) (geometry.clusterSize() / 8)];
    for (int i = 0; i < entries.length; i++) {
      long entry = entries[i];
      long offset = L1Entry.offset(entry);
      if (offset == 0) {
        continue;
      }
      if (geometry.offsetInCluster(offset) != 0) {
        corrupt(
            "l2_offset="
                + Long.toHexString(offset)
                + ": Table is not cluster aligned; L1 entry corrupted");
        continue;
      }
      count(offset, geometry.clusterSize(), "L2 table");
      RefcountTable.readWords(file, offset, table);
      countL2(table, active);
    }
  }

  private void countL2(long[] table, boolean active) {
    int words = geometry.extendedL2() ? 2 : 1;
    boolean external = image.dataFile() != file;
    nextContiguous = 0; // where one table ends and the next begins, nothing is fragmented
    for (int i = 0; i < table.length; i += words) {
      long entry = table[i];
      if (L2Entry.isCompressed(entry)) {
        if (L2Entry.isCopied(entry)) {
          corrupt(
              "coffset=0x"
                  + Long.toHexString(L2Entry.compressedOffset(entry, geometry.clusterBits()))
                  + ": copied flag must never be set for compressed clusters");
        }
        count(
            L2Entry.compressedOffset(entry, geometry.clusterBits()),
            L2Entry.compressedLength(entry, geometry.clusterBits()),
            "compressed cluster");
        statistics(-1, active);
        continue;
      }
      long offset = L2Entry.offset(entry);
      // In an external data file the first cluster is one like all others.
      if (offset == 0 && !(external && L2Entry.isCopied(entry))) {
        continue;
      }
      if (geometry.offsetInCluster(offset) != 0) {
        corrupt(
            "offset="
                + Long.toHexString(offset)
                + ": Data cluster is not properly aligned; L2 entry corrupted.");
        continue;
      }
      if (!external) {
        count(offset, geometry.clusterSize(), "data cluster");
      }
      statistics(offset, active);
    }
  }

  /** Counts a cluster of the active disk; -1 for a compressed one. */
  private void statistics(long offset, boolean active) {
    if (!active) {
      return;
    }
    allocated++;
    if (offset < 0) {
      compressed++;
      fragmented++;
      return;
    }
    if (nextContiguous != 0 && offset != nextContiguous) {
      fragmented++;
    }
    nextContiguous = offset + geometry.clusterSize();
  }

  private byte[] bytes(long offset, int length) throws BlockException {
    var bytes = new byte[length];
    file.read(offset, IoVector.of(bytes), 0);
    return bytes;
  }

  private void countSnapshots(Qcow2Header header) throws BlockException {
    long at = header.snapshotsOffset();
    for (int i = 0; i < header.snapshotCount(); i++) {
      var in = StructReader.bigEndian(MemorySegment.ofArray(bytes(at, SNAPSHOT_FIXED)));
      long l1Offset = in.u64("l1_table_offset");
      long l1Size = in.u32("l1_size");
      int idSize = in.u16("id_str_size");
      int nameSize = in.u16("name_size");
      in.skip("times", 20);
      long extra = in.u32("extra_data_size");
      Qcow2Open.checkTable(
          "Snapshot L1 table",
          l1Offset,
          l1Size,
          8,
          Qcow2Header.MAX_L1_BYTES,
          geometry.clusterSize());
      var entries = new long[(int) l1Size];
      RefcountTable.readWords(file, l1Offset, entries);
      countTables(l1Offset, entries, false);
      at += (SNAPSHOT_FIXED + extra + idSize + nameSize + 7) & -8L;
    }
    if (header.snapshotCount() > 0) {
      count(header.snapshotsOffset(), at - header.snapshotsOffset(), "snapshot table");
    }
  }

  private void countBitmaps() throws BlockException {
    var bitmaps = image.header().extension(HeaderExtension.Bitmaps.class);
    if (bitmaps == null || bitmaps.directorySize() <= 0 || bitmaps.directorySize() > 1 << 26) {
      return;
    }
    count(bitmaps.directoryOffset(), bitmaps.directorySize(), "bitmap directory");
    var in =
        StructReader.bigEndian(
            MemorySegment.ofArray(bytes(bitmaps.directoryOffset(), (int) bitmaps.directorySize())));
    for (int i = 0; i < bitmaps.count() && in.remaining() > 0; i++) {
      long start = in.position();
      long tableOffset = in.u64("bitmap_table_offset");
      long tableSize = in.u32("bitmap_table_size");
      in.skip("flags, type, granularity", 6);
      int nameSize = in.u16("name_size");
      long extra = in.u32("extra_data_size");
      Qcow2Open.checkTable(
          "Bitmap table", tableOffset, tableSize, 8, 1 << 26, geometry.clusterSize());
      count(tableOffset, tableSize * 8, "bitmap table");
      var entries = new long[(int) tableSize];
      RefcountTable.readWords(file, tableOffset, entries);
      for (long entry : entries) {
        long offset = L1Entry.offset(entry);
        if (offset != 0) {
          count(offset, geometry.clusterSize(), "bitmap cluster");
        }
      }
      in.seek("next entry", start + ((24 + extra + nameSize + 7) & -8L));
    }
  }

  private void countRefcountStructures() {
    RefcountTable table = image.refcounts().table();
    count(table.offset(), (long) table.clusters() << geometry.clusterBits(), "refcount table");
    for (int i = 0; i < table.used(); i++) {
      long offset = table.block(i);
      if (offset == 0) {
        continue;
      }
      if (!table.isAligned(i)) {
        corrupt("refcount block " + i + " is not cluster aligned; refcount table entry corrupted");
        continue;
      }
      count(offset, geometry.clusterSize(), "refcount block " + i);
    }
  }

  private void compare() throws BlockException {
    Refcounts refcounts = image.refcounts();
    for (int cluster = 0; cluster < counted.length; cluster++) {
      long reference = counted[cluster] & MAX_COUNT;
      long stored;
      try {
        stored = refcounts.get(cluster);
      } catch (BlockException e) {
        checkErrors++;
        listener.found("Can't get refcount for cluster " + cluster + ": " + e.getMessage());
        continue;
      }
      if (stored == reference) {
        continue;
      }
      boolean leak = Long.compareUnsigned(stored, reference) > 0;
      boolean wanted = leak ? repair != Repair.NONE : repair == Repair.ALL;
      boolean fix = wanted && refcounts.hasBlock(cluster);
      String numbers = " cluster " + cluster + " refcount=" + stored + " reference=" + reference;
      listener.found((leak ? "Leaked" : "ERROR") + numbers);
      if (fix) {
        listener.found("Repairing" + numbers);
      }
      if (fix) {
        refcounts.set(cluster, reference);
      }
      if (leak) {
        leaks += fix ? 0 : 1;
        leaksFixed += fix ? 1 : 0;
      } else {
        corruptions += fix ? 0 : 1;
        corruptionsFixed += fix ? 1 : 0;
      }
      listener.progress(cluster, counted.length);
    }
    if (repair != Repair.NONE) {
      image.caches().sync();
    }
  }

  /** The flag says that the refcount is exactly one; writing relies on it. */
  private void checkCopiedFlags(L1Table l1) throws BlockException {
    var table = new long[(int) (geometry.clusterSize() / 8)];
    int words = geometry.extendedL2() ? 2 : 1;
    for (int i = 0; i < l1.size(); i++) {
      long offset = L1Entry.offset(l1.entry(i));
      if (offset == 0 || geometry.offsetInCluster(offset) != 0) {
        continue;
      }
      long count = image.refcounts().get(offset >>> geometry.clusterBits());
      if ((count == 1) != L1Entry.isCopied(l1.entry(i))
          && flag(
              "OFLAG_COPIED L2 cluster: l1_index="
                  + i
                  + " l1_entry="
                  + Long.toHexString(l1.entry(i))
                  + " refcount="
                  + count)) {
        l1.set(i, offset | (count == 1 ? L1Entry.COPIED : 0));
      }
      RefcountTable.readWords(file, offset, table);
      boolean changed = false;
      for (int j = 0; j < table.length; j += words) {
        changed |= checkCopied(table, j);
      }
      if (changed) {
        file.write(offset, RefcountTable.toBytes(table), 0);
        image.caches().l2Slices().drop(offset, geometry.clusterSize());
      }
    }
  }

  private boolean checkCopied(long[] table, int index) throws BlockException {
    long entry = table[index];
    long offset = L2Entry.offset(entry);
    if (L2Entry.isCompressed(entry)
        || offset == 0
        || geometry.offsetInCluster(offset) != 0
        || image.dataFile() != file) {
      return false;
    }
    long count = image.refcounts().get(offset >>> geometry.clusterBits());
    if ((count == 1) == L2Entry.isCopied(entry)
        || !flag(
            "OFLAG_COPIED data cluster: l2_entry="
                + Long.toHexString(entry)
                + " refcount="
                + count)) {
      return false;
    }
    table[index] = count == 1 ? entry | L2Entry.COPIED : entry & ~L2Entry.COPIED;
    return true;
  }

  /** Reports a wrong flag; whether it is to be put right. */
  private boolean flag(String what) {
    boolean fix = repair == Repair.ALL;
    listener.found((fix ? "Repairing " : "ERROR ") + what);
    corruptions += fix ? 0 : 1;
    corruptionsFixed += fix ? 1 : 0;
    return fix;
  }

  private boolean isStored(int cluster) {
    try {
      return image.refcounts().get(cluster) != 0;
    } catch (BlockException e) {
      return false; // said already
    }
  }

  private long endOffset() {
    int cluster = counted.length;
    while (cluster > 0 && counted[cluster - 1] == 0 && !isStored(cluster - 1)) {
      cluster--;
    }
    return (long) cluster << geometry.clusterBits();
  }
}
