// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vpc;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import dev.strata.block.Limits;
import dev.strata.block.driver.Allocation;
import dev.strata.block.driver.FreshStorage;
import dev.strata.block.driver.ImageInfo;
import dev.strata.block.driver.MappedImage;
import dev.strata.block.driver.Mapping;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.option.BlockOptions;
import dev.strata.formats.table.EntryTable;
import dev.strata.formats.table.MapTables;

/**
 * An open dynamic image.
 *
 * <p>The order of writes: a block's bitmap and data and the footer behind it, then the BAT. The new
 * block lies where the footer was; until the new one is written, its copy at the start counts.
 */
final class VpcImage extends MappedImage implements ImageInfo {
  private static final int SECTOR = DynamicHeader.SECTOR;

  private final Child file;
  private final DynamicHeader header;
  private final long length;
  private final int blockSize;
  private final EntryTable bat;
  private final MapTables tables;
  private final BlockArea area;

  VpcImage(
      OpenContext context,
      Child file,
      DynamicHeader header,
      long length,
      EntryTable bat,
      BlockArea area) {
    super(context);
    this.file = file;
    this.header = header;
    this.length = length;
    this.blockSize = header.blockSize();
    this.bat = bat;
    this.tables = new MapTables(file, bat, null);
    this.area = area;
  }

  @Override
  public long length() {
    return length;
  }

  /** The reference, too, writes zeroes as data and gives nothing back. */
  @Override
  public Limits limits() {
    return Limits.NONE;
  }

  @Override
  public boolean readsZeroAfterCreate() {
    return true;
  }

  @Override
  protected long granularity() {
    return blockSize;
  }

  @Override
  protected Mapping map(long guestOffset, long length) throws BlockException {
    int block = (int) (guestOffset / blockSize);
    int within = (int) (guestOffset % blockSize);
    long entry = bat.get(block);
    if (entry == BlockArea.UNUSED) {
      int wanted = (int) Math.min((within + length - 1) / blockSize + 1, bat.count() - block);
      long run = bat.run(block, wanted, BlockArea.UNUSED);
      return new Mapping.Zero(Math.min(length, run * blockSize - within));
    }
    long hostOffset = entry * SECTOR;
    return new Mapping.Data(
        file,
        hostOffset + header.bitmapSize() + within,
        Math.min(length, blockSize - within),
        hostOffset >= header.tableEnd());
  }

  @Override
  protected void beforeWriteInPlace(long guestOffset, long hostOffset, long length)
      throws BlockException {
    area.fillBitmap(
        (int) (guestOffset / blockSize),
        hostOffset - guestOffset % blockSize - header.bitmapSize());
  }

  @Override
  protected Allocation allocate(long guestOffset, long length, boolean continues)
      throws BlockException {
    int block = (int) (guestOffset / blockSize);
    if (bat.get(block) != BlockArea.UNUSED) {
      throw new BlockException(
          Errno.EIO, "BAT entry " + block + " points into the image's metadata");
    }
    return new FreshBlock(area.take(block), block);
  }

  private final class FreshBlock extends FreshStorage {
    private final long place;
    private final int block;

    FreshBlock(long place, int block) {
      super(file, (long) block * blockSize, blockSize, place + header.bitmapSize());
      this.place = place;
      this.block = block;
    }

    @Override
    public boolean readsZero() {
      return area.readsZero(hostOffset());
    }

    /** The footer will stand behind it. */
    @Override
    public boolean isReserved() {
      return true;
    }

    @Override
    public void link() throws BlockException {
      bat.set(block, place / SECTOR);
    }

    @Override
    public void release() {
      area.giveBack(block, place);
    }
  }

  @Override
  public void flush() throws BlockException {
    tables.writeBack(area::writeFooter);
  }

  @Override
  public long clusterSize() {
    return blockSize;
  }

  @Override
  public Undo reopen(NodeFlags flags, BlockOptions options) throws BlockException {
    if (!flags.writable()) {
      flush();
      area.writeFooter();
    }
    return Undo.NOTHING;
  }

  @Override
  public void close() throws BlockException {
    flush();
    if (context().flags().writable()) {
      // A write that failed may have taken the footer's place.
      area.writeFooter();
    }
  }
}
