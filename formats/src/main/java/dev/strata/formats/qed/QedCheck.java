// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qed;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.driver.Checkable.Result;
import dev.strata.formats.table.EntryTable;
import dev.strata.formats.table.TableCache;
import java.util.BitSet;

/**
 * One check of an image, which counts as the reference does and says nothing but numbers: wrong
 * entries can be cleared, leaked clusters stay.
 *
 * @see "QEMU docs/interop/qed_spec, Consistency checking"
 */
final class QedCheck {
  private final QedHeader header;
  private final EntryTable l1;
  private final TableCache l2;
  private final boolean fix;
  private final long fileLength;
  private final BitSet used = new BitSet(); // clusters of the file
  private long corruptions;
  private long corruptionsFixed;
  private long leaks;
  private long allocated;
  private long fragmented;

  QedCheck(Child file, QedHeader header, EntryTable l1, TableCache l2, boolean fix)
      throws BlockException {
    this.header = header;
    this.l1 = l1;
    this.l2 = l2;
    this.fix = fix;
    // A cluster that the file ends in is none.
    this.fileLength = file.length() / header.clusterSize() * header.clusterSize();
  }

  Result result() {
    return new Result(
        corruptions, leaks, 0, corruptionsFixed, 0, 0, header.clusters(), allocated, fragmented, 0);
  }

  void run() throws BlockException {
    use(header.l1Offset(), header.tableSize());
    for (int i = 0; i < l1.count(); i++) {
      i += l1.run(i, l1.count() - i, 0);
      if (i < l1.count()) {
        checkTable(i);
      }
    }
    long clusterSize = header.clusterSize();
    long clusters = (fileLength + clusterSize - 1) / clusterSize;
    long usable = Math.max(0, clusters - header.headerSize());
    leaks = Math.max(0, usable - used.cardinality());
  }

  private void checkTable(int index) throws BlockException {
    long table = l1.get(index);
    if (!header.isTablePlace(table, fileLength)) {
      if (wrong()) {
        l1.set(index, 0);
      }
      return;
    }
    // One that is in use twice was looked at already, or is none.
    if (!use(table, header.tableSize())) {
      return;
    }
    long last = 0;
    for (int i = 0; i < l2.count(); i++) {
      i += l2.run(table, i, l2.count() - i, L2Entry.UNALLOCATED);
      long entry = i < l2.count() ? l2.get(table, i) : L2Entry.UNALLOCATED;
      if (!L2Entry.isOffset(entry)) {
        continue;
      }
      allocated++;
      if (last != 0 && last + header.clusterSize() != entry) {
        fragmented++;
      }
      last = entry;
      if (header.isClusterPlace(entry, fileLength)) {
        use(entry, 1);
      } else if (wrong()) {
        l2.set(table, i, L2Entry.UNALLOCATED);
      }
    }
  }

  /** Counts a wrong entry; whether it is to be cleared. */
  private boolean wrong() {
    corruptions++;
    corruptionsFixed += fix ? 1 : 0;
    return fix;
  }

  /** Notes that something uses these clusters; false if something else does, too. */
  private boolean use(long offset, int count) {
    int first = (int) Math.min(offset / header.clusterSize(), Integer.MAX_VALUE - count);
    boolean free = true;
    for (int i = first; i < first + count; i++) {
      if (used.get(i)) {
        corruptions++;
        free = false;
      }
      used.set(i);
    }
    return free;
  }
}
