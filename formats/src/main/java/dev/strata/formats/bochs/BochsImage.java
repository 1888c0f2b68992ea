// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.bochs;

import dev.strata.block.BlockException;
import dev.strata.block.BufferPool;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import dev.strata.block.Extent;
import dev.strata.block.Limits;
import dev.strata.block.StatusDetail;
import dev.strata.block.driver.MappedImage;
import dev.strata.block.driver.Mapping;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.layout.Table;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/** An open growing image. Nothing in it changes, so that no table needs a lock. */
final class BochsImage extends MappedImage {
  private static final int SECTOR = BochsHeader.SECTOR;

  /** A catalog entry of an extent that was never written to. */
  private static final int NONE = -1;

  /**
   * Which sectors of an extent there are.
   *
   * @param extent its number on the disk
   * @param dataOffset where its sectors begin in the file
   * @param bits one each, the lowest bit of a byte first
   */
  private record Bitmap(int extent, long dataOffset, byte[] bits) {
    boolean has(int sector) {
      return (bits[sector >> 3] >> (sector & 7) & 1) != 0;
    }
  }

  private final Child file;
  private final BochsHeader header;
  private final int[] catalog;

  /** The one that was needed last: reads that go on need it again. */
  private volatile @Nullable Bitmap recent;

  private BochsImage(OpenContext context, Child file, BochsHeader header, int[] catalog) {
    super(context);
    this.file = file;
    this.header = header;
    this.catalog = catalog;
  }

  static BochsImage open(OpenContext context, Child file) throws BlockException {
    byte[] head = new byte[BochsHeader.BYTES];
    file.read(0, head, 0);
    BochsHeader header = BochsHeader.decode(head);
    int count = header.catalogEntries();
    int[] catalog = new int[count];
    if (count > 0) {
      try (BufferPool.Buffer table = context.buffers().acquire(4L * count)) {
        file.read(header.headerSize(), table.vector(), 0);
        Table.read(table.segment(), 0, ByteOrder.LITTLE_ENDIAN, catalog, 0, count);
      }
    }
    return new BochsImage(context, file, header, catalog);
  }

  @Override
  public long length() {
    return header.size();
  }

  @Override
  public Limits limits() {
    return Limits.NONE.withRequestAlignment(SECTOR);
  }

  @Override
  protected long granularity() {
    return header.extentSize();
  }

  @Override
  protected Mapping map(long guestOffset, long length) throws BlockException {
    int extentSize = header.extentSize();
    int extent = (int) (guestOffset / extentSize);
    int within = (int) (guestOffset % extentSize);
    int end = (int) Math.min(extentSize, within + length);
    if (catalog[extent] == NONE) {
      return new Mapping.Zero(end - within);
    }
    Bitmap bitmap = bitmap(extent);
    int first = within / SECTOR;
    int last = (end + SECTOR - 1) / SECTOR;
    boolean held = bitmap.has(first);
    int next = first + 1;
    while (next < last && bitmap.has(next) == held) {
      next++;
    }
    int run = Math.min(end, next * SECTOR) - within;
    return held
        ? new Mapping.Data(file, bitmap.dataOffset() + within, run, false)
        : new Mapping.Zero(run);
  }

  private Bitmap bitmap(int extent) throws BlockException {
    Bitmap known = recent;
    if (known != null && known.extent() == extent) {
      return known;
    }
    long number = catalog[extent] & 0xffff_ffffL;
    long room = header.bitmapRoom() + header.extentSize(); // below 2^33
    // Twice that is no long any more; no file is that long.
    if (number > (Long.MAX_VALUE >> 1) / room) {
      throw BlockException.of(Errno.EIO);
    }
    long start = header.firstExtent() + number * room;
    // Whatever its size in the header is: the bits of all the extent's sectors.
    byte[] bits = new byte[(header.extentSize() / SECTOR + 7) / 8];
    file.read(start, bits, 0);
    var bitmap = new Bitmap(extent, start + header.bitmapRoom(), bits);
    recent = bitmap;
    return bitmap;
  }

  /** As the reference says of the whole disk: data, nobody knows where. */
  @Override
  public Extent status(long offset, long length, StatusDetail detail) {
    return Extent.encoded(offset, length, false);
  }

  @Override
  public boolean reopens() {
    return false;
  }

  @Override
  public void flush() {}

  @Override
  public void close() {}
}
