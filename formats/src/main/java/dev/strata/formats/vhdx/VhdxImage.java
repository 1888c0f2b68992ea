// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vhdx;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import dev.strata.block.Extent;
import dev.strata.block.Limits;
import dev.strata.block.StatusDetail;
import dev.strata.block.driver.Allocation;
import dev.strata.block.driver.Checkable;
import dev.strata.block.driver.FreshStorage;
import dev.strata.block.driver.ImageInfo;
import dev.strata.block.driver.MappedImage;
import dev.strata.block.driver.Mapping;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.option.BlockOptions;
import dev.strata.formats.table.EntryTable;
import dev.strata.formats.table.FileEnd;
import dev.strata.formats.table.MapTables;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/** An open VHDX image. */
final class VhdxImage extends MappedImage implements Checkable, ImageInfo {
  static final byte[] SIGNATURE = "vhdxfile".getBytes(StandardCharsets.US_ASCII);

  /** The BAT is written in whole sectors of the log. */
  private static final long BAT_UNIT = LogEntry.SECTOR / Long.BYTES;

  private static final long MIB = 1 << 20;

  private final Child file;
  private final HeaderFile headers;
  private final Regions regions;
  private final VhdxMetadata metadata;
  private final long blockSize;
  private final int chunkRatio;
  private final EntryTable bat;
  private final VhdxLog log;
  private final MapTables tables;
  private final FileEnd area;
  private boolean replayed; // when it was opened

  private VhdxImage(
      OpenContext context,
      Child file,
      HeaderFile headers,
      Regions regions,
      VhdxMetadata metadata,
      VhdxLog log)
      throws BlockException {
    super(context);
    this.file = file;
    this.headers = headers;
    this.regions = regions;
    this.metadata = metadata;
    this.blockSize = metadata.blockSize();
    this.chunkRatio = metadata.chunkRatio();
    this.log = log;
    long entries = (metadata.batEntries() + BAT_UNIT - 1) / BAT_UNIT * BAT_UNIT;
    this.bat =
        new EntryTable(
            file,
            context.buffers(),
            regions.batOffset(),
            (int) entries,
            8,
            ByteOrder.LITTLE_ENDIAN);
    this.tables = new MapTables(file, bat, null, log::write);
    long metadataEnd =
        Math.max(
            regions.batOffset() + regions.batLength(),
            regions.metadataOffset() + regions.metadataLength());
    this.area =
        new FileEnd(
            file,
            Math.max(metadataEnd, headers.header().logOffset() + headers.header().logLength()),
            Long.MAX_VALUE);
  }

  static BlockException invalid(Child file) {
    return BlockException.of(Errno.EINVAL, "Could not open '" + file.filename() + "'");
  }

  static VhdxImage open(OpenContext context, Child file) throws BlockException {
    byte[] signature = new byte[SIGNATURE.length];
    file.read(0, signature, 0);
    if (!Arrays.equals(signature, SIGNATURE)) {
      throw invalid(file);
    }
    var headers = new HeaderFile(file, context.stamp(), VhdxHeader.read(file));
    var log = new VhdxLog(file, headers);
    List<LogEntry> pending = VhdxLog.pending(file, headers.header());
    if (!pending.isEmpty()) {
      if (!context.flags().writable()) {
        throw mustReplay(file);
      }
      log.replay(pending);
    }
    Regions regions = Regions.read(file);
    regions.checkApart(headers.header());
    VhdxMetadata metadata = VhdxMetadata.read(file, regions);
    if (metadata.batEntries() * Long.BYTES > regions.batLength()) {
      throw invalid(file);
    }
    var image = new VhdxImage(context, file, headers, regions, metadata, log);
    image.replayed = !pending.isEmpty();
    if (!context.flags().check()) {
      new VhdxCheck(file, metadata, image.bat).run(VhdxImage::refuse);
    }
    return image;
  }

  /** What lies behind the file's end would be read as zeroes. */
  private static void refuse(BlockException finding) throws BlockException {
    throw finding;
  }

  private static BlockException mustReplay(Child file) {
    String name = file.filename();
    return new BlockException(
            Errno.EPERM,
            "VHDX image file '"
                + name
                + "' opened read-only, but contains a log that needs to be replayed")
        .withHint("To replay the log, run:\nqemu-img check -r all '" + name + "'");
  }

  @Override
  public long length() {
    return metadata.diskSize();
  }

  /** The reference, too, writes zeroes as data and gives nothing back. */
  @Override
  public Limits limits() {
    return Limits.NONE.withRequestAlignment(512);
  }

  @Override
  public boolean readsZeroAfterCreate() {
    return true;
  }

  @Override
  protected long granularity() {
    return blockSize;
  }

  /** The place of a block's entry: each chunk of them is followed by one for sectors' bits. */
  private int batIndex(long block) {
    return (int) (block + block / chunkRatio);
  }

  @Override
  protected Mapping map(long guestOffset, long length) throws BlockException {
    long block = guestOffset / blockSize;
    long within = guestOffset % blockSize;
    long left = Math.min(length, blockSize - within);
    if (block >= metadata.blocks()) {
      return new Mapping.Zero(left);
    }
    long entry = bat.get(batIndex(block));
    if (BatEntry.isZero(entry)) {
      return new Mapping.Zero(left);
    }
    long place = BatEntry.place(entry);
    if (BatEntry.state(entry) != BatEntry.FULLY_PRESENT
        || place < 0
        || place > Long.MAX_VALUE / 2) {
      throw BlockException.of(Errno.EIO);
    }
    return new Mapping.Data(
        file, place + within, left, regions.leaveFree(headers.header(), place, blockSize));
  }

  @Override
  protected Allocation allocate(long guestOffset, long length, boolean continues)
      throws BlockException {
    long block = guestOffset / blockSize;
    if (!BatEntry.isZero(bat.get(batIndex(block)))) {
      throw new BlockException(
          Errno.EIO, "VHDX BAT entry " + batIndex(block) + " points into the image's metadata");
    }
    log.begin();
    return new FreshBlock(area.take(blockSize, MIB), block);
  }

  private final class FreshBlock extends FreshStorage {
    private final long block;

    FreshBlock(long place, long block) {
      super(file, block * blockSize, blockSize, place);
      this.block = block;
    }

    @Override
    public boolean readsZero() {
      return area.readsZero(hostOffset());
    }

    /** The file was made longer for it. */
    @Override
    public boolean isReserved() {
      return true;
    }

    @Override
    public void link() throws BlockException {
      bat.set(batIndex(block), BatEntry.present(hostOffset()));
    }

    @Override
    public void release() {
      area.giveBack(hostOffset(), length());
    }
  }

  @Override
  protected void beforeWriteInPlace(long guestOffset, long hostOffset, long length)
      throws BlockException {
    log.begin();
  }

  /** As the reference says of the whole disk: data, nobody knows where. */
  @Override
  public Extent status(long offset, long length, StatusDetail detail) {
    return Extent.encoded(offset, length, false);
  }

  @Override
  public void flush() throws BlockException {
    tables.writeBack(MapTables.Before.NOTHING);
  }

  @Override
  public long clusterSize() {
    return blockSize;
  }

  @Override
  public Result check(Repair repair, Listener listener) throws BlockException {
    flush();
    long[] corruptions = new long[1];
    alone(() -> corruptions[0] = new VhdxCheck(file, metadata, bat).run(listener::failed));
    long fixed = replayed ? 1 : 0;
    replayed = false;
    return new Result(corruptions[0], 0, 0, fixed, 0, 0, -1, -1, -1, -1);
  }

  @Override
  public Undo reopen(NodeFlags flags, BlockOptions options) throws BlockException {
    if (!flags.writable()) {
      finish();
    }
    return Undo.NOTHING;
  }

  private void finish() throws BlockException {
    flush();
    log.end();
  }

  @Override
  public void close() throws BlockException {
    finish();
  }
}
