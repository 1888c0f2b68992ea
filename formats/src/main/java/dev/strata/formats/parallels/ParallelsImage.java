// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.parallels;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import dev.strata.block.Limits;
import dev.strata.block.bitmap.DirtyBitmap;
import dev.strata.block.driver.Allocation;
import dev.strata.block.driver.Checkable;
import dev.strata.block.driver.FreshStorage;
import dev.strata.block.driver.MappedImage;
import dev.strata.block.driver.Mapping;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.option.BlockOptions;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An open Parallels image.
 *
 * <p>The order of writes: data go to their cluster at once, the BAT follows with the next flush. A
 * crash in between loses what was not flushed and nothing else, and {@code in_use} tells of it.
 */
final class ParallelsImage extends MappedImage implements Checkable {
  private final Child file;
  private final ParallelsHeader header;
  private final BlockAllocationTable bat;
  private final long clusterSize;
  private final long entryUnit;
  private GrowthOptions growth; // changed by reopen only
  private List<DirtyBitmap> loaded = List.of(); // changed by open and reopen only
  private boolean unclean; // changed by open, check and reopen only

  /** Where new clusters come from; null while the image is not open for writing. */
  private volatile @Nullable DataArea area;

  private ParallelsImage(
      OpenContext context, Child file, ParallelsHeader header, GrowthOptions growth) {
    super(context);
    this.file = file;
    this.header = header;
    this.growth = growth;
    this.clusterSize = header.clusterSize();
    this.entryUnit = header.entryUnit();
    this.unclean = header.unclean();
    this.bat = new BlockAllocationTable(file, context.buffers(), header.batEntries());
  }

  static ParallelsImage open(OpenContext context, Child file, GrowthOptions growth)
      throws BlockException {
    byte[] head = new byte[ParallelsHeader.BYTES];
    file.read(0, head, 0);
    ParallelsHeader header = ParallelsHeader.decode(head);
    var image = new ParallelsImage(context, file, header, growth);
    if (context.flags().writable()) {
      image.beginWriting();
    } else {
      image.loaded = FormatExtension.load(context, file, header);
    }
    return image;
  }

  private void beginWriting() throws BlockException {
    if (unclean && !context().flags().check()) {
      throw new BlockException(
          Errno.EACCES, "parallels: Image was not closed correctly; cannot be opened read/write");
    }
    long end = endOfClusters();
    if (header.extensionOffset() != 0) {
      // It is not kept up to date, but not destroyed either: nothing in the file is given up.
      context().warn("warning: Format Extension ignored in RW mode");
      end = Math.max(end, file.length());
    }
    DataArea opened = new DataArea(file, header, growth, end);
    writeInUse(ParallelsHeader.IN_USE);
    area = opened;
  }

  private void endWriting() throws BlockException {
    DataArea open = area;
    if (open == null) {
      return;
    }
    bat.writeBack();
    open.trim();
    file.flush();
    // Only now: before, a crash could have left the BAT behind the data.
    writeInUse(0);
    unclean = false;
    area = null;
  }

  private void writeInUse(long value) throws BlockException {
    byte[] field = new byte[4];
    ByteBuffer.wrap(field).order(ByteOrder.LITTLE_ENDIAN).putInt((int) value);
    file.write(ParallelsHeader.IN_USE_POSITION, field, 0);
    file.flush();
  }

  /** The first byte behind all clusters that the BAT names; 0 if it names none. */
  private long endOfClusters() throws BlockException {
    long end = 0;
    for (int i = 0; i < bat.count(); i++) {
      i += bat.zeroRun(i, bat.count() - i);
      if (i < bat.count()) {
        end = Math.max(end, bat.get(i) * entryUnit + clusterSize);
      }
    }
    return end;
  }

  @Override
  public long length() {
    return header.sectors() * ParallelsHeader.SECTOR;
  }

  /** The format has no zero clusters and gives nothing back: zeroes are data. */
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
    return clusterSize;
  }

  @Override
  protected Mapping map(long guestOffset, long length) throws BlockException {
    long cluster = guestOffset / clusterSize;
    long within = guestOffset % clusterSize;
    if (cluster >= bat.count()) {
      return new Mapping.Backing(length);
    }
    int first = (int) cluster;
    int wanted = clusters(within, length, first);
    long entry = bat.get(first);
    if (entry == 0) {
      long run = bat.zeroRun(first, wanted);
      return new Mapping.Backing(Math.min(length, run * clusterSize - within));
    }
    long step = clusterSize / entryUnit;
    int run = 1;
    while (run < wanted && bat.get(first + run) == entry + run * step) {
      run++;
    }
    long hostOffset = entry * entryUnit;
    return new Mapping.Data(
        file,
        hostOffset + within,
        Math.min(length, run * clusterSize - within),
        hostOffset >= header.dataStart());
  }

  /** How many clusters the range touches that the BAT has entries for. */
  private int clusters(long within, long length, int first) {
    return (int) Math.min((within + length - 1) / clusterSize + 1, bat.count() - first);
  }

  @Override
  protected Allocation allocate(long guestOffset, long length, boolean continues)
      throws BlockException {
    long cluster = guestOffset / clusterSize;
    long within = guestOffset % clusterSize;
    DataArea open = area;
    if (open == null || cluster >= bat.count()) {
      throw BlockException.of(Errno.EINVAL);
    }
    int first = (int) cluster;
    int run = bat.zeroRun(first, clusters(within, length, first));
    if (run == 0) {
      throw new BlockException(
          Errno.EIO, "BAT entry " + first + " points into the image's metadata");
    }
    return new FreshClusters(open, open.take(run), first, run);
  }

  private final class FreshClusters extends FreshStorage {
    private final DataArea open;
    private final int first;
    private final int count;

    FreshClusters(DataArea open, long hostOffset, int first, int count) {
      super(file, first * clusterSize, count * clusterSize, hostOffset);
      this.open = open;
      this.first = first;
      this.count = count;
    }

    @Override
    public boolean readsZero() {
      return true;
    }

    /** The file was made longer for it. */
    @Override
    public boolean isReserved() {
      return true;
    }

    @Override
    public void link() throws BlockException {
      for (int i = 0; i < count; i++) {
        bat.set(first + i, (hostOffset() + i * clusterSize) / entryUnit);
      }
    }

    @Override
    public void release() {
      open.giveBack(hostOffset(), length());
    }
  }

  @Override
  public void flush() throws BlockException {
    bat.writeBack();
  }

  @Override
  public Result check(Repair repair, Listener listener) throws BlockException {
    var check = new ParallelsCheck(file, header, bat, area, unclean, repair, listener);
    alone(check::run);
    if (repair == Repair.ALL && area != null) {
      unclean = false;
    }
    return check.result();
  }

  @Override
  public Undo reopen(NodeFlags flags, BlockOptions options) throws BlockException {
    GrowthOptions old = growth;
    GrowthOptions changed = growth.changed(options);
    if (flags.writable() && area == null) {
      beginWriting();
      forgetBitmaps();
    } else if (!flags.writable()) {
      endWriting();
    }
    grow(changed);
    return () -> grow(old);
  }

  private void grow(GrowthOptions options) {
    growth = options;
    DataArea open = area;
    if (open != null) {
      open.growth(options);
    }
  }

  /** Those of the Format Extension, which is not kept up to date from now on. */
  private void forgetBitmaps() {
    for (DirtyBitmap bitmap : loaded) {
      context().bitmaps().remove(bitmap);
    }
    loaded = List.of();
  }

  @Override
  public void close() throws BlockException {
    endWriting();
  }
}
