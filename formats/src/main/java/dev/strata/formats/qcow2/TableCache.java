// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.BlockException;
import dev.strata.block.BufferPool;
import dev.strata.block.Child;
import dev.strata.block.DebugEvent;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Tables of one kind in memory: at most so many, the least recently used gives way. A table that
 * was got is valid until the next call. Guarded by the image's table lock.
 */
final class TableCache {
  /** What has to be on disk before a dirty table may be written. */
  @FunctionalInterface
  interface WriteOrder {
    void beforeWriting() throws BlockException;
  }

  /** Tables of which none needs an arena. */
  private static final int FEW = 16;

  private final Child file;
  private final DebugEvent load;
  private final DebugEvent update;
  private final OverlapCheck overlaps;
  private final int ownSection;
  private final WriteOrder order;
  private final Runnable onFirst;
  private int tableSize;
  private int capacity;
  private @Nullable Arena arena; // of the tables behind the first few; null if there are none
  private CachedTable[] tables = new CachedTable[16];
  private final @Nullable CachedTable[] hints =
      new CachedTable[256]; // by offset: where to look first
  private int count;
  private long clock;
  private long cleaned; // the clock when unused tables were last dropped
  private @Nullable CachedTable recent;

  /**
   * An empty cache.
   *
   * @param tableSize in bytes, at most a cluster
   * @param capacity how many tables at most
   * @param ownSection the {@link OverlapCheck} section that these tables are in
   * @param onFirst run when there are tables in memory where none were
   */
  TableCache(
      Child file,
      int tableSize,
      int capacity,
      DebugEvent load,
      DebugEvent update,
      OverlapCheck overlaps,
      int ownSection,
      WriteOrder order,
      Runnable onFirst) {
    this.file = file;
    this.load = load;
    this.update = update;
    this.overlaps = overlaps;
    this.ownSection = ownSection;
    this.order = order;
    this.onFirst = onFirst;
    resize(tableSize, capacity);
  }

  /** Takes tables of another size or number from now on; none may be dirty. */
  void resize(int newTableSize, int newCapacity) {
    close();
    tableSize = newTableSize;
    capacity = Math.max(newCapacity, 2);
  }

  int tableSize() {
    return tableSize;
  }

  /** The table at {@code offset} of the file, read if it is not in memory. */
  CachedTable get(long offset) throws BlockException {
    CachedTable table = find(offset);
    if (table != null) {
      return table;
    }
    table = vacant();
    file.event(load);
    file.read(offset, table.vector(), 0);
    return put(table, offset);
  }

  /** A table of zeroes for {@code offset}, whatever the file holds there. */
  CachedTable fresh(long offset) throws BlockException {
    CachedTable table = find(offset);
    if (table == null) {
      table = put(vacant(), offset);
    }
    table.vector().fill((byte) 0);
    table.dirty = true;
    return table;
  }

  private @Nullable CachedTable find(long offset) {
    CachedTable last = recent;
    if (last != null && last.offset == offset) {
      return last;
    }
    int slot = slot(offset);
    CachedTable hint = hints[slot];
    if (hint != null && hint.offset == offset) {
      return touch(hint);
    }
    for (int i = 0; i < count; i++) {
      if (tables[i].offset == offset) {
        hints[slot] = tables[i];
        return touch(tables[i]);
      }
    }
    return null;
  }

  private static int slot(long offset) {
    long mixed = offset * 0x9e3779b97f4a7c15L;
    return (int) (mixed >>> 56);
  }

  private CachedTable touch(CachedTable table) {
    table.lastUse = ++clock;
    recent = table;
    return table;
  }

  private CachedTable put(CachedTable table, long offset) {
    table.offset = offset;
    return touch(table);
  }

  /** A table to be filled: a new one, or the least recently used after it was written back. */
  private CachedTable vacant() throws BlockException {
    CachedTable oldest = null;
    for (int i = 0; i < count; i++) {
      if (tables[i].offset < 0) {
        return tables[i];
      }
      if (oldest == null || tables[i].lastUse < oldest.lastUse) {
        oldest = tables[i];
      }
    }
    if (oldest == null || count < capacity) {
      if (count == tables.length) {
        tables = Arrays.copyOf(tables, count * 2);
      }
      var table = new CachedTable(memory());
      tables[count++] = table;
      return table;
    }
    if (oldest.dirty) {
      order.beforeWriting();
      write(oldest);
    }
    forget(oldest);
    return oldest;
  }

  private ByteBuffer memory() {
    if (count == 0) {
      onFirst.run();
    }
    if (count < FEW) {
      return collected();
    }
    Arena all = arena;
    if (all == null) {
      all = newArena();
      arena = all;
    }
    return allocate(all);
  }

  /** Memory that the garbage collector frees: the first arena takes a short command 5 ms. */
  private ByteBuffer collected() {
    int alignment = Math.min(tableSize, BufferPool.ALIGNMENT);
    return ByteBuffer.allocateDirect(tableSize + alignment)
        .alignedSlice(alignment)
        .slice(0, tableSize);
  }

  @SuppressWarnings("MustBeClosedChecker") // close() and dropUnused() do
  private static Arena newArena() {
    return Arena.ofShared();
  }

  private ByteBuffer allocate(Arena from) {
    return from.allocate(tableSize, Math.min(tableSize, BufferPool.ALIGNMENT)).asByteBuffer();
  }

  private void forget(CachedTable table) {
    table.offset = -1;
    table.dirty = false;
    if (recent == table) {
      recent = null;
    }
  }

  private void write(CachedTable table) throws BlockException {
    if (!table.dirty) {
      return; // the write order has written it already
    }
    overlaps.beforeWrite(ownSection, table.offset, tableSize);
    file.event(update);
    file.write(table.offset, table.vector(), 0);
    table.dirty = false;
  }

  /** Whether any table differs from the file. */
  boolean isDirty() {
    for (int i = 0; i < count; i++) {
      if (tables[i].dirty) {
        return true;
      }
    }
    return false;
  }

  /** Writes what differs from the file; the caller has seen to the order. */
  void writeDirty() throws BlockException {
    for (int i = 0; i < count; i++) {
      if (tables[i].dirty) {
        write(tables[i]);
      }
    }
  }

  /** Drops tables in that range without writing them: their clusters are free. */
  void drop(long offset, long length) {
    for (int i = 0; i < count; i++) {
      long at = tables[i].offset;
      if (at >= offset && at < offset + length) {
        forget(tables[i]);
      }
    }
  }

  /** Gives the memory of clean tables back that were not used since this was called last. */
  void dropUnused() {
    Arena old = arena;
    long before = cleaned;
    cleaned = clock;
    int used = 0;
    for (int i = 0; i < count; i++) {
      used += isUsedSince(before, tables[i]) ? 1 : 0;
    }
    if (used == count) {
      return;
    }
    // Those in use move, as memory goes back only as a whole.
    Arena other = used <= FEW ? null : newArena();
    var moved = new CachedTable[Math.max(used, 16)];
    int number = 0;
    boolean complete = false;
    try {
      for (int i = 0; i < count; i++) {
        if (isUsedSince(before, tables[i])) {
          ByteBuffer memory = other == null || number < FEW ? collected() : allocate(other);
          moved[number++] = new CachedTable(memory, tables[i]);
        }
      }
      complete = true;
    } finally {
      if (!complete && other != null) {
        other.close();
      }
    }
    forgetAll();
    arena = other;
    tables = moved;
    count = number;
    if (old != null) {
      old.close();
    }
  }

  private static boolean isUsedSince(long time, CachedTable table) {
    return table.offset >= 0 && (table.dirty || table.lastUse > time);
  }

  /** Drops everything, written or not, and gives the memory back. */
  void close() {
    Arena old = arena;
    arena = null;
    forgetAll();
    if (old != null) {
      old.close();
    }
  }

  private void forgetAll() {
    Arrays.fill(hints, null);
    Arrays.fill(tables, 0, count, null);
    recent = null;
    count = 0;
  }

  /** Drops everything that is clean; what is dirty stays. */
  void dropClean() {
    for (int i = 0; i < count; i++) {
      if (!tables[i].dirty) {
        forget(tables[i]);
      }
    }
  }
}
