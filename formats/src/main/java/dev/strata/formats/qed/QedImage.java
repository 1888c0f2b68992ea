// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qed;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import dev.strata.block.IoVector;
import dev.strata.block.Limits;
import dev.strata.block.Preallocation;
import dev.strata.block.RequestFlags;
import dev.strata.block.driver.Allocation;
import dev.strata.block.driver.BackingEditable;
import dev.strata.block.driver.BackingReference;
import dev.strata.block.driver.Checkable;
import dev.strata.block.driver.FreshStorage;
import dev.strata.block.driver.ImageInfo;
import dev.strata.block.driver.MappedImage;
import dev.strata.block.driver.Mapping;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.layout.StructReader;
import dev.strata.block.option.BlockOptions;
import dev.strata.formats.table.EntryTable;
import dev.strata.formats.table.FileEnd;
import dev.strata.formats.table.TableCache;
import dev.strata.formats.table.TwoLevelMap;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * An open QED image.
 *
 * <p>Data are on stable storage before the L2 entry that points to them, L2 tables before their L1
 * entry. So a crash leaks clusters at worst, and the image never asks for a check ({@code
 * QED_F_NEED_CHECK}), as it does with writers that spare the flushes.
 */
final class QedImage extends MappedImage implements Checkable, ImageInfo, BackingEditable {
  private final Child file;
  private final FileEnd area;
  private final EntryTable l1;
  private final TableCache l2;
  private final TwoLevelMap map;
  private final long clusterSize;
  private volatile QedHeader header; // changed with the image held alone, or by reopen
  private @Nullable BackingReference backing;

  private QedImage(OpenContext context, Child file, QedHeader header) throws BlockException {
    super(context);
    this.file = file;
    this.header = header;
    this.clusterSize = header.clusterSize();
    int entries = header.entries();
    long clustersEnd = (file.length() + clusterSize - 1) / clusterSize * clusterSize;
    this.area = new FileEnd(file, clustersEnd, Long.MAX_VALUE);
    this.l1 =
        new EntryTable(
            file, context.buffers(), header.l1Offset(), entries, 8, ByteOrder.LITTLE_ENDIAN);
    this.l2 = new TableCache(file, context.buffers(), entries, 8, ByteOrder.LITTLE_ENDIAN);
    this.map =
        new TwoLevelMap(
            file, l1, l2, Long.numberOfTrailingZeros(clusterSize), area, this::checkTable);
  }

  static QedImage open(OpenContext context, Child file) throws BlockException {
    byte[] bytes = new byte[QedHeader.BYTES];
    file.read(0, bytes, 0);
    QedHeader header = QedHeader.decode(bytes, file.length());
    var image = new QedImage(context, file, header);
    image.readBacking();
    if (context.flags().writable()) {
      image.beginWriting();
    }
    return image;
  }

  private void readBacking() throws BlockException {
    if (header.has(QedHeader.BACKING_FILE)) {
      byte[] name = new byte[(int) header.backingNameSize()];
      file.read(header.backingNameOffset(), name, 0);
      String text = StructReader.littleEndian(name).paddedString("backing file", name.length);
      if (!text.isEmpty()) {
        backing = new BackingReference(text, header.has(QedHeader.BACKING_RAW) ? "raw" : null);
      }
    }
  }

  private void beginWriting() throws BlockException {
    if (header.autoclearFeatures() != 0) {
      writeHeader(header.withNeedCheck(header.has(QedHeader.NEED_CHECK)));
      file.flush();
    }
    if (header.has(QedHeader.NEED_CHECK) && !context().flags().check()) {
      var check = new QedCheck(file, header, l1, l2, true);
      check.run();
      settle(check);
    }
  }

  private void writeHeader(QedHeader changed) throws BlockException {
    file.write(0, IoVector.of(changed.encode()), 0);
    header = changed;
  }

  /** Writes what a check repaired; a check that found leaks at worst makes the image clean. */
  private void settle(QedCheck check) throws BlockException {
    map.writeBack();
    file.flush();
    if (check.result().corruptions() == check.result().corruptionsFixed()
        && header.has(QedHeader.NEED_CHECK)) {
      writeHeader(header.withNeedCheck(false));
      file.flush();
    }
  }

  @Override
  public @Nullable BackingReference backing() {
    return backing;
  }

  @Override
  public long length() {
    return header.imageSize();
  }

  @Override
  public Limits limits() {
    return Limits.NONE.withWriteZeroes(clusterSize, 0, RequestFlags.MAY_UNMAP);
  }

  @Override
  public boolean readsZeroAfterCreate() {
    return true;
  }

  @Override
  protected long granularity() {
    return clusterSize;
  }

  private void checkTable(long place) throws BlockException {
    if (!header.isTablePlace(place, area.end())) {
      throw BlockException.of(Errno.EINVAL);
    }
  }

  @Override
  protected Mapping map(long guestOffset, long length) throws BlockException {
    long within = guestOffset % clusterSize;
    long table = map.table(guestOffset);
    int index = map.index(guestOffset);
    int wanted = map.clusters(guestOffset, length);
    if (table == 0) {
      return new Mapping.Backing(Math.min(length, wanted * clusterSize - within));
    }
    long entry = l2.get(table, index);
    if (!L2Entry.isOffset(entry)) {
      long run = Math.min(length, l2.run(table, index, wanted, entry) * clusterSize - within);
      return entry == L2Entry.ZERO ? new Mapping.Zero(run) : new Mapping.Backing(run);
    }
    int run = l2.risingRun(table, index, wanted, clusterSize);
    if (!header.isClusterPlace(entry, area.end())) {
      throw BlockException.of(Errno.EINVAL);
    }
    return new Mapping.Data(
        file, entry + within, Math.min(length, run * clusterSize - within), true);
  }

  @Override
  protected Allocation allocate(long guestOffset, long length, boolean continues)
      throws BlockException {
    long table = map.table(guestOffset);
    int index = map.index(guestOffset);
    int wanted = map.clusters(guestOffset, length);
    int run = 1;
    if (table == 0) {
      run = wanted;
    } else {
      while (run < wanted && !L2Entry.isOffset(l2.get(table, index + run))) {
        run++;
      }
    }
    return new FreshClusters(
        area.take(run * clusterSize, clusterSize), guestOffset - guestOffset % clusterSize, run);
  }

  private final class FreshClusters extends FreshStorage {
    private final int count;

    FreshClusters(long place, long guestOffset, int count) {
      super(file, guestOffset, count * clusterSize, place);
      this.count = count;
    }

    @Override
    public boolean readsZero() {
      return area.readsZero(hostOffset());
    }

    @Override
    public void link() throws BlockException {
      map.set(guestOffset(), count, hostOffset(), clusterSize);
    }

    @Override
    public void release() {
      area.giveBack(hostOffset(), length());
    }
  }

  /** Zeroes whole clusters: those with a place keep it. */
  @Override
  protected void zeroRange(long guestOffset, long length, int flags) throws BlockException {
    if (guestOffset % clusterSize != 0 || length % clusterSize != 0) {
      throw BlockException.of(Errno.EOPNOTSUPP);
    }
    for (long done = 0; done < length; ) {
      Mapping mapping = map(guestOffset + done, length - done);
      if (mapping instanceof Mapping.Data data) {
        file.writeZeroes(data.offset(), data.length(), flags & ~RequestFlags.FUA);
      } else if (mapping instanceof Mapping.Backing) {
        int count = (int) (mapping.length() / clusterSize);
        map.set(guestOffset + done, count, L2Entry.ZERO, 0);
      }
      done += mapping.length();
    }
  }

  @Override
  public void flush() throws BlockException {
    map.writeBack();
  }

  @Override
  public void truncate(long length, boolean exact, Preallocation mode, int flags)
      throws BlockException {
    if (RequestFlags.has(flags, RequestFlags.ZERO_GROWN)) {
      throw new BlockException(Errno.EOPNOTSUPP, "Block driver does not support requested flags");
    }
    if (mode != Preallocation.OFF) {
      throw new BlockException(
          Errno.EOPNOTSUPP, "Unsupported preallocation mode '" + mode.word() + "'");
    }
    if (length % 512 != 0 || length > QedHeader.maxImageSize(clusterSize, header.tableSize())) {
      throw new BlockException(Errno.EINVAL, "Invalid image size specified");
    }
    if (length < header.imageSize()) {
      throw new BlockException(Errno.EOPNOTSUPP, "Shrinking images is currently not supported");
    }
    alone(() -> writeHeader(header.withImageSize(length)));
  }

  @Override
  public long clusterSize() {
    return clusterSize;
  }

  @Override
  public boolean dirty() {
    return header.has(QedHeader.NEED_CHECK);
  }

  @Override
  public void changeBacking(@Nullable BackingReference reference) throws BlockException {
    byte[] name =
        reference == null ? new byte[0] : reference.filename().getBytes(StandardCharsets.UTF_8);
    if (name.length > QedHeader.MAX_NAME
        || QedHeader.BYTES + name.length > header.headerSize() * clusterSize) {
      throw BlockException.of(Errno.ENOSPC);
    }
    boolean raw = reference != null && "raw".equals(reference.format());
    QedHeader changed = header.withBacking(reference == null ? -1 : name.length, raw);
    // In one piece: the name and the field with its length never disagree.
    file.write(0, IoVector.of(changed.encode()).followedBy(IoVector.of(name)), 0);
    file.flush();
    header = changed;
    backing = reference;
  }

  @Override
  public Result check(Repair repair, Listener listener) throws BlockException {
    flush();
    boolean fix = repair != Repair.NONE && context().flags().writable();
    var check = new QedCheck(file, header, l1, l2, fix);
    alone(() -> {
      check.run();
      if (fix) {
        settle(check);
      }
    });
    return check.result();
  }

  @Override
  public Undo reopen(NodeFlags flags, BlockOptions options) throws BlockException {
    if (flags.writable()) {
      beginWriting();
    }
    return Undo.NOTHING;
  }

  @Override
  public void close() throws BlockException {
    flush();
  }
}
