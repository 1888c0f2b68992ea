// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.formats.mutation.ImageBytes;
import dev.strata.formats.mutation.Soundness;

/**
 * Which guest clusters of a damaged image are as they should be, told from the specification and
 * not by the code under test: all tables on the way to them are theirs alone or shared as they say,
 * and counted. Nothing that is done to other guest clusters may change those.
 */
final class Qcow2Soundness implements Soundness {
  private static final long OFFSET = 0x00fffffffffffe00L;
  private static final long COPIED = 1L << 63;
  private static final long COMPRESSED = 1L << 62;
  private static final int MOST_ENTRIES = 1 << 16;

  private final ImageBytes image;
  private final boolean extendedL2;
  private final boolean external;
  private final int clusterBits;
  private final long clusterSize;
  private final int refcountOrder;
  private final boolean usable;

  // Of each host cluster: what refers to it, and whether somebody believes to be alone.
  private int[] tables = new int[0];
  private int[] l2Tables = new int[0];
  private int[] data = new int[0];
  private int[] owners = new int[0];

  Qcow2Soundness(ImageBytes image) {
    this.image = image;
    boolean v3 = image.get(4, 4) >= 3;
    this.clusterBits = (int) image.get(20, 4);
    this.extendedL2 = v3 && (image.get(72, 8) & 16) != 0;
    this.external = v3 && (image.get(72, 8) & 4) != 0;
    this.refcountOrder = v3 ? (int) image.get(96, 4) : 4;
    this.usable =
        image.length() > 512
            && clusterBits >= 9
            && clusterBits <= 21
            && refcountOrder >= 0
            && refcountOrder <= 6;
    this.clusterSize = usable ? 1L << clusterBits : 0;
    if (usable) {
      int clusters = (int) ((image.length() + clusterSize - 1) >> clusterBits);
      tables = new int[clusters];
      l2Tables = new int[clusters];
      data = new int[clusters];
      owners = new int[clusters];
      countAll();
    }
  }

  private void countAll() {
    count(tables, 0, clusterSize, false);
    countMapping(image.get(40, 8), image.get(36, 4), true);
    long table = image.get(48, 8);
    long tableBytes = image.get(56, 4) * clusterSize;
    count(tables, table, tableBytes, false);
    for (long i = 0; i < Math.min(tableBytes / 8, MOST_ENTRIES); i++) {
      count(tables, word(table + 8 * i) & OFFSET, clusterSize, false);
    }
    countSnapshots();
    countBitmaps();
  }

  private long word(long offset) {
    return image.contains(offset, 8) ? image.get(offset, 8) : 0;
  }

  private void count(int[] counts, long offset, long length, boolean owner) {
    if (offset < 0 || length <= 0 || (offset == 0 && length != clusterSize)) {
      return;
    }
    long last = Math.min((offset + length - 1) >> clusterBits, counts.length - 1);
    for (long i = offset >> clusterBits; i <= last; i++) {
      counts[(int) i]++;
      owners[(int) i] += owner ? 1 : 0;
    }
  }

  private void countMapping(long l1, long entries, boolean active) {
    count(tables, l1, entries * 8, false);
    int width = extendedL2 ? 16 : 8;
    for (long i = 0; i < Math.min(entries, MOST_ENTRIES); i++) {
      long entry = word(l1 + 8 * i);
      long l2 = entry & OFFSET;
      if (l2 == 0) {
        continue;
      }
      count(tables, l2, clusterSize, entry < 0 && active);
      count(l2Tables, l2, clusterSize, false);
      for (long j = 0; j < clusterSize / width; j++) {
        countEntry(word(l2 + width * j), active);
      }
    }
  }

  private void countEntry(long entry, boolean active) {
    if ((entry & COMPRESSED) != 0) {
      int split = 62 - (clusterBits - 8);
      long offset = entry & ((1L << split) - 1);
      long sectors = ((entry & (COMPRESSED - 1)) >>> split) + 1;
      count(data, offset, sectors * 512 - (offset & 511), false);
    } else if ((entry & OFFSET) != 0 && !external) {
      count(data, entry & OFFSET, clusterSize, (entry & COPIED) != 0 && active);
    }
  }

  private void countSnapshots() {
    long at = image.get(64, 8);
    long start = at;
    for (long i = 0; i < image.get(60, 4) && image.contains(at, 40); i++) {
      countMapping(image.get(at, 8), image.get(at + 8, 4), false);
      at += (47 + image.get(at + 36, 4) + image.get(at + 12, 2) + image.get(at + 14, 2)) & -8;
    }
    count(tables, start, at - start, false);
  }

  private void countBitmaps() {
    if (image.get(4, 4) < 3) {
      return;
    }
    long at = image.get(100, 4);
    for (int i = 0; i < 10 && image.contains(at, 8) && image.get(at, 4) != 0; i++) {
      if (image.get(at, 4) == 0x23852875) {
        countDirectory(image.get(at + 8, 4), image.get(at + 24, 8), image.get(at + 16, 8));
      }
      at += 8 + ((image.get(at + 4, 4) + 7) & -8);
    }
  }

  private void countDirectory(long bitmaps, long offset, long size) {
    count(tables, offset, size, false);
    long at = offset;
    for (long i = 0; i < bitmaps && image.contains(at, 24); i++) {
      long table = image.get(at, 8);
      long entries = image.get(at + 8, 4);
      count(tables, table, entries * 8, false);
      for (long j = 0; j < Math.min(entries, MOST_ENTRIES); j++) {
        long cluster = word(table + 8 * j) & OFFSET;
        if (cluster != 0) {
          count(tables, cluster, clusterSize, false);
        }
      }
      at += (31 + image.get(at + 20, 4) + image.get(at + 18, 2)) & -8;
    }
  }

  @Override
  public boolean isSeparate() {
    for (int i = 0; i < tables.length; i++) {
      boolean shared = tables[i] > 1 && l2Tables[i] < tables[i];
      if (shared || (tables[i] > 0 && data[i] > 0)) {
        return false;
      }
    }
    return usable;
  }

  /** The refcount, unsigned numbers that do not fit being large; 0 if nothing counts it. */
  private long refcount(long cluster) {
    int blockBits = clusterBits + 3 - refcountOrder;
    long index = cluster >> blockBits;
    if (index >= image.get(56, 4) * (clusterSize / 8)) {
      return 0;
    }
    long block = word(image.get(48, 8) + 8 * index) & OFFSET;
    if (block == 0 || !isTable(block, 1)) {
      return 0;
    }
    long at = cluster & ((1L << blockBits) - 1);
    if (refcountOrder < 3) {
      int bits = 1 << refcountOrder;
      return (image.get(block + ((at * bits) >> 3), 1) >> ((at * bits) & 7)) & ((1 << bits) - 1);
    }
    int width = 1 << (refcountOrder - 3);
    return image.get(block + at * width, width) & Long.MAX_VALUE;
  }

  /** Whether only that many tables lie there, within the file. */
  private boolean isTable(long offset, int count) {
    long cluster = offset >> clusterBits;
    return (offset & (clusterSize - 1)) == 0
        && cluster < tables.length
        && tables[(int) cluster] == count
        && data[(int) cluster] == 0;
  }

  /** Whether all guest clusters in the range are sound. */
  @Override
  public boolean contains(long offset, long length) {
    if (!usable || !isTable(0, 1) || !isTable(image.get(48, 8), 1) || image.get(60, 4) > 65536) {
      return false;
    }
    for (long at = offset & -clusterSize; at < offset + length; at += clusterSize) {
      if (!isSound(at)) {
        return false;
      }
    }
    return true;
  }

  private boolean isSound(long guestOffset) {
    int width = extendedL2 ? 16 : 8;
    long perTable = clusterSize / width;
    long index = guestOffset >> clusterBits;
    long l1 = image.get(40, 8) + 8 * (index / perTable);
    if (index / perTable >= image.get(36, 4) || !isTable(l1 & -clusterSize, 1)) {
      return false;
    }
    long entry = word(l1);
    long l2 = entry & OFFSET;
    if (l2 == 0) {
      return true;
    }
    long table = l2 >> clusterBits;
    if ((entry & ~(OFFSET | COPIED)) != 0
        || table >= tables.length
        || !isTable(l2, tables[(int) table])
        || !isCounted(table)) {
      return false;
    }
    long l2Entry = word(l2 + width * (index % perTable));
    long first = l2Entry & OFFSET;
    long last = first;
    if ((l2Entry & COMPRESSED) != 0) {
      int split = 62 - (clusterBits - 8);
      first = l2Entry & ((1L << split) - 1);
      last = (first & -512) + ((l2Entry & (COMPRESSED - 1)) >>> split) * 512;
    }
    for (long i = first >> clusterBits; i <= last >> clusterBits; i++) {
      boolean none = first == 0 || external;
      if (!none && (i >= data.length || tables[(int) i] > 0 || !isCounted(i))) {
        return false;
      }
    }
    return true;
  }

  /** Whether the refcount covers all that refers to a cluster, and who believes to be alone is. */
  private boolean isCounted(long cluster) {
    int references = tables[(int) cluster] + data[(int) cluster];
    return refcount(cluster) >= references && (references == 1 || owners[(int) cluster] == 0);
  }
}
