// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.nio.ByteBuffer;

/** The number of references to each cluster of the file. Guarded by the image's table lock. */
final class Refcounts {
  private Geometry geometry;
  private final RefcountTable table;
  private final TableCache blocks;
  private final CorruptionListener corruption;

  /** Hears of metadata that cannot be right. */
  @FunctionalInterface
  interface CorruptionListener {
    /** The failure to throw; the image has been marked. */
    BlockException corrupt(String message, long offset, long length);
  }

  Refcounts(
      Geometry geometry, RefcountTable table, TableCache blocks, CorruptionListener corruption) {
    this.geometry = geometry;
    this.table = table;
    this.blocks = blocks;
    this.corruption = corruption;
  }

  /** The counts have another width now; the table and the blocks are new. */
  void width(Geometry changed) {
    geometry = changed;
  }

  /** log2 of the counts in a block. */
  int blockBits() {
    return geometry.refcountBlockBits();
  }

  /** The largest count. */
  long maxCount() {
    return geometry.maxRefcount();
  }

  RefcountTable table() {
    return table;
  }

  /** The block that has the count of that cluster. */
  long blockIndex(long cluster) {
    return cluster >>> geometry.refcountBlockBits();
  }

  /** Whether there is a block for that cluster's count. */
  boolean hasBlock(long cluster) {
    return table.block(blockIndex(cluster)) != 0;
  }

  /** The count of that cluster. */
  long get(long cluster) throws BlockException {
    long index = blockIndex(cluster);
    if (table.block(index) == 0) {
      return 0;
    }
    return count(block(index).bytes(), indexInBlock(cluster));
  }

  private int indexInBlock(long cluster) {
    return (int) (cluster & ((1L << geometry.refcountBlockBits()) - 1));
  }

  private CachedTable block(long index) throws BlockException {
    long offset = table.block(index);
    if (!table.isAligned(index)) {
      throw corruption.corrupt(
          "Refblock offset 0x"
              + Long.toHexString(offset)
              + " unaligned (reftable index: "
              + (index == 0 ? "0" : "0x" + Long.toHexString(index))
              + ")",
          -1,
          -1);
    }
    return blocks.get(offset);
  }

  /** Whether so many of the file's first {@code clusters} have references. */
  boolean hasUsed(long clusters, long number) throws BlockException {
    long left = number;
    // As soon as too few are left to look at, the answer is known: most files are that full.
    for (long at = 0; left > 0 && clusters - at >= left; ) {
      long end = Math.min(clusters, (blockIndex(at) + 1) << geometry.refcountBlockBits());
      if (hasBlock(at)) {
        ByteBuffer bytes = block(blockIndex(at)).bytes();
        for (; at < end; at++) {
          left -= count(bytes, indexInBlock(at)) != 0 ? 1 : 0;
        }
      }
      at = end;
    }
    return left <= 0;
  }

  /** The first cluster from {@code from} to {@code end} (excluded) without references, or -1. */
  long firstFree(long from, long end) throws BlockException {
    for (long cluster = from; cluster < end; cluster++) {
      if (!hasBlock(cluster)) {
        return cluster;
      }
      ByteBuffer bytes = block(blockIndex(cluster)).bytes();
      long last = Math.min(end, (blockIndex(cluster) + 1) << geometry.refcountBlockBits());
      for (; cluster < last; cluster++) {
        if (count(bytes, indexInBlock(cluster)) == 0) {
          return cluster;
        }
      }
      cluster--;
    }
    return -1;
  }

  /**
   * Adds to the counts of clusters whose blocks exist; all or none.
   *
   * @param change how much, negative to take away
   */
  void add(long firstCluster, long clusters, long change) throws BlockException {
    long done = 0;
    try {
      for (; done < clusters; done++) {
        addOne(firstCluster + done, change);
      }
    } catch (BlockException e) {
      for (long undo = 0; undo < done; undo++) {
        addOne(firstCluster + undo, -change);
      }
      throw e;
    }
  }

  private void addOne(long cluster, long change) throws BlockException {
    long index = blockIndex(cluster);
    if (table.block(index) == 0) {
      throw BlockException.of(Errno.EINVAL);
    }
    CachedTable block = block(index);
    int at = indexInBlock(cluster);
    long count = count(block.bytes(), at);
    // A 64-bit count is unsigned.
    boolean underflow = change < 0 && Long.compareUnsigned(count, -change) < 0;
    boolean overflow =
        change > 0 && Long.compareUnsigned(count, geometry.maxRefcount() - change) > 0;
    if (underflow || overflow) {
      throw BlockException.of(Errno.EINVAL);
    }
    setCount(block.bytes(), at, count + change);
    block.dirty = true;
  }

  /** Sets the count of a cluster whose block exists. */
  void set(long cluster, long count) throws BlockException {
    CachedTable block = block(blockIndex(cluster));
    setCount(block.bytes(), indexInBlock(cluster), count);
    block.dirty = true;
  }

  /** Reads a count out of a refcount block. */
  long count(ByteBuffer block, int index) {
    return count(block, index, geometry.refcountOrder());
  }

  /** Reads a count of {@code 1 << order} bits out of a refcount block. */
  static long count(ByteBuffer block, int index, int order) {
    return switch (order) {
      case 0, 1, 2 -> {
        int bits = 1 << order;
        int perByte = 8 / bits;
        int shift = (index % perByte) * bits;
        yield (block.get(index / perByte) >> shift) & ((1 << bits) - 1);
      }
      case 3 -> block.get(index) & 0xff;
      case 4 -> block.getShort(index << 1) & 0xffff;
      case 5 -> block.getInt(index << 2) & 0xffffffffL;
      default -> block.getLong(index << 3);
    };
  }

  /** Writes a count into a refcount block. */
  void setCount(ByteBuffer block, int index, long count) {
    setCount(block, index, count, geometry.refcountOrder());
  }

  /** Writes a count of {@code 1 << order} bits into a refcount block. */
  static void setCount(ByteBuffer block, int index, long count, int order) {
    switch (order) {
      case 0, 1, 2 -> {
        int bits = 1 << order;
        int perByte = 8 / bits;
        int shift = (index % perByte) * bits;
        int mask = ((1 << bits) - 1) << shift;
        int old = block.get(index / perByte);
        block.put(index / perByte, (byte) ((old & ~mask) | ((int) count << shift)));
      }
      case 3 -> block.put(index, (byte) count);
      case 4 -> block.putShort(index << 1, (short) count);
      case 5 -> block.putInt(index << 2, (int) count);
      default -> block.putLong(index << 3, count);
    }
  }
}
