// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vmdk;

import dev.strata.block.BlockException;
import dev.strata.block.BufferPool;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import dev.strata.block.driver.Mapping;
import dev.strata.formats.table.EntryTable;
import dev.strata.formats.table.TableCache;
import java.nio.ByteOrder;

/** A space-efficient sparse extent, which is only read. */
final class SeSparseExtent extends VmdkExtent {
  private static final int GRAIN = SeSparseHeader.GRAIN;
  private static final long TABLE_BYTES = 8L * SeSparseHeader.TABLE_ENTRIES;

  private final SeSparseHeader header;
  private final EntryTable directory;
  private final TableCache tables;

  private SeSparseExtent(BufferPool buffers, Child file, String type, SeSparseHeader header)
      throws BlockException {
    super(file, type, header.capacity() * SECTOR, GRAIN);
    this.header = header;
    this.directory =
        new EntryTable(
            file,
            buffers,
            SparseExtent.place(header.directoryOffset(), "l1 table", file),
            header.directoryEntries(),
            8,
            ByteOrder.LITTLE_ENDIAN);
    this.tables =
        new TableCache(file, buffers, SeSparseHeader.TABLE_ENTRIES, 8, ByteOrder.LITTLE_ENDIAN);
  }

  static SeSparseExtent open(BufferPool buffers, Child file, String type) throws BlockException {
    byte[] sector = new byte[SeSparseHeader.BYTES];
    file.read(0, sector, 0);
    SeSparseHeader header = SeSparseHeader.decode(sector);
    // The reference takes what does not fit for what does; both then see no such header.
    long place = (header.volatileOffset() * SECTOR) & Long.MAX_VALUE;
    file.read(place, sector, 0);
    SeSparseHeader.checkVolatile(sector);
    return new SeSparseExtent(buffers, file, type, header);
  }

  @Override
  Mapping map(long offset, long length) throws BlockException {
    long grain = offset / GRAIN;
    int within = (int) (offset % GRAIN);
    int index = (int) (grain % SeSparseHeader.TABLE_ENTRIES);
    int wanted =
        (int) Math.min((within + length - 1) / GRAIN + 1, SeSparseHeader.TABLE_ENTRIES - index);
    long table = table(grain / SeSparseHeader.TABLE_ENTRIES);
    if (table < 0) {
      return new Mapping.Backing(Math.min(length, (long) wanted * GRAIN - within));
    }
    long entry = tables.get(table, index);
    int run = 1;
    if (!SeSparseEntry.isAllocated(entry)) {
      while (run < wanted && tables.get(table, index + run) == entry) {
        run++;
      }
      long bytes = Math.min(length, (long) run * GRAIN - within);
      return SeSparseEntry.isZero(entry) ? new Mapping.Zero(bytes) : new Mapping.Backing(bytes);
    }
    long first = SeSparseEntry.grain(entry);
    while (run < wanted && isAllocatedAt(tables.get(table, index + run), first + run)) {
      run++;
    }
    return new Mapping.Data(
        file(), hostOffset(first) + within, Math.min(length, (long) run * GRAIN - within), false);
  }

  private static boolean isAllocatedAt(long entry, long grain) throws BlockException {
    return SeSparseEntry.isAllocated(entry) && SeSparseEntry.grain(entry) == grain;
  }

  /** Where a grain lies. */
  private long hostOffset(long grain) throws BlockException {
    // 60 bits: what is beyond these is in no file.
    long start = header.grainsOffset();
    if (grain > Long.MAX_VALUE / 4 / GRAIN || start < 0 || start > Long.MAX_VALUE / 4 / SECTOR) {
      throw BlockException.of(Errno.EIO);
    }
    return start * SECTOR + grain * GRAIN;
  }

  /** Whether a grain's place is not before {@code end}, if it is one at all. */
  private boolean isBeyond(long grain, long end) {
    try {
      return hostOffset(grain) >= end;
    } catch (BlockException e) {
      return true;
    }
  }

  /** Where the table at {@code index} of the directory lies; -1 if there is none. */
  private long table(long index) throws BlockException {
    if (index >= directory.count()) {
      throw BlockException.of(Errno.EIO);
    }
    long entry = directory.get((int) index);
    if (entry == 0) {
      return -1;
    }
    long start = header.tablesOffset();
    if (!SeSparseEntry.isTable(entry) || start < 0 || start > Long.MAX_VALUE / 4 / SECTOR) {
      throw BlockException.of(Errno.EIO);
    }
    return start * SECTOR + SeSparseEntry.table(entry) * TABLE_BYTES;
  }

  @Override
  long firstGrainBeyond() throws BlockException {
    long end = file().length();
    for (int i = 0; i < directory.count(); i++) {
      i += directory.run(i, directory.count() - i, 0);
      long table = i < directory.count() ? table(i) : -1;
      for (int index = 0; table >= 0 && index < SeSparseHeader.TABLE_ENTRIES; index++) {
        long entry = tables.get(table, index);
        if (SeSparseEntry.isAllocated(entry) && isBeyond(SeSparseEntry.grain(entry), end)) {
          return (long) i * SeSparseHeader.TABLE_ENTRIES + index;
        }
      }
    }
    return -1;
  }
}
