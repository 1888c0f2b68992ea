// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.table;

import dev.strata.block.BlockException;
import dev.strata.block.BufferPool;
import dev.strata.block.Child;
import java.nio.ByteOrder;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The second-level tables that were used last, all of one size, by their places in the file. One
 * that was changed stays until it is written. Thread-safe.
 */
public final class TableCache {
  private static final long MAX_BYTES = 16 << 20;
  private static final int MIN_TABLES = 8;

  private final Child file;
  private final BufferPool buffers;
  private final int count;
  private final int entryBytes;
  private final ByteOrder order;
  private final long maxTables;
  private final LinkedHashMap<Long, EntryTable> tables =
      new LinkedHashMap<>(16, 0.75f, true); // guarded by this
  private @Nullable EntryTable recent; // guarded by this
  private int changed; // tables changed since the last collection, guarded by this

  /** Of tables with {@code count} entries of {@code entryBytes}, 4 or 8, each. */
  public TableCache(Child file, BufferPool buffers, int count, int entryBytes, ByteOrder order) {
    this.file = file;
    this.buffers = buffers;
    this.count = count;
    this.entryBytes = entryBytes;
    this.order = order;
    this.maxTables = Math.max(MIN_TABLES, MAX_BYTES / ((long) count * entryBytes));
  }

  /** How many entries a table has. */
  public int count() {
    return count;
  }

  /** The size of a table in bytes. */
  public long tableBytes() {
    return (long) count * entryBytes;
  }

  /** An entry of the table at {@code offset}. */
  public synchronized long get(long offset, int index) throws BlockException {
    return table(offset).get(index);
  }

  /** How many entries from {@code index} on have that value; see {@link EntryTable#run}. */
  public synchronized int run(long offset, int index, int max, long value) throws BlockException {
    return table(offset).run(index, max, value);
  }

  /** How many entries from {@code index} on, {@code max} at most, rise by {@code step} each. */
  public synchronized int risingRun(long offset, int index, int max, long step)
      throws BlockException {
    EntryTable table = table(offset);
    int end = index + Math.min(max, count - index);
    long expected = table.get(index);
    int at = index;
    while (at < end && table.get(at) == expected) {
      expected += step;
      at++;
    }
    return at - index;
  }

  /** Changes an entry of the table at {@code offset}. */
  public synchronized void set(long offset, int index, long value) throws BlockException {
    EntryTable table = table(offset);
    if (table.isClean()) {
      changed++;
    }
    table.set(index, value);
  }

  /** Takes up a new table of zeroes, which the file does not hold yet. */
  public synchronized void create(long offset) {
    EntryTable table = newTable(offset);
    table.startEmpty();
    changed++;
    keep(table);
  }

  /** Forgets all tables, changes and all. */
  public synchronized void clear() {
    tables.clear();
    recent = null;
    changed = 0;
  }

  /** Whether so many tables were changed that they had better be written. */
  public synchronized boolean isFull() {
    return changed >= maxTables / 2;
  }

  private EntryTable newTable(long offset) {
    return new EntryTable(file, buffers, offset, count, entryBytes, order);
  }

  private EntryTable table(long offset) {
    EntryTable last = recent;
    if (last != null && last.offset() == offset) {
      return last;
    }
    EntryTable table = tables.get(offset);
    if (table == null) {
      table = newTable(offset);
      keep(table);
    }
    recent = table;
    return table;
  }

  private void keep(EntryTable table) {
    for (Iterator<EntryTable> oldest = tables.values().iterator();
        tables.size() >= maxTables && oldest.hasNext(); ) {
      if (oldest.next().isClean()) {
        oldest.remove();
      }
    }
    tables.put(table.offset(), table);
    recent = table;
  }

  synchronized void collect(List<EntryTable.Changes> changes) throws BlockException {
    for (EntryTable table : tables.values()) {
      table.collect(changes);
    }
    changed = 0;
  }
}
