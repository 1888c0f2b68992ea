// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.parallels;

import dev.strata.block.BlockException;
import dev.strata.block.BufferPool;
import dev.strata.block.Child;
import dev.strata.block.layout.Table;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.BitSet;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * The BAT: for each cluster of the disk its place, or 0. Parts of it are read when first asked for,
 * and what was changed is written in one go with the next flush.
 *
 * <p>The table may have 2^29 entries. Parts that are all zero share their memory, so what is kept
 * is bounded by what the file really holds, not by what its header claims.
 *
 * <p>Thread-safe; who changes an entry has its cluster's guest range alone.
 */
final class BlockAllocationTable {
  private static final int PAGE_BITS = 14;
  private static final int PAGE_ENTRIES = 1 << PAGE_BITS;

  /** The unit in which changes are written, in bytes from the file's start. */
  private static final int BLOCK = 4096;

  private static final int MAX_WRITE_BLOCKS = 256;

  private final Child file;
  private final BufferPool buffers;
  private final int count;
  private final AtomicReferenceArray<int[]> pages;
  private final int[] empty;
  private final BitSet dirty = new BitSet(); // blocks of the file, guarded by this
  private final Object writing = new Object(); // taken before this

  /** The table of {@code count} entries behind the header of {@code file}. */
  BlockAllocationTable(Child file, BufferPool buffers, int count) {
    this.file = file;
    this.buffers = buffers;
    this.count = count;
    this.pages = new AtomicReferenceArray<>((count + PAGE_ENTRIES - 1) >>> PAGE_BITS);
    this.empty = new int[Math.min(count, PAGE_ENTRIES)];
  }

  int count() {
    return count;
  }

  /** The entry at {@code index}, 0 to 2^32 - 1. */
  long get(int index) throws BlockException {
    return Integer.toUnsignedLong(page(index)[index & (PAGE_ENTRIES - 1)]);
  }

  /** How many entries from {@code index} on, {@code max} at most, are zero. */
  int zeroRun(int index, int max) throws BlockException {
    int end = index + Math.min(max, count - index);
    for (int at = index; at < end; ) {
      int[] page = page(at);
      int pageEnd = Math.min(end, (at | (PAGE_ENTRIES - 1)) + 1);
      while (page != empty && at < pageEnd && page[at & (PAGE_ENTRIES - 1)] == 0) {
        at++;
      }
      if (page != empty && at < pageEnd) {
        return at - index;
      }
      at = pageEnd;
    }
    return end - index;
  }

  /** Changes an entry; {@link #writeBack} has the file follow. */
  synchronized void set(int index, long value) throws BlockException {
    int[] page = page(index);
    if (page == empty) {
      page = empty.clone();
      pages.set(index >>> PAGE_BITS, page);
    }
    page[index & (PAGE_ENTRIES - 1)] = (int) value;
    dirty.set((int) (position(index) / BLOCK));
  }

  private int[] page(int index) throws BlockException {
    int[] page = pages.get(index >>> PAGE_BITS);
    return page != null ? page : load(index >>> PAGE_BITS);
  }

  private synchronized int[] load(int number) throws BlockException {
    int[] page = pages.get(number);
    if (page != null) {
      return page;
    }
    int first = number << PAGE_BITS;
    int entries = Math.min(PAGE_ENTRIES, count - first);
    try (BufferPool.Buffer buffer = buffers.acquire(4L * entries)) {
      file.read(position(first), buffer.vector(), 0);
      if (buffer.vector().isZero()) {
        page = empty;
      } else {
        page = new int[entries];
        Table.read(buffer.segment(), 0, ByteOrder.LITTLE_ENDIAN, page, 0, entries);
      }
    }
    pages.set(number, page);
    return page;
  }

  private static long position(int index) {
    return ParallelsHeader.BYTES + 4L * index;
  }

  /** Writes what was changed since the last time; not necessarily to stable storage. */
  void writeBack() throws BlockException {
    synchronized (writing) {
      for (int block = nextDirty(0); block >= 0; ) {
        int end = Math.min(cleanAfter(block), block + MAX_WRITE_BLOCKS);
        write(block, end);
        block = nextDirty(end);
      }
    }
  }

  private synchronized int nextDirty(int from) {
    return dirty.nextSetBit(from);
  }

  private synchronized int cleanAfter(int block) {
    return dirty.nextClearBit(block);
  }

  private void write(int block, int blockEnd) throws BlockException {
    long from = Math.max(position(0), (long) block * BLOCK);
    long end = Math.min(position(count), (long) blockEnd * BLOCK);
    try (BufferPool.Buffer buffer = buffers.acquire(end - from)) {
      encode(buffer.segment(), (int) ((from - position(0)) / 4), block, blockEnd);
      boolean written = false;
      try {
        file.write(from, buffer.vector(), 0);
        written = true;
      } finally {
        if (!written) {
          markDirty(block, blockEnd);
        }
      }
    }
  }

  private synchronized void encode(MemorySegment target, int index, int block, int blockEnd)
      throws BlockException {
    ByteBuffer bytes = target.asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    for (int i = index; bytes.hasRemaining(); i++) {
      bytes.putInt((int) get(i));
    }
    dirty.clear(block, blockEnd);
  }

  private synchronized void markDirty(int block, int blockEnd) {
    dirty.set(block, blockEnd);
  }
}
