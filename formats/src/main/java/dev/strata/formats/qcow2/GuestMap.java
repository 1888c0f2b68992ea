// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.DebugEvent;
import dev.strata.block.driver.Mapping;

/**
 * The active L1 table and the L2 tables below it: where guest bytes lie. Guarded by the image's
 * table lock.
 */
final class GuestMap {
  /** What an L2 entry says of one subcluster; without extended entries, of its cluster. */
  enum Kind {
    UNALLOCATED,
    /** Has storage, but the backing file determines what is read. */
    RESERVED,
    ZERO,
    /** Reads as zeroes and has storage. */
    ZERO_ALLOCATED,
    DATA,
    COMPRESSED
  }

  private final Geometry geometry;
  private final Child file;
  private final Child dataFile;
  private final L1Table l1;
  private final TableCache slices;
  private final Refcounts.CorruptionListener corruption;
  private int sliceBits; // log2 of the entries of a slice
  private final int wordsPerEntry;

  GuestMap(
      Geometry geometry,
      Child file,
      Child dataFile,
      L1Table l1,
      TableCache slices,
      Refcounts.CorruptionListener corruption) {
    this.geometry = geometry;
    this.file = file;
    this.dataFile = dataFile;
    this.l1 = l1;
    this.slices = slices;
    this.corruption = corruption;
    this.wordsPerEntry = geometry.extendedL2() ? 2 : 1;
    sliceSizeChanged();
  }

  L1Table l1() {
    return l1;
  }

  int l1Index(long guestOffset) {
    return (int) (guestOffset >>> (geometry.clusterBits() + geometry.l2Bits()));
  }

  /** The index of a cluster's entry in its slice. */
  int sliceIndex(long guestOffset) {
    return (int) (guestOffset >>> geometry.clusterBits()) & ((1 << sliceBits) - 1);
  }

  /** The cache has slices of another size now. */
  void sliceSizeChanged() {
    sliceBits = Integer.numberOfTrailingZeros(slices.tableSize() / geometry.l2EntrySize());
  }

  /** How many entries a slice has. */
  int sliceEntries() {
    return 1 << sliceBits;
  }

  /** Where the slice with that guest byte's entry lies, in an L2 table at {@code tableOffset}. */
  long sliceOffset(long tableOffset, long guestOffset) {
    long indexInTable = (guestOffset >>> geometry.clusterBits()) & ((1L << geometry.l2Bits()) - 1);
    return tableOffset + (indexInTable >>> sliceBits) * slices.tableSize();
  }

  /** Where the L2 table of that guest byte lies; 0 if there is none. */
  long l2Offset(long guestOffset) throws BlockException {
    int index = l1Index(guestOffset);
    long offset = L1Entry.offset(l1.entry(index));
    if (geometry.offsetInCluster(offset) != 0) {
      throw corruption.corrupt(
          "L2 table offset " + hex(offset) + " unaligned (L1 index: " + hex(index) + ")", -1, -1);
    }
    return offset;
  }

  /** The slice with that guest byte's entry in the table at {@code tableOffset}. */
  CachedTable slice(long tableOffset, long guestOffset) throws BlockException {
    return slices.get(sliceOffset(tableOffset, guestOffset));
  }

  long entry(CachedTable slice, int index) {
    return slice.word(index * wordsPerEntry);
  }

  /** The subcluster bitmap; 0 without extended entries. */
  long bitmap(CachedTable slice, int index) {
    return wordsPerEntry == 1 ? 0 : slice.word(index * 2 + 1);
  }

  void setEntry(CachedTable slice, int index, long entry) {
    slice.word(index * wordsPerEntry, entry);
  }

  void setBitmap(CachedTable slice, int index, long bitmap) {
    slice.word(index * 2 + 1, bitmap);
  }

  /** What an entry says of a subcluster. */
  Kind kind(long entry, long bitmap, int subcluster) {
    if (L2Entry.isCompressed(entry)) {
      return Kind.COMPRESSED;
    }
    boolean storage = hasStorage(entry);
    if (wordsPerEntry == 1) {
      if (L2Entry.isZero(entry)) {
        return storage ? Kind.ZERO_ALLOCATED : Kind.ZERO;
      }
      return storage ? Kind.DATA : Kind.UNALLOCATED;
    }
    boolean zero = (bitmap >>> (32 + subcluster) & 1) != 0;
    boolean allocated = (bitmap >>> subcluster & 1) != 0;
    if (zero) {
      return storage ? Kind.ZERO_ALLOCATED : Kind.ZERO;
    }
    if (allocated) {
      return Kind.DATA;
    }
    return storage ? Kind.RESERVED : Kind.UNALLOCATED;
  }

  /** Whether the entry has a cluster; in an external data file even offset 0 can be one. */
  boolean hasStorage(long entry) {
    return L2Entry.offset(entry) != 0 || (dataFile != file && L2Entry.isCopied(entry));
  }

  /** Whether the entry's cluster may be written: it has one and no snapshot shares it. */
  boolean isOwn(long entry) {
    return !L2Entry.isCompressed(entry) && L2Entry.isCopied(entry) && hasStorage(entry);
  }

  /** Throws if the entry is one that no writer of this format may leave behind. */
  private void check(long entry, long bitmap, long guestOffset) throws BlockException {
    if (L2Entry.isCompressed(entry)) {
      if (dataFile != file) {
        throw corruption.corrupt(
            "Compressed cluster entry found in image with external data file (L2 offset: "
                + hex(sliceOffset(l2Offset(guestOffset), guestOffset))
                + ", L2 index: "
                + hex(sliceIndex(guestOffset))
                + ")",
            -1,
            -1);
      }
      return;
    }
    long allocated = bitmap & L2Entry.ALL_ALLOCATED;
    if ((allocated & bitmap >>> 32) != 0 || (allocated != 0 && !hasStorage(entry))) {
      throw invalid(guestOffset);
    }
    long offset = L2Entry.offset(entry);
    if (geometry.offsetInCluster(offset) != 0) {
      throw corruption.corrupt(
          (L2Entry.isZero(entry) && wordsPerEntry == 1
                  ? "Preallocated zero cluster offset 0x"
                  : "Cluster allocation offset 0x")
              + Long.toHexString(offset)
              + " unaligned (L2 offset: "
              + hex(l2Offset(guestOffset))
              + ", L2 index: "
              + hex(sliceIndex(guestOffset))
              + ")",
          -1,
          -1);
    }
    if (dataFile != file && hasStorage(entry) && offset != geometry.startOfCluster(guestOffset)) {
      throw corruption.corrupt(
          "External data file host cluster offset "
              + hex(offset)
              + " does not match guest cluster offset: "
              + hex(geometry.startOfCluster(guestOffset))
              + ", L2 index: "
              + hex(sliceIndex(guestOffset))
              + ")",
          -1,
          -1);
    }
  }

  private BlockException invalid(long guestOffset) throws BlockException {
    return corruption.corrupt(
        "Invalid cluster entry found  (L2 offset: "
            + hex(sliceOffset(l2Offset(guestOffset), guestOffset))
            + ", L2 index: "
            + hex(sliceIndex(guestOffset))
            + ")",
        -1,
        -1);
  }

  /** The first run of that range, at most {@code length} bytes. */
  Mapping map(long guestOffset, long length) throws BlockException {
    long table = l2Offset(guestOffset);
    if (table == 0) {
      long coverage = geometry.l1EntryCoverage();
      return new Mapping.Backing(Math.min(length, coverage - (guestOffset & (coverage - 1))));
    }
    CachedTable slice = slice(table, guestOffset);
    int index = sliceIndex(guestOffset);
    long entry = entry(slice, index);
    long bitmap = bitmap(slice, index);
    check(entry, bitmap, guestOffset);
    int subclusterBits =
        geometry.extendedL2() ? geometry.clusterBits() - 5 : geometry.clusterBits();
    int subcluster = (int) (geometry.offsetInCluster(guestOffset) >>> subclusterBits);
    Kind kind = kind(entry, bitmap, subcluster);
    long inCluster = geometry.offsetInCluster(guestOffset);
    if (kind == Kind.COMPRESSED) {
      return new Mapping.Encoded(Math.min(length, geometry.clusterSize() - inCluster), true);
    }
    long run =
        runLength(slice, index, subcluster, kind, subclusterBits, inCluster + length)
            - (inCluster - ((long) subcluster << subclusterBits));
    run = Math.min(run, length);
    long host = L2Entry.offset(entry) + inCluster;
    return switch (kind) {
      case DATA -> new Mapping.Data(dataFile, host, run, L2Entry.isCopied(entry));
      case ZERO -> new Mapping.Zero(run);
      case ZERO_ALLOCATED -> new Mapping.Zero(run, dataFile, host);
      case RESERVED -> new Mapping.Backing(run, dataFile, host);
      case UNALLOCATED, COMPRESSED -> new Mapping.Backing(run);
    };
  }

  /**
   * How many bytes from a subcluster's start on are alike: of one kind and, if they have storage,
   * in a row there.
   *
   * @param wanted stop when that many bytes from the first cluster's start are covered
   */
  private long runLength(
      CachedTable slice, int index, int subcluster, Kind kind, int subclusterBits, long wanted) {
    long first = entry(slice, index);
    boolean storage = kind == Kind.DATA || kind == Kind.ZERO_ALLOCATED || kind == Kind.RESERVED;
    if (wordsPerEntry == 1) {
      return clusters(slice, index, first, storage, wanted) << geometry.clusterBits();
    }
    int perCluster = Geometry.SUBCLUSTERS;
    long run = 0;
    int at = subcluster;
    for (int i = index; i < sliceEntries(); i++) {
      long entry = entry(slice, i);
      long bitmap = bitmap(slice, i);
      if (i > index) {
        long expected = first + ((long) (i - index) << geometry.clusterBits());
        boolean inRow =
            L2Entry.offset(entry) == L2Entry.offset(expected)
                && L2Entry.isCopied(entry) == L2Entry.isCopied(first);
        if ((storage && !inRow) || L2Entry.isCompressed(entry)) {
          return run;
        }
        at = 0;
      }
      for (; at < perCluster; at++) {
        if (kind(entry, bitmap, at) != kind) {
          return run;
        }
        run += 1L << subclusterBits;
      }
      if (((long) (i - index + 1) << geometry.clusterBits()) >= wanted) {
        return run;
      }
    }
    return run;
  }

  /** {@link #runLength} in clusters, where each is of one kind: its entry says it all. */
  private long clusters(CachedTable slice, int index, long first, boolean storage, long wanted) {
    long step = storage ? geometry.clusterSize() : 0;
    long enough = Math.min(geometry.clustersFor(wanted), sliceEntries() - index);
    long expected = first & L2Entry.MEANING;
    long run = 1;
    for (; run < enough; run++) {
      expected += step;
      if ((slice.word(index + (int) run) & L2Entry.MEANING) != expected) {
        break;
      }
    }
    return run;
  }

  /** As C prints it with {@code %#x}. */
  private static String hex(long value) {
    return value == 0 ? "0" : "0x" + Long.toHexString(value);
  }

  /** For fault injection: an L2 table is about to be allocated. */
  void allocating() throws BlockException {
    file.event(DebugEvent.L2_ALLOC_WRITE);
  }
}
