// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow;

import dev.strata.block.BlockException;
import dev.strata.block.BufferPool;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import dev.strata.block.IoVector;
import dev.strata.block.Limits;
import dev.strata.block.RequestFlags;
import dev.strata.block.driver.Allocation;
import dev.strata.block.driver.BackingReference;
import dev.strata.block.driver.Emptiable;
import dev.strata.block.driver.FreshStorage;
import dev.strata.block.driver.ImageInfo;
import dev.strata.block.driver.MappedImage;
import dev.strata.block.driver.Mapping;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.layout.StructReader;
import dev.strata.block.option.BlockOptions;
import dev.strata.formats.compression.ClusterCodec;
import dev.strata.formats.crypto.EncryptedSectors;
import dev.strata.formats.crypto.EncryptionOptions;
import dev.strata.formats.crypto.LegacyAes;
import dev.strata.formats.crypto.Passphrases;
import dev.strata.formats.table.EntryTable;
import dev.strata.formats.table.FileEnd;
import dev.strata.formats.table.TableCache;
import dev.strata.formats.table.TwoLevelMap;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * An open qcow image.
 *
 * <p>Data are on stable storage before the L2 entry that points to them, L2 tables before their L1
 * entry: a crash leaks clusters at worst.
 */
final class QcowImage extends MappedImage implements ImageInfo, Emptiable {
  private final Child file;
  private final QcowHeader header;
  private final int clusterBits;
  private final long clusterSize;
  private final long metadataEnd;
  private final FileEnd area;
  private final EntryTable l1;
  private final TableCache l2;
  private final TwoLevelMap map;
  private final ClusterCodec codec;
  private final @Nullable BackingReference backing;

  private final @Nullable EncryptedSectors sectors; // null if they lie in the clear

  private QcowImage(
      OpenContext context,
      Child file,
      QcowHeader header,
      @Nullable BackingReference backing,
      @Nullable EncryptedSectors sectors)
      throws BlockException {
    super(context);
    this.sectors = sectors;
    this.file = file;
    this.header = header;
    this.codec = ClusterCodec.deflate(header.size());
    this.backing = backing;
    this.clusterBits = header.clusterBits();
    this.clusterSize = header.clusterSize();
    BufferPool buffers = context.buffers();
    this.l1 =
        new EntryTable(
            file, buffers, header.l1Offset(), header.l1Entries(), 8, ByteOrder.BIG_ENDIAN);
    this.l2 = new TableCache(file, buffers, 1 << header.l2Bits(), 8, ByteOrder.BIG_ENDIAN);
    this.metadataEnd = Math.max(QcowHeader.BYTES, l1.end());
    // Compressed clusters lie below that.
    this.area = new FileEnd(file, metadataEnd, 1L << (63 - clusterBits));
    this.map = new TwoLevelMap(file, l1, l2, clusterBits, area, this::checkTable);
  }

  static QcowImage open(OpenContext context, Child file, BlockOptions options)
      throws BlockException {
    byte[] bytes = new byte[QcowHeader.BYTES];
    file.read(0, bytes, 0);
    QcowHeader header = QcowHeader.decode(bytes);
    BackingReference backing = null;
    if (header.backingNameOffset() != 0) {
      byte[] name = new byte[header.backingNameSize()];
      file.read(header.backingNameOffset(), name, 0);
      String text = StructReader.bigEndian(name).paddedString("backing file", name.length);
      backing = text.isEmpty() ? null : new BackingReference(text, null);
    }
    String found = header.encrypted() ? "aes" : null;
    String secret = EncryptionOptions.takeKeySecret(found, options.section("encrypt"));
    EncryptedSectors sectors = null;
    if (header.encrypted() && !context.flags().noIo()) {
      byte[] password =
          new Passphrases(context.objects(), EncryptionOptions.KEY_SECRET).required(secret);
      try {
        sectors = LegacyAes.sectors(password);
      } finally {
        Arrays.fill(password, (byte) 0);
      }
    }
    boolean open = false;
    try {
      var image = new QcowImage(context, file, header, backing, sectors);
      open = true;
      return image;
    } finally {
      if (!open && sectors != null) {
        sectors.close();
      }
    }
  }

  @Override
  public boolean encrypted() {
    return header.encrypted();
  }

  @Override
  protected boolean storesEncrypted() {
    return header.encrypted();
  }

  private EncryptedSectors sectors() throws BlockException {
    EncryptedSectors unlocked = sectors;
    if (unlocked == null) {
      throw new BlockException(Errno.EPERM, "The image was opened without its key");
    }
    return unlocked;
  }

  @Override
  protected void readStored(long guestOffset, Mapping.Data place, IoVector into)
      throws BlockException {
    checkPlace(guestOffset, place.offset());
    if (!header.encrypted()) {
      super.readStored(guestOffset, place, into);
      return;
    }
    long sector = guestOffset / EncryptedSectors.SECTOR;
    sectors().read(place.file(), place.offset(), sector, into, context().buffers());
  }

  @Override
  protected void writeStored(long guestOffset, Child to, long hostOffset, IoVector from, int flags)
      throws BlockException {
    if (!header.encrypted()) {
      super.writeStored(guestOffset, to, hostOffset, from, flags);
      return;
    }
    long sector = guestOffset / EncryptedSectors.SECTOR;
    sectors().write(to, hostOffset, sector, from, flags, context().buffers());
  }

  @Override
  public @Nullable BackingReference backing() {
    return backing;
  }

  @Override
  public long length() {
    return header.size();
  }

  /** The reference, too, writes zeroes as data and gives nothing back. */
  @Override
  public Limits limits() {
    return Limits.NONE
        .withRequestAlignment(header.encrypted() ? EncryptedSectors.SECTOR : 1)
        .withWriteFlags(RequestFlags.COMPRESSED);
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
    if (place < 0 || place > Long.MAX_VALUE - l2.tableBytes()) {
      throw BlockException.of(Errno.EIO);
    }
  }

  @Override
  protected Mapping map(long guestOffset, long length) throws BlockException {
    long within = guestOffset & (clusterSize - 1);
    long table = map.table(guestOffset);
    int index = map.index(guestOffset);
    int wanted = map.clusters(guestOffset, length);
    if (table == 0) {
      return new Mapping.Backing(Math.min(length, wanted * clusterSize - within));
    }
    long entry = l2.get(table, index);
    if (entry == 0) {
      int run = l2.run(table, index, wanted, 0);
      return new Mapping.Backing(Math.min(length, run * clusterSize - within));
    }
    if (L2Entry.isCompressed(entry)) {
      return new Mapping.Encoded(Math.min(length, clusterSize - within), true);
    }
    int run = l2.risingRun(table, index, wanted, clusterSize);
    if (entry > Long.MAX_VALUE - run * clusterSize) {
      throw BlockException.of(Errno.EIO);
    }
    return new Mapping.Data(
        file, entry + within, Math.min(length, run * clusterSize - within), entry >= metadataEnd);
  }

  @Override
  protected void beforeWriteInPlace(long guestOffset, long hostOffset, long length)
      throws BlockException {
    checkPlace(guestOffset, hostOffset);
  }

  /** No writer puts a cluster elsewhere than at a sector. */
  private static void checkPlace(long guestOffset, long hostOffset) throws BlockException {
    if ((hostOffset - guestOffset) % EncryptedSectors.SECTOR != 0) {
      throw BlockException.of(Errno.EIO);
    }
  }

  @Override
  protected void readEncoded(long guestOffset, IoVector into) throws BlockException {
    long entry = l2.get(map.table(guestOffset), map.index(guestOffset));
    int length = L2Entry.compressedLength(entry, clusterBits);
    if (length == 0) {
      throw BlockException.of(Errno.EIO);
    }
    try (BufferPool.Buffer packed = context().buffers().acquire(length);
        BufferPool.Buffer cluster = context().buffers().acquire(clusterSize)) {
      file.read(L2Entry.compressedOffset(entry, clusterBits), packed.vector(), 0);
      codec.decompress(packed.segment(), cluster.segment());
      long from = guestOffset & (clusterSize - 1);
      into.copyFrom(0, cluster.segment().asSlice(from, into.length()));
    }
  }

  @Override
  protected boolean writeEncoded(long guestOffset, IoVector from) throws BlockException {
    try (BufferPool.Buffer cluster = context().buffers().acquire(clusterSize);
        BufferPool.Buffer packed = context().buffers().acquire(clusterSize)) {
      from.copyTo(0, cluster.segment().asSlice(0, from.length()));
      cluster.segment().asSlice(from.length()).fill((byte) 0);
      int length = codec.compress(cluster.segment(), packed.segment());
      if (length < 0) {
        return false;
      }
      long place = area.take(length, 1);
      boolean linked = false;
      try {
        file.write(place, packed.vector(length), 0);
        map.set(guestOffset, 1, L2Entry.compressed(place, length, clusterBits), 0);
        linked = true;
      } finally {
        if (!linked) {
          area.giveBack(place, length);
        }
      }
      return true;
    }
  }

  @Override
  protected Allocation allocate(long guestOffset, long length, boolean continues)
      throws BlockException {
    long start = guestOffset & -clusterSize;
    long table = map.table(guestOffset);
    int index = map.index(guestOffset);
    int wanted = map.clusters(guestOffset, length);
    long entry = table == 0 ? 0 : l2.get(table, index);
    if (entry > 0) {
      throw new BlockException(
          Errno.EIO, "L2 entry for offset " + start + " points into the image's metadata");
    }
    int run = 1;
    if (entry == 0) {
      run = table == 0 ? wanted : l2.run(table, index, wanted, 0);
    }
    return new FreshClusters(area.take(run * clusterSize, clusterSize), start, run);
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

  @Override
  public void flush() throws BlockException {
    map.writeBack();
  }

  /** Cuts the file off behind an L1 table without entries. */
  @Override
  public void makeEmpty() throws BlockException {
    alone(() -> {
      flush();
      for (int i = 0; i < l1.count(); i++) {
        i += l1.run(i, l1.count() - i, 0);
        if (i < l1.count()) {
          l1.set(i, 0);
        }
      }
      flush();
      file.flush();
      l2.clear();
      area.cutTo(metadataEnd);
    });
  }

  @Override
  public long clusterSize() {
    return clusterSize;
  }

  @Override
  public void close() throws BlockException {
    try {
      flush();
    } finally {
      codec.close();
      if (sectors != null) {
        sectors.close();
      }
    }
  }
}
