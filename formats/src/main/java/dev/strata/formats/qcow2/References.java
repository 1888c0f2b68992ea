// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import dev.strata.block.Preallocation;
import dev.strata.block.driver.Checkable.Listener;
import dev.strata.block.driver.SnapshotStore.Snapshot;
import dev.strata.block.layout.StructReader;

/**
 * How many references there are to each cluster of the file, counted anew from all tables, with
 * what is wrong in those.
 *
 * <p>Memory: two bytes for each cluster that the file's tables reach, and one table at a time.
 * Nothing else is in flight; the image's table lock is held.
 */
final class References {
  private final Qcow2Metadata metadata;
  private final Snapshots snapshots;
  private final Geometry geometry;
  private final Child file;
  private final boolean repairs;
  private final Listener listener;
  private final long fileLength;
  private final ClusterCounts counted; // marked where there is more than L2 tables
  private final long reach; // how far a file of this disk may have reached that was cut off
  private long beyond; // where the farthest region up to there ends that exceeds the file
  private long corruptions;
  private long corruptionsFixed;
  private long structureErrors; // of the corruptions
  private long allocated;
  private long fragmented;
  private long compressed;
  private long nextContiguous;

  /**
   * Nothing is counted yet.
   *
   * @param repairs whether entries are put right where that loses nothing
   */
  References(Qcow2Metadata metadata, Snapshots snapshots, boolean repairs, Listener listener)
      throws BlockException {
    this.metadata = metadata;
    this.snapshots = snapshots;
    this.geometry = metadata.geometry();
    this.file = metadata.file();
    this.repairs = repairs;
    this.listener = listener;
    this.fileLength = file.length();
    long clusters = geometry.clustersFor(fileLength);
    if (clusters > ClusterCounts.MAX_CLUSTERS) {
      throw BlockException.of(Errno.EFBIG, "Image has too many clusters to be checked");
    }
    this.reach = Math.min(fileLength, Long.MAX_VALUE / 2) + Math.min(metadata.size(), 1L << 61);
    this.counted = new ClusterCounts((int) clusters);
  }

  /** Counts all there are. */
  void countAll() throws BlockException {
    count(0, geometry.clusterSize());
    L1Table l1 = metadata.l1();
    countTables(l1.offset(), l1.entries(), true);
    countSnapshots();
    var crypto = metadata.header().extension(HeaderExtension.CryptoHeader.class);
    if (crypto != null) {
      count(crypto.offset(), crypto.length());
    }
    countBitmaps();
    countRefcountStructures();
  }

  /** The same of the image with new refcount structures; what is wrong in tables stays as found. */
  References recounted() throws BlockException {
    var silent =
        new Listener() {
          @Override
          public void found(String line) {}

          @Override
          public void progress(long done, long total) {}
        };
    var again = new References(metadata, snapshots, false, silent);
    again.countAll();
    again.corruptionsFixed = corruptionsFixed + Math.max(0, corruptions - again.corruptions);
    return again;
  }

  /**
   * The same, with the file grown to what its tables name behind its end, if that is not far: what
   * is placed there must not be taken for something else.
   */
  References reaching() throws BlockException {
    long clusters = geometry.clustersFor(beyond);
    if (beyond <= fileLength || clusters > ClusterCounts.MAX_CLUSTERS) {
      return this;
    }
    file.truncate(clusters << geometry.clusterBits(), false, Preallocation.OFF, 0);
    return recounted();
  }

  /** How many clusters the file has. */
  int clusters() {
    return counted.length();
  }

  /** How often that cluster is referred to; at most 65535. */
  int of(long cluster) {
    return counted.get(cluster);
  }

  /** Behind the last cluster that something may refer to. */
  int end() {
    return counted.end();
  }

  /** The first cluster from {@code cluster} on that something may refer to. */
  int next(int cluster) {
    return counted.next(cluster);
  }

  /** Whether an L2 table there is nothing else as well, whose bytes would change with it. */
  boolean isOnlyTable(long offset) {
    return !counted.isMarked(offset >>> geometry.clusterBits());
  }

  /** A run of clusters behind the end of the file, referred to once from now on. */
  long append(int clusters) throws BlockException {
    int first = counted.length();
    if (first > ClusterCounts.MAX_CLUSTERS - clusters) {
      throw BlockException.of(Errno.EFBIG);
    }
    counted.grow(first + clusters);
    for (int i = 0; i < clusters; i++) {
      counted.set(first + i, 1);
    }
    return (long) first << geometry.clusterBits();
  }

  /** What {@link #append} gave is not needed. */
  void giveBack(long offset, long clusters) {
    int first = (int) (offset >>> geometry.clusterBits());
    for (int i = 0; i < clusters; i++) {
      counted.set(first + i, 0);
    }
  }

  /** What is wrong and stays so. */
  long corruptions() {
    return corruptions;
  }

  long corruptionsFixed() {
    return corruptionsFixed;
  }

  /** Whether the refcount structures cannot be relied on. */
  boolean structuresBroken() {
    return structureErrors > 0;
  }

  long allocated() {
    return allocated;
  }

  long fragmented() {
    return fragmented;
  }

  long compressed() {
    return compressed;
  }

  /** What is wrong, as it follows {@code ERROR}. */
  private void corrupt(String line) {
    corruptions++;
    listener.found("ERROR" + line);
  }

  /** How many words an L2 entry has. */
  private int words() {
    return geometry.extendedL2() ? 2 : 1;
  }

  /** A reference to each cluster that the range touches, which is no L2 table. */
  private void count(long offset, long length) {
    count(offset, length, false);
  }

  private void count(long offset, long length, boolean l2Table) {
    if (length == 0) {
      return;
    }
    long first = offset >>> geometry.clusterBits();
    long last = (offset + length - 1) >>> geometry.clusterBits();
    // A file may end within its last cluster.
    if (offset < 0
        || offset > Long.MAX_VALUE - length
        || offset + length - fileLength >= geometry.clusterSize()
        || last >= ClusterCounts.MAX_CLUSTERS) {
      corruptions++;
      if (offset >= 0 && length <= reach && offset <= reach - length) {
        beyond = Math.max(beyond, offset + length);
      }
      listener.found(
          "ERROR: counting reference for region exceeding the end of the file by one cluster or"
              + " more: offset 0x"
              + Long.toHexString(offset)
              + " size 0x"
              + Long.toHexString(length));
      return;
    }
    counted.grow((int) last + 1); // what is not aligned may touch one more
    for (int cluster = (int) first; cluster <= last; cluster++) {
      int count = counted.get(cluster);
      if (count >= Math.min(ClusterCounts.MAX_COUNT, geometry.maxRefcount() & Long.MAX_VALUE)) {
        listener.found(
            "ERROR: overflow cluster offset=0x"
                + Long.toHexString((long) cluster << geometry.clusterBits()));
        listener.found(
            "Use qemu-img amend to increase the refcount entry width or qemu-img convert to create"
                + " a clean copy if the image cannot be opened for writing");
        corruptions++;
      } else {
        counted.set(cluster, count + 1);
        if (!l2Table) {
          counted.mark(cluster);
        }
      }
    }
  }

  private void countTables(long l1Offset, long[] entries, boolean active) throws BlockException {
    count(l1Offset, entries.length * 8L);
    long[] table = null; // an image may say that it has thousands of snapshots, without any table
    for (long entry : entries) {
      long offset = L1Entry.offset(entry);
      if (offset == 0) {
        continue;
      }
      if (table == null) {
        table = new long[(int) (geometry.clusterSize() / 8)];
      }
      if ((entry & L1Entry.RESERVED) != 0) {
        corrupt(" found L1 entry with reserved bits set: " + Long.toHexString(entry));
      }
      count(offset, geometry.clusterSize(), true);
      if (geometry.offsetInCluster(offset) != 0) {
        corrupt(
            " l2_offset="
                + Long.toHexString(offset)
                + ": Table is not cluster aligned; L1 entry corrupted");
      }
      RefcountTable.readWords(file, offset, table);
      if (countL2(table, active)) {
        metadata
            .overlaps()
            .beforeWrite(
                OverlapCheck.ACTIVE_L2 | OverlapCheck.INACTIVE_L2, offset, geometry.clusterSize());
        file.write(offset, RefcountTable.toBytes(table), 0);
        metadata.caches().l2Slices().drop(offset, geometry.clusterSize());
      }
    }
  }

  /** Whether an entry was put right. */
  private boolean countL2(long[] table, boolean active) {
    int words = words();
    nextContiguous = 0; // where one table ends and the next begins, nothing is fragmented
    boolean changed = false;
    for (int i = 0; i < table.length; i += words) {
      if (L2Entry.isCompressed(table[i])) {
        countCompressed(table, i, active);
      } else {
        changed |= countStandard(table, i, active);
      }
    }
    return changed;
  }

  private void countCompressed(long[] table, int index, boolean active) {
    long entry = table[index];
    long offset = L2Entry.compressedOffset(entry, geometry.clusterBits());
    if (L2Entry.isCopied(entry)) {
      corrupt(
          ": coffset=0x"
              + Long.toHexString(offset)
              + ": copied flag must never be set for compressed clusters");
    }
    String wrong = null;
    if (metadata.hasExternalData()) {
      wrong = " with data file";
    } else if (geometry.extendedL2() && table[index + 1] != 0) {
      wrong = " with non-zero subcluster allocation bitmap";
    }
    if (wrong != null) {
      corrupt(
          " compressed cluster "
              + index / words()
              + wrong
              + ", entry=0x"
              + Long.toHexString(entry & ~L2Entry.COPIED));
      return;
    }
    count(offset, L2Entry.compressedLength(entry, geometry.clusterBits()));
    if (active) {
      allocated++;
      compressed++;
      fragmented++;
    }
  }

  private boolean countStandard(long[] table, int index, boolean active) {
    long entry = table[index];
    boolean external = metadata.hasExternalData();
    boolean extended = geometry.extendedL2();
    long offset = L2Entry.offset(entry);
    long bitmap = extended ? table[index + 1] : 0;
    if ((entry & L2Entry.RESERVED) != 0) {
      corrupt(" found l2 entry with reserved bits set: " + Long.toHexString(entry));
    }
    // In an external data file the first cluster is one like all others.
    if (offset == 0 && !(external && L2Entry.isCopied(entry))) {
      if ((bitmap & L2Entry.ALL_ALLOCATED) != 0) {
        corrupt(": Unallocated cluster has non-zero subcluster allocation map");
      }
      return false;
    }
    if ((bitmap & bitmap >>> 32 & L2Entry.ALL_ALLOCATED) != 0) {
      corrupt(
          " offset="
              + Long.toHexString(offset)
              + ": Allocated cluster has corrupted subcluster allocation bitmap");
    }
    boolean zero = extended ? (bitmap & L2Entry.ALL_ALLOCATED) == 0 : L2Entry.isZero(entry);
    if (geometry.offsetInCluster(offset) != 0) {
      String line =
          "offset="
              + Long.toHexString(offset)
              + (zero ? ": Preallocated" : ": Data")
              + " cluster is not properly aligned; L2 entry corrupted.";
      if (zero && repairs) {
        // It reads as zeroes without storage just as well.
        listener.found("Repairing " + line);
        corruptionsFixed++;
        table[index] = extended ? 0 : L2Entry.ZERO;
        return true;
      }
      corrupt(" " + line);
    }
    if (active) {
      allocated++;
      if (nextContiguous != 0 && offset != nextContiguous) {
        fragmented++;
      }
      nextContiguous = offset + geometry.clusterSize();
    }
    if (!external) {
      // Also of one that is not aligned: what it touches must not be given to anybody else.
      count(offset, geometry.clusterSize());
    }
    return false;
  }

  private void countSnapshots() throws BlockException {
    for (SnapshotEntry entry : snapshots.entries()) {
      String wrong = null;
      if (geometry.offsetInCluster(entry.l1Offset()) != 0) {
        wrong = "l1_offset=" + hex(entry.l1Offset()) + ": L1 table is not cluster aligned";
      } else if (!entry.isPlausible()) {
        wrong = "l1_size=" + hex(entry.l1Size()) + ": L1 table is too large";
      }
      if (wrong != null) {
        // The other tables are still worth checking.
        Snapshot info = entry.info();
        corrupt(
            " snapshot "
                + info.id()
                + " ("
                + info.name()
                + ") "
                + wrong
                + "; snapshot table entry corrupted");
        continue;
      }
      countTables(entry.l1Offset(), snapshots.readL1(entry), false);
    }
    if (snapshots.tableBytes() > 0) {
      count(metadata.header().header().snapshotsOffset(), snapshots.tableBytes());
    }
  }

  private static String hex(long number) {
    return "0x" + Long.toHexString(number);
  }

  private void countBitmaps() throws BlockException {
    var bitmaps = metadata.header().extension(HeaderExtension.Bitmaps.class);
    if (bitmaps == null || bitmaps.directorySize() <= 0 || bitmaps.directorySize() > 1 << 26) {
      return;
    }
    count(bitmaps.directoryOffset(), bitmaps.directorySize());
    var in =
        StructReader.bigEndian(bytes(bitmaps.directoryOffset(), (int) bitmaps.directorySize()));
    for (int i = 0; i < bitmaps.count() && in.remaining() > 0; i++) {
      long start = in.position();
      long tableOffset = in.u64("bitmap_table_offset");
      long tableSize = in.u32("bitmap_table_size");
      in.skip("flags, type, granularity", 6);
      int nameSize = in.u16("name_size");
      long extra = in.u32("extra_data_size");
      Qcow2Open.checkTable(
          "Bitmap table", tableOffset, tableSize, 8, 1 << 26, geometry.clusterSize());
      count(tableOffset, tableSize * 8);
      var entries = new long[(int) tableSize];
      RefcountTable.readWords(file, tableOffset, entries);
      for (long entry : entries) {
        long offset = L1Entry.offset(entry);
        if (offset != 0) {
          count(offset, geometry.clusterSize());
        }
      }
      in.seek("next entry", start + ((24 + extra + nameSize + 7) & -8L));
    }
  }

  private byte[] bytes(long offset, int length) throws BlockException {
    var bytes = new byte[length];
    file.read(offset, bytes, 0);
    return bytes;
  }

  private void countRefcountStructures() {
    RefcountTable table = metadata.refcounts().table();
    count(table.offset(), (long) table.clusters() << geometry.clusterBits());
    for (int i = 0; i < table.used(); i++) {
      if (table.hasReservedBits(i)) {
        corrupt(" refcount table entry " + i + " has reserved bits set");
        structureErrors++;
        continue;
      }
      long offset = table.block(i);
      if (offset == 0) {
        continue;
      }
      if (!table.isAligned(i)) {
        corrupt(" refcount block " + i + " is not cluster aligned; refcount table entry corrupted");
        structureErrors++;
        continue;
      }
      if (offset >>> geometry.clusterBits() >= counted.length()) {
        corrupt(" refcount block " + i + " is outside image");
        structureErrors++;
        continue;
      }
      count(offset, geometry.clusterSize());
      int references = of(offset >>> geometry.clusterBits());
      if (references != 1) {
        corrupt(" refcount block " + i + " refcount=" + references);
        structureErrors++;
      }
    }
  }
}
