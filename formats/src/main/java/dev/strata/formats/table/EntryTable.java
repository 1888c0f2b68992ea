// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.table;

import dev.strata.block.BlockException;
import dev.strata.block.BufferPool;
import dev.strata.block.Child;
import dev.strata.block.IoVector;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * A table of numbers in an image. Parts of it are read when first asked for; what was changed stays
 * in memory until it is {@linkplain #collect collected} and written.
 *
 * <p>Parts whose bytes are all 0 or all 0xff share their memory, so that what is kept is bounded by
 * what the file really holds, not by what its header claims.
 *
 * <p>Thread-safe; who changes an entry has its cluster's guest range alone.
 */
public final class EntryTable {
  private static final int PAGE_BYTES = 1 << 16;

  /** The unit in which changes are written, in bytes from the file's start. */
  private static final int BLOCK = 4096;

  private static final int MAX_RUN_BLOCKS = 256;

  /** What was changed, to be written: a copy, so that further changes do not get into it. */
  record Changes(EntryTable table, int block, int blockEnd, long position, byte[] bytes) {
    void write(MapTables.Writer writer) throws BlockException {
      boolean done = false;
      try {
        writer.write(position, IoVector.of(bytes));
        done = true;
      } finally {
        table.finished(this, done);
      }
    }

    /** They were not written, and stay to be. */
    void putBack() {
      table.finished(this, false);
    }
  }

  private final Child file;
  private final BufferPool buffers;
  private final long offset;
  private final int count;
  private final int entryShift;
  private final ByteOrder order;
  private final AtomicReferenceArray<ByteBuffer> pages;
  private final ByteBuffer zeroes;
  private final ByteBuffer ones;
  private final BitSet dirty = new BitSet(); // blocks of the file, guarded by this
  private int unfinished; // changes collected and not yet written, guarded by this

  /**
   * A table.
   *
   * @param offset in the file, in bytes
   * @param entryBytes 4 or 8
   */
  public EntryTable(
      Child file, BufferPool buffers, long offset, int count, int entryBytes, ByteOrder order) {
    this.file = file;
    this.buffers = buffers;
    this.offset = offset;
    this.count = count;
    this.entryShift = entryBytes == 8 ? 3 : 2;
    this.order = order;
    long bytes = (long) count << entryShift;
    this.pages = new AtomicReferenceArray<>((int) ((bytes + PAGE_BYTES - 1) / PAGE_BYTES));
    int pageBytes = (int) Math.min(bytes, PAGE_BYTES);
    this.zeroes = ByteBuffer.allocate(pageBytes).order(order);
    byte[] filled = new byte[pageBytes];
    Arrays.fill(filled, (byte) 0xff);
    this.ones = ByteBuffer.wrap(filled).order(order);
  }

  /** How many entries there are. */
  public int count() {
    return count;
  }

  /** Where it lies, in bytes. */
  public long offset() {
    return offset;
  }

  /** The first byte behind it. */
  public long end() {
    return offset + ((long) count << entryShift);
  }

  /** The entry at {@code index}: 0 to 2^32 - 1, or all 64 bits. */
  public long get(int index) throws BlockException {
    long at = (long) index << entryShift;
    return entry(page(at), (int) (at % PAGE_BYTES));
  }

  private long entry(ByteBuffer page, int at) {
    return entryShift == 3 ? page.getLong(at) : page.getInt(at) & 0xffff_ffffL;
  }

  /** How many entries from {@code index} on, {@code max} at most, have that value. */
  public int run(int index, int max, long value) throws BlockException {
    int end = index + Math.min(max, count - index);
    ByteBuffer shared = value == 0 ? zeroes : ones;
    int perPage = PAGE_BYTES >>> entryShift;
    for (int at = index; at < end; ) {
      ByteBuffer page = page((long) at << entryShift);
      int pageEnd = (int) Math.min(end, ((long) at / perPage + 1) * perPage);
      if (page != shared || !isUniform(value)) {
        for (; at < pageEnd; at++) {
          if (entry(page, (at % perPage) << entryShift) != value) {
            return at - index;
          }
        }
      }
      at = pageEnd;
    }
    return end - index;
  }

  private boolean isUniform(long value) {
    return value == 0 || value == (entryShift == 3 ? -1L : 0xffff_ffffL);
  }

  /** Changes an entry in memory. */
  public synchronized void set(int index, long value) throws BlockException {
    long at = (long) index << entryShift;
    ByteBuffer page = page(at);
    if (page == zeroes || page == ones) {
      ByteBuffer own = ByteBuffer.wrap(page.array().clone()).order(order);
      pages.set((int) (at / PAGE_BYTES), own);
      page = own;
    }
    if (entryShift == 3) {
      page.putLong((int) (at % PAGE_BYTES), value);
    } else {
      page.putInt((int) (at % PAGE_BYTES), (int) value);
    }
    dirty.set(block(offset + at));
  }

  /** Says that all of it is new: it holds zeroes, and all of it is to be written. */
  synchronized void startEmpty() {
    for (int i = 0; i < pages.length(); i++) {
      pages.set(i, zeroes);
    }
    dirty.set(0, block(end() - 1) + 1);
  }

  private int block(long position) {
    return (int) (position / BLOCK - offset / BLOCK);
  }

  private long position(int block) {
    return (offset / BLOCK + block) * BLOCK;
  }

  private ByteBuffer page(long at) throws BlockException {
    ByteBuffer page = pages.get((int) (at / PAGE_BYTES));
    return page != null ? page : load((int) (at / PAGE_BYTES));
  }

  private synchronized ByteBuffer load(int number) throws BlockException {
    ByteBuffer page = pages.get(number);
    if (page != null) {
      return page;
    }
    long first = (long) number * PAGE_BYTES;
    int bytes = (int) Math.min(PAGE_BYTES, ((long) count << entryShift) - first);
    page = offset + first >= file.length() ? zeroes : read(offset + first, bytes);
    pages.set(number, page);
    return page;
  }

  private ByteBuffer read(long position, int bytes) throws BlockException {
    try (BufferPool.Buffer buffer = buffers.acquire(bytes)) {
      file.read(position, buffer.vector(), 0);
      byte[] copy = new byte[bytes];
      buffer.bytes().get(0, copy); // not as a segment: see IoVector.of(byte[])
      if (Arrays.equals(copy, 0, bytes, zeroes.array(), 0, bytes)) {
        return zeroes;
      }
      return Arrays.equals(copy, 0, bytes, ones.array(), 0, bytes)
          ? ones
          : ByteBuffer.wrap(copy).order(order);
    }
  }

  /** Whether the file holds all of it as it is here. */
  synchronized boolean isClean() {
    return dirty.isEmpty() && unfinished == 0;
  }

  /** Adds what was changed to {@code changes}, to be written or put back. */
  synchronized void collect(List<Changes> changes) throws BlockException {
    for (int block = dirty.nextSetBit(0); block >= 0; block = dirty.nextSetBit(block)) {
      int blockEnd = Math.min(dirty.nextClearBit(block), block + MAX_RUN_BLOCKS);
      long from = Math.max(offset, position(block));
      long to = Math.min(end(), position(blockEnd));
      byte[] bytes = new byte[(int) (to - from)];
      for (long at = from; at < to; ) {
        long within = at - offset;
        ByteBuffer page = page(within);
        int part = (int) Math.min(PAGE_BYTES - within % PAGE_BYTES, to - at);
        System.arraycopy(page.array(), (int) (within % PAGE_BYTES), bytes, (int) (at - from), part);
        at += part;
      }
      dirty.clear(block, blockEnd);
      unfinished++;
      changes.add(new Changes(this, block, blockEnd, from, bytes));
    }
  }

  private synchronized void finished(Changes changes, boolean written) {
    unfinished--;
    if (!written) {
      dirty.set(changes.block(), changes.blockEnd());
    }
  }
}
