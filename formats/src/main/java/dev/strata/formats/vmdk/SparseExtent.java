// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vmdk;

import dev.strata.block.BlockException;
import dev.strata.block.BufferPool;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import dev.strata.block.IoVector;
import dev.strata.block.driver.Allocation;
import dev.strata.block.driver.FreshStorage;
import dev.strata.block.driver.Mapping;
import dev.strata.formats.table.EntryTable;
import dev.strata.formats.table.FileEnd;
import dev.strata.formats.table.MapTables;
import dev.strata.formats.table.TableCache;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * A sparse extent: a grain directory, whose tables have been there from the start, and grains that
 * are added at the file's end. Data are on stable storage before the entries that point to them, of
 * both grain tables if there are two: a crash leaks grains at worst.
 *
 * @see "VMware Virtual Disk Format 5.0, Hosted Sparse Extents, ESXi Host Sparse Extents,
 *     Stream-Optimized Compressed"
 */
final class SparseExtent extends VmdkExtent {
  /** An entry of a grain that reads as zeroes. */
  private static final long ZERO = 1;

  private static final long MAX_FILE = SECTOR * 0xffff_ffffL;

  private final SparseHeader header; // of an ESX server extent, one that says the same
  private final long metadataEnd;
  private final EntryTable directory;
  private final TableCache tables;
  private final @Nullable EntryTable redundantDirectory;
  private final @Nullable TableCache redundantTables;
  private final MapTables map;
  private final FileEnd area;
  private final @Nullable PackedGrains packed;
  private boolean hasFooter; // guarded by this

  private SparseExtent(
      BufferPool buffers,
      Child file,
      String type,
      SparseHeader header,
      int directorySize,
      long metadataEnd,
      boolean hasFooter)
      throws BlockException {
    super(file, type, header.capacity() * SECTOR, header.grainSize() * SECTOR);
    this.header = header;
    this.metadataEnd = metadataEnd;
    this.hasFooter = hasFooter;
    ByteOrder order = ByteOrder.LITTLE_ENDIAN;
    int entries = (int) header.tableEntries();
    long place = place(header.directoryOffset(), "l1 table", file);
    this.directory = new EntryTable(file, buffers, place, directorySize, 4, order);
    this.tables = new TableCache(file, buffers, entries, 4, order);
    if (header.has(SparseHeader.FLAG_REDUNDANT)) {
      long copy = place(header.redundantOffset(), "l1 backup table", file);
      this.redundantDirectory = new EntryTable(file, buffers, copy, directorySize, 4, order);
      this.redundantTables = new TableCache(file, buffers, entries, 4, order);
    } else {
      this.redundantDirectory = null;
      this.redundantTables = null;
    }
    this.map = new MapTables(file, directory, tables, redundantTables);
    this.area = new FileEnd(file, metadataEnd, MAX_FILE);
    this.packed =
        header.isCompressed()
            ? new PackedGrains(
                buffers,
                file,
                header.capacity() * SECTOR,
                (int) grain(),
                header.has(SparseHeader.FLAG_MARKERS))
            : null;
  }

  /** Where sector {@code offset} lies. */
  static long place(long offset, String what, Child file) throws BlockException {
    if (offset < 0 || offset > Long.MAX_VALUE / 2 / SECTOR) {
      throw BlockException.of(
          Errno.EIO, "Could not read " + what + " from extent '" + file.filename() + "'");
    }
    return offset * SECTOR;
  }

  /**
   * An extent with this header, which may say that another one, in the footer, counts.
   *
   * @param type as the descriptor has it
   */
  static SparseExtent open(BufferPool buffers, Child file, String type, SparseHeader first)
      throws BlockException {
    SparseHeader header = first;
    boolean footer = first.directoryOffset() == SparseHeader.AT_END;
    if (footer) {
      long sectors = (file.length() + SECTOR - 1) / SECTOR;
      long place = sectors * SECTOR - SparseHeader.FOOTER_BYTES;
      if (place < 0) {
        throw BlockException.of(Errno.EIO, "Failed to read footer");
      }
      byte[] bytes = new byte[SparseHeader.FOOTER_BYTES];
      file.read(place, bytes, 0);
      header = SparseHeader.decodeFooter(bytes);
    }
    header.check(file.length());
    long descriptorEnd = 1;
    if (header.descriptorOffset() > 0 && header.descriptorOffset() <= header.overhead()) {
      long size = Math.clamp(header.descriptorSize(), 0, 2L * VmdkDescriptor.BYTES / SECTOR);
      descriptorEnd = header.descriptorOffset() + size;
    }
    return new SparseExtent(
        buffers, file, type, header, header.directorySize(), descriptorEnd * SECTOR, footer);
  }

  /** An ESX server extent. */
  static SparseExtent openCowd(BufferPool buffers, Child file, String type) throws BlockException {
    byte[] bytes = new byte[CowdHeader.BYTES];
    file.read(0, bytes, 0);
    CowdHeader cowd = CowdHeader.decode(bytes);
    var header =
        new SparseHeader(
            1,
            0,
            cowd.capacity(),
            cowd.grainSize(),
            0,
            0,
            CowdHeader.TABLE_ENTRIES,
            0,
            cowd.directoryOffset(),
            0,
            0);
    return new SparseExtent(
        buffers, file, type, header, cowd.directorySize(), CowdHeader.BYTES, false);
  }

  @Override
  boolean isCompressed() {
    return packed != null;
  }

  @Override
  boolean marksZeroes() {
    return header.has(SparseHeader.FLAG_ZERO_GRAIN) && packed == null;
  }

  /** Whether only reading is understood of this version. */
  boolean isReadOnly() {
    return header.version() == 3 && packed == null;
  }

  /** Where the grain table of that grain lies; 0 if there is none. */
  private long table(long grain) throws BlockException {
    return place(directory, grain);
  }

  private long place(EntryTable from, long grain) throws BlockException {
    long index = grain / tables.count();
    if (index >= from.count()) {
      throw BlockException.of(Errno.EIO);
    }
    return from.get((int) index) * SECTOR;
  }

  private int index(long grain) {
    return (int) (grain % tables.count());
  }

  /** How many grains of one table the range touches. */
  private int grains(long offset, long length) {
    long within = offset % grain();
    return (int)
        Math.min((within + length - 1) / grain() + 1, tables.count() - index(offset / grain()));
  }

  private boolean isZero(long entry) {
    return entry == ZERO && header.has(SparseHeader.FLAG_ZERO_GRAIN);
  }

  @Override
  Mapping map(long offset, long length) throws BlockException {
    long grain = offset / grain();
    long within = offset % grain();
    int index = index(grain);
    int wanted = grains(offset, length);
    long table = table(grain);
    if (table == 0) {
      return new Mapping.Backing(Math.min(length, wanted * grain() - within));
    }
    long entry = tables.get(table, index);
    if (entry == 0 || isZero(entry)) {
      int run = tables.run(table, index, wanted, entry);
      long bytes = Math.min(length, run * grain() - within);
      return entry == 0 ? new Mapping.Backing(bytes) : new Mapping.Zero(bytes);
    }
    if (packed != null) {
      return new Mapping.Encoded(Math.min(length, grain() - within), true);
    }
    int run = tables.risingRun(table, index, wanted, header.grainSize());
    return new Mapping.Data(
        file(),
        entry * SECTOR + within,
        Math.min(length, run * grain() - within),
        entry * SECTOR >= metadataEnd);
  }

  @Override
  Allocation allocate(long start, long offset, long length) throws BlockException {
    long first = offset / grain();
    int index = index(first);
    int wanted = grains(offset, length);
    long table = tableToChange(first);
    int run = 0;
    while (run < wanted && isFree(tables.get(table, index + run))) {
      run++;
    }
    if (run == 0) {
      throw new BlockException(
          Errno.EIO, "Grain " + first + " of '" + file().filename() + "' lies in its metadata");
    }
    long place = area.take(run * grain(), grain());
    return new FreshGrains(place, start, first, run);
  }

  private boolean isFree(long entry) {
    return entry == 0 || isZero(entry);
  }

  private long tableToChange(long grain) throws BlockException {
    long table = table(grain);
    if (table < metadataEnd) {
      throw BlockException.of(Errno.EINVAL); // the reference adds no tables either
    }
    return table;
  }

  private final class FreshGrains extends FreshStorage {
    private final long first;
    private final int count;

    FreshGrains(long place, long start, long first, int count) {
      super(SparseExtent.this.file(), start + first * grain(), count * grain(), place);
      this.first = first;
      this.count = count;
    }

    @Override
    public boolean readsZero() {
      return area.readsZero(hostOffset());
    }

    @Override
    public void link() throws BlockException {
      set(first, count, hostOffset() / SECTOR, header.grainSize());
    }

    @Override
    public void release() {
      area.giveBack(hostOffset(), length());
    }
  }

  /** Sets entries of one table, in both of its copies; each is higher by {@code step}. */
  private void set(long first, int count, long value, long step) throws BlockException {
    long table = tableToChange(first);
    EntryTable copies = redundantDirectory;
    long copy = copies == null ? 0 : place(copies, first);
    int index = index(first);
    for (int i = 0; i < count; i++) {
      if (redundantTables != null && copy >= metadataEnd && copy != table) {
        redundantTables.set(copy, index + i, value + i * step);
      }
      tables.set(table, index + i, value + i * step);
    }
    if (tables.isFull()) {
      flush();
    }
  }

  @Override
  void markZeroes(long offset, long length) throws BlockException {
    if (!marksZeroes() || offset % grain() != 0) {
      throw BlockException.of(Errno.EOPNOTSUPP);
    }
    for (long done = 0; done < length; ) {
      int count = grains(offset + done, length - done);
      set((offset + done) / grain(), count, ZERO, 0);
      done += count * grain();
    }
  }

  private PackedGrains packed() throws BlockException {
    PackedGrains known = packed;
    if (known == null) {
      throw BlockException.of(Errno.EOPNOTSUPP);
    }
    return known;
  }

  @Override
  void readEncoded(long offset, IoVector into) throws BlockException {
    long grain = offset / grain();
    long place = tables.get(table(grain), index(grain)) * SECTOR;
    int size = (int) Math.min(grain(), length() - grain * grain());
    packed().read(place, size, (int) (offset % grain()), into);
  }

  @Override
  void writeEncoded(long guestOffset, long offset, IoVector from) throws BlockException {
    long grain = offset / grain();
    tableToChange(grain); // throws if there is none, before anything is written
    forgetFooter();
    try (PackedGrains.Packed stored = packed().pack(guestOffset / SECTOR, from)) {
      long place = area.take(stored.length(), SECTOR);
      boolean linked = false;
      try {
        file().write(place, stored.vector(), 0);
        set(grain, 1, place / SECTOR, 0);
        linked = true;
      } finally {
        if (!linked) {
          area.giveBack(place, stored.length());
        }
      }
    }
  }

  /** Grains are going to follow the footer: from now on the header says where the directory is. */
  private synchronized void forgetFooter() throws BlockException {
    if (hasFooter) {
      file().write(0, header.encode(), 0);
      file().flush();
      hasFooter = false;
    }
  }

  @Override
  long mappableGrains() {
    return (long) directory.count() * tables.count();
  }

  @Override
  long firstGrainBeyond() throws BlockException {
    long end = (file().length() + SECTOR - 1) / SECTOR;
    long count = Math.min((length() + grain() - 1) / grain(), mappableGrains());
    for (long grain = 0; grain < count; ) {
      long table = table(grain);
      int index = index(grain);
      int left = (int) Math.min(tables.count() - index, count - grain);
      int passed = table == 0 ? left : tables.run(table, index, left, 0);
      if (passed == 0) {
        long entry = tables.get(table, index);
        if (!isZero(entry) && entry >= end) {
          return grain;
        }
        passed = 1;
      }
      grain += passed;
    }
    return -1;
  }

  @Override
  void flush() throws BlockException {
    map.writeBack(MapTables.Before.NOTHING);
  }

  @Override
  void close() {
    if (packed != null) {
      packed.close();
    }
  }
}
