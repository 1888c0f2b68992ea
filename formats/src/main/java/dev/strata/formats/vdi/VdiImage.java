// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vdi;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import dev.strata.block.Limits;
import dev.strata.block.driver.Allocation;
import dev.strata.block.driver.Checkable;
import dev.strata.block.driver.FreshStorage;
import dev.strata.block.driver.ImageInfo;
import dev.strata.block.driver.MappedImage;
import dev.strata.block.driver.Mapping;
import dev.strata.block.driver.OpenContext;
import dev.strata.formats.table.EntryTable;
import dev.strata.formats.table.MapTables;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * An open VDI image.
 *
 * <p>The order of writes: the data, the number of places in the header, then the map. A crash in
 * between leaves places that nothing uses; the other order would have other programs, which trust
 * the number, take a place twice.
 */
final class VdiImage extends MappedImage implements Checkable, ImageInfo {
  private static final int BLOCK = VdiHeader.BLOCK;

  private final Child file;
  private final VdiHeader header;
  private final EntryTable map;
  private final MapTables tables;
  private final Object opening = new Object();
  private @Nullable BlockPlaces places; // known from the first allocation on, guarded by opening
  private long storedCount; // blocks_allocated in the file, guarded by tables

  private VdiImage(OpenContext context, Child file, VdiHeader header) {
    super(context);
    this.file = file;
    this.header = header;
    this.map =
        new EntryTable(
            file,
            context.buffers(),
            header.mapOffset(),
            header.blocks(),
            4,
            ByteOrder.LITTLE_ENDIAN);
    this.tables = new MapTables(file, map, null);
    this.storedCount = header.allocated();
  }

  static VdiImage open(OpenContext context, Child file) throws BlockException {
    byte[] head = new byte[VdiHeader.BYTES];
    file.read(0, head, 0);
    return new VdiImage(context, file, VdiHeader.decode(head));
  }

  @Override
  public long length() {
    return header.diskSize();
  }

  /** The reference, too, writes zeroes as data and gives nothing back. */
  @Override
  public Limits limits() {
    return Limits.NONE;
  }

  @Override
  public boolean readsZeroAfterCreate() {
    return !header.isStatic() || file.readsZeroAfterCreate();
  }

  @Override
  protected long granularity() {
    return BLOCK;
  }

  @Override
  protected boolean hasHoles() {
    return header.isStatic();
  }

  @Override
  protected Mapping map(long guestOffset, long length) throws BlockException {
    int first = (int) (guestOffset / BLOCK);
    int within = (int) (guestOffset % BLOCK);
    if (first >= map.count()) {
      return new Mapping.Zero(length);
    }
    int wanted = blocks(within, length, first);
    long entry = map.get(first);
    int run = 1;
    if (!MapEntry.isAllocated(entry)) {
      while (run < wanted && !MapEntry.isAllocated(map.get(first + run))) {
        run += Math.max(1, map.run(first + run, wanted - run, MapEntry.UNALLOCATED));
      }
      return new Mapping.Zero(Math.min(length, (long) run * BLOCK - within));
    }
    while (run < wanted && map.get(first + run) == entry + run) {
      run++;
    }
    long hostOffset = header.dataOffset() + entry * BLOCK;
    return new Mapping.Data(
        file,
        hostOffset + within,
        Math.min(length, (long) run * BLOCK - within),
        hostOffset >= header.metadataEnd());
  }

  /** How many blocks the range touches. */
  private int blocks(int within, long length, int first) {
    return (int) Math.min((within + length - 1) / BLOCK + 1, map.count() - first);
  }

  private BlockPlaces places() throws BlockException {
    synchronized (opening) {
      BlockPlaces known = places;
      if (known == null) {
        known = BlockPlaces.of(file, header, map);
        places = known;
      }
      return known;
    }
  }

  @Override
  protected Allocation allocate(long guestOffset, long length, boolean continues)
      throws BlockException {
    int first = (int) (guestOffset / BLOCK);
    int wanted = blocks((int) (guestOffset % BLOCK), length, first);
    if (MapEntry.isAllocated(map.get(first)) || header.dataOffset() < header.metadataEnd()) {
      throw new BlockException(Errno.EIO, "VDI block " + first + " lies in the image's metadata");
    }
    int count = 1;
    while (count < wanted && !MapEntry.isAllocated(map.get(first + count))) {
      count++;
    }
    BlockPlaces from = places();
    synchronized (from) {
      int place = from.take(count);
      return new FreshBlocks(from, place, first, from.taken(place, count));
    }
  }

  private final class FreshBlocks extends FreshStorage {
    private final BlockPlaces from;
    private final int place;
    private final int first;
    private final int count;

    FreshBlocks(BlockPlaces from, int place, int first, int count) {
      super(
          file,
          (long) first * BLOCK,
          (long) count * BLOCK,
          header.dataOffset() + (long) place * BLOCK);
      this.from = from;
      this.place = place;
      this.first = first;
      this.count = count;
    }

    @Override
    public boolean readsZero() {
      return from.readsZero(place);
    }

    /** The file was made longer for it. */
    @Override
    public boolean isReserved() {
      return true;
    }

    @Override
    public void link() throws BlockException {
      for (int i = 0; i < count; i++) {
        map.set(first + i, (long) place + i);
      }
    }

    @Override
    public void release() {
      from.giveBack(place, count);
    }
  }

  @Override
  public void flush() throws BlockException {
    tables.writeBack(this::writeCount);
  }

  /** Says how many places the file has; {@link MapTables} lets one thread in at a time. */
  private void writeCount() throws BlockException {
    long count = places().count();
    if (count != storedCount) {
      byte[] field = new byte[4];
      ByteBuffer.wrap(field).order(ByteOrder.LITTLE_ENDIAN).putInt((int) count);
      file.write(VdiHeader.ALLOCATED_POSITION, field, 0);
      storedCount = count;
    }
  }

  @Override
  public long clusterSize() {
    return BLOCK;
  }

  @Override
  public Result check(Repair repair, Listener listener) throws BlockException {
    if (repair != Repair.NONE) {
      throw new BlockException(Errno.EOPNOTSUPP, "This image format does not support checks");
    }
    var check = new VdiCheck(map, listener);
    alone(() -> check.run(storedCount()));
    return check.result();
  }

  private long storedCount() throws BlockException {
    flush();
    synchronized (tables) {
      return storedCount;
    }
  }

  @Override
  public void close() throws BlockException {
    flush();
  }
}
