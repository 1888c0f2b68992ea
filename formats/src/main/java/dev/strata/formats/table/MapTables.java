// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.table;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.IoVector;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes the tables of a map so that a power cut leaks storage at worst: the data that a table
 * points to are on stable storage before it, and second-level tables before the first level.
 * Thread-safe.
 */
public final class MapTables {
  private final Child file;
  private final EntryTable first;
  private final @Nullable TableCache second;
  private final @Nullable TableCache copy;
  private final Writer writer;

  /** How parts of tables get into the file. */
  @FunctionalInterface
  public interface Writer {
    /**
     * Writes that part.
     *
     * @param position in the file; the part begins and ends at multiples of 4096 bytes, or where
     *     its table does
     */
    void write(long position, IoVector bytes) throws BlockException;
  }

  /** A map whose second level, if there is one, is in {@code second}. */
  public MapTables(Child file, EntryTable first, @Nullable TableCache second) {
    this(file, first, second, (position, bytes) -> file.write(position, bytes, 0));
  }

  /** The same with tables that are written in a way of their own. */
  public MapTables(Child file, EntryTable first, @Nullable TableCache second, Writer writer) {
    this(file, first, second, null, writer);
  }

  /**
   * A map whose second level exists twice; the first level of {@code copy} never changes. Of each
   * change the copy is written first: what it has beyond the tables that are read does no harm.
   */
  public MapTables(Child file, EntryTable first, TableCache second, @Nullable TableCache copy) {
    this(file, first, second, copy, (position, bytes) -> file.write(position, bytes, 0));
  }

  private MapTables(
      Child file,
      EntryTable first,
      @Nullable TableCache second,
      @Nullable TableCache copy,
      Writer writer) {
    this.copy = copy;
    this.file = file;
    this.first = first;
    this.second = second;
    this.writer = writer;
  }

  /** What has to happen when the changes are known and before they are written. */
  @FunctionalInterface
  public interface Before {
    /** Nothing, beyond the data's way to stable storage. */
    Before NOTHING = () -> {};

    /** For instance, says in the header that the map is changing. */
    void run() throws BlockException;
  }

  /**
   * Writes what was changed; not necessarily to stable storage.
   *
   * @param before called if anything was
   */
  public synchronized void writeBack(Before before) throws BlockException {
    var top = new ArrayList<EntryTable.Changes>();
    var all = new ArrayList<EntryTable.Changes>();
    int written = 0;
    try {
      // The first level first: what it points to is then among the second level's changes.
      first.collect(top);
      if (copy != null) {
        copy.collect(all);
      }
      if (second != null) {
        second.collect(all);
      }
      int lower = all.size();
      all.addAll(top);
      if (all.isEmpty()) {
        return;
      }
      before.run();
      file.flush();
      for (; written < lower; ) {
        all.get(written++).write(writer);
      }
      if (lower > 0 && !top.isEmpty()) {
        file.flush();
      }
      for (; written < all.size(); ) {
        all.get(written++).write(writer);
      }
    } finally {
      putBack(all, written);
    }
  }

  private static void putBack(List<EntryTable.Changes> changes, int from) {
    for (EntryTable.Changes left : changes.subList(from, changes.size())) {
      left.putBack();
    }
  }
}
