// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.table;

import dev.strata.block.BlockException;
import dev.strata.block.Child;

/**
 * An L1 table whose entries are the places of L2 tables, whose entries say where clusters lie; an
 * L1 entry of 0 is for none. Thread-safe.
 */
public final class TwoLevelMap {
  private final EntryTable l1;
  private final TableCache l2;
  private final int clusterBits;
  private final FileEnd area;
  private final PlaceCheck check;
  private final MapTables tables;
  private final Object linking = new Object();

  /** Whether an L2 table can lie there. */
  @FunctionalInterface
  public interface PlaceCheck {
    /**
     * Throws if it cannot.
     *
     * @param place as the L1 table has it, not 0
     */
    void check(long place) throws BlockException;
  }

  /**
   * A map of clusters.
   *
   * @param area where new L2 tables go
   */
  public TwoLevelMap(
      Child file, EntryTable l1, TableCache l2, int clusterBits, FileEnd area, PlaceCheck check) {
    this.l1 = l1;
    this.l2 = l2;
    this.clusterBits = clusterBits;
    this.area = area;
    this.check = check;
    this.tables = new MapTables(file, l1, l2);
  }

  /** The index of a guest byte's entry in its L2 table. */
  public int index(long guestOffset) {
    return (int) ((guestOffset >>> clusterBits) % l2.count());
  }

  private int l1Index(long guestOffset) {
    return (int) ((guestOffset >>> clusterBits) / l2.count());
  }

  /** How many clusters of one L2 table the range touches. */
  public int clusters(long guestOffset, long length) {
    long within = guestOffset & ((1L << clusterBits) - 1);
    return (int)
        Math.min(((within + length - 1) >>> clusterBits) + 1, l2.count() - index(guestOffset));
  }

  /** Where the L2 table of a guest byte lies; 0 if there is none. */
  public long table(long guestOffset) throws BlockException {
    long place = l1.get(l1Index(guestOffset));
    if (place != 0) {
      check.check(place);
    }
    return place;
  }

  /**
   * Sets entries of one L2 table, which is made if there is none; the caller has their guest range
   * alone.
   *
   * @param first the first entry; each of those that follow is higher by {@code step}
   */
  public void set(long guestOffset, int count, long first, long step) throws BlockException {
    int index = index(guestOffset);
    synchronized (linking) {
      long table = tableToChange(guestOffset);
      for (int i = 0; i < count; i++) {
        l2.set(table, index + i, first + i * step);
      }
    }
    if (l2.isFull()) {
      writeBack();
    }
  }

  private long tableToChange(long guestOffset) throws BlockException {
    long table = table(guestOffset);
    if (table == 0) {
      table = area.take(l2.tableBytes(), 1L << clusterBits);
      l2.create(table);
      l1.set(l1Index(guestOffset), table);
    }
    return table;
  }

  /** Writes what was changed, as {@link MapTables} does; not necessarily to stable storage. */
  public void writeBack() throws BlockException {
    tables.writeBack(MapTables.Before.NOTHING);
  }
}
