// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.DebugEvent;

/** An L1 table, all in memory. Guarded by the image's table lock. */
final class L1Table {
  private final Child file;
  private final OverlapCheck overlaps;
  private long offset;
  private long[] entries;

  L1Table(Child file, OverlapCheck overlaps, long offset, long[] entries) {
    this.file = file;
    this.overlaps = overlaps;
    this.offset = offset;
    this.entries = entries;
  }

  /** Reads a table whose size the caller has bounded. */
  static L1Table load(Child file, OverlapCheck overlaps, long offset, int size)
      throws BlockException {
    var entries = new long[size];
    if (size > 0) {
      RefcountTable.readWords(file, offset, entries);
    }
    return new L1Table(file, overlaps, offset, entries);
  }

  /** In bytes from the start of the file. */
  long offset() {
    return offset;
  }

  int size() {
    return entries.length;
  }

  /** The entry; 0 beyond the table. */
  long entry(long index) {
    return index < entries.length ? entries[(int) index] : 0;
  }

  /** All entries; not to be changed. */
  long[] entries() {
    return entries;
  }

  /** Sets an entry in memory and in the file. */
  void set(int index, long entry) throws BlockException {
    long old = entries[index];
    entries[index] = entry;
    boolean written = false;
    try {
      overlaps.beforeWrite(OverlapCheck.ACTIVE_L1, offset + index * 8L, 8);
      file.event(DebugEvent.L1_UPDATE);
      file.write(offset + index * 8L, RefcountTable.toBytes(new long[] {entry}), 0);
      written = true;
    } finally {
      if (!written) {
        entries[index] = old;
      }
    }
  }

  /** Sets all entries, as many as there are, in the file and in memory. */
  void rewrite(long[] newEntries) throws BlockException {
    if (newEntries.length > 0) {
      overlaps.beforeWrite(OverlapCheck.ACTIVE_L1, offset, newEntries.length * 8L);
      file.event(DebugEvent.L1_UPDATE);
      file.write(offset, RefcountTable.toBytes(newEntries), 0);
    }
    entries = newEntries;
  }

  /** The table is another one now; the file knows already. */
  void replace(long newOffset, long[] newEntries) {
    offset = newOffset;
    entries = newEntries;
  }
}
