// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import dev.strata.block.IoVector;
import dev.strata.block.Limits;
import dev.strata.block.Preallocation;
import dev.strata.block.ProgressListener;
import dev.strata.block.RequestFlags;
import dev.strata.block.driver.Allocation;
import dev.strata.block.driver.Amendable;
import dev.strata.block.driver.BackingEditable;
import dev.strata.block.driver.BackingReference;
import dev.strata.block.driver.BitmapStore;
import dev.strata.block.driver.Checkable;
import dev.strata.block.driver.Emptiable;
import dev.strata.block.driver.ImageInfo;
import dev.strata.block.driver.MappedImage;
import dev.strata.block.driver.Mapping;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.driver.SnapshotStore;
import dev.strata.block.driver.VmStateStore;
import dev.strata.block.json.JsonArray;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonValue;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.OptionSchema;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * An open qcow2 image.
 *
 * <p>One lock guards all tables; it is held for looking up and changing them and for their own I/O,
 * never while guest data move.
 */
final class Qcow2Image extends MappedImage
    implements VmStateStore,
        Emptiable,
        ImageInfo,
        BackingEditable,
        Checkable,
        SnapshotStore,
        BitmapStore,
        Amendable {
  private final ReentrantLock lock = new ReentrantLock();
  private final Child file;
  private final Child dataFile;
  private final HeaderFile header;
  private final Geometry geometry;
  private final OverlapCheck overlaps;
  private final MetadataCaches caches;
  private final Refcounts refcounts;
  private final FreedClusters freed;
  private final ClusterAllocator allocator;
  private final L1Table l1;
  private final GuestMap map;
  private final GuestWrites writes;
  private final CompressedClusters compressed;
  private final Corruption corruption;
  private volatile boolean lazyWanted;
  private final Snapshots snapshots;
  private final PersistentBitmaps persistentBitmaps;
  private volatile long size;
  private volatile boolean writable;
  private volatile boolean hasSnapshots;

  /** Builds the image over tables that were read and checked; see {@link Qcow2Open}. */
  Qcow2Image(OpenContext context, Qcow2Open opened) throws BlockException {
    super(context);
    this.file = opened.file();
    this.dataFile = opened.dataFile();
    this.header = opened.header();
    this.geometry = Geometry.of(header.header());
    this.writable = context.flags().writable();
    this.size = header.header().size();
    this.corruption = new Corruption(context, header);
    Qcow2Options options = opened.options();
    this.lazyWanted =
        options.lazyRefcounts() != null
            ? options.lazyRefcounts()
            : (header.header().compatible() & Feature.LAZY_REFCOUNTS) != 0;
    var sections = new MetadataPlaces(file, geometry, header, corruption);
    this.overlaps = new OverlapCheck(sections, options.overlapChecks());
    CacheSizes sizes =
        CacheSizes.of(
            options.cacheSize(),
            options.l2CacheSize(),
            options.refcountCacheSize(),
            options.l2CacheEntrySize(),
            geometry,
            size);
    this.caches = new MetadataCaches(file, dataFile, sizes, overlaps, (int) geometry.clusterSize());
    RefcountTable table = RefcountTable.load(file, geometry, header.header());
    this.refcounts = new Refcounts(geometry, table, caches.refcountBlocks(), corruption::report);
    this.freed = new FreedClusters(geometry, file, refcounts, caches, options.passOn());
    this.allocator =
        new ClusterAllocator(
            geometry, file, refcounts, caches, freed, overlaps, this::refcountTableMoved);
    try {
      this.l1 =
          L1Table.load(file, overlaps, header.header().l1TableOffset(), header.header().l1Size());
    } catch (BlockException e) {
      throw BlockException.of(e.errno(), "Could not read L1 table");
    }
    this.map = new GuestMap(geometry, file, dataFile, l1, caches.l2Slices(), corruption::report);
    sections.use(l1, table);
    var tables = new L2Tables(geometry, file, map, allocator, freed, caches);
    this.writes =
        new GuestWrites(
            geometry,
            file,
            dataFile,
            (header.header().autoclear() & Feature.DATA_FILE_RAW) != 0,
            new WriteView(),
            map,
            tables,
            allocator,
            freed,
            caches,
            overlaps,
            lock);
    this.compressed =
        new CompressedClusters(
            geometry,
            file,
            map,
            writes,
            header.header().compressionType(),
            context.buffers(),
            lock);
    this.hasSnapshots = header.header().snapshotCount() > 0;
    this.snapshots = new Snapshots(this, sections, context.flags().check());
    this.persistentBitmaps =
        PersistentBitmaps.load(this, context.bitmaps(), writable || !context.flags().noIo());
  }

  /** What {@link GuestWrites} asks of the image. */
  private final class WriteView implements GuestWrites.Image {
    @Override
    public void beforeRefcountsLag() throws BlockException {
      Qcow2Header h = header.header();
      if ((h.incompatible() & Feature.DIRTY) == 0) {
        header.write(
            h.withFeatures(h.incompatible() | Feature.DIRTY, h.compatible(), h.autoclear()));
        file.flush();
      }
    }

    @Override
    public boolean lazyRefcounts() {
      return lazyWanted && header.header().version() >= 3;
    }

    @Override
    public boolean hasBacking() {
      return context().backing() != null;
    }

    @Override
    public long size() {
      return size;
    }

    @Override
    public int version() {
      return header.header().version();
    }
  }

  private void refcountTableMoved(long offset, int clusters) throws BlockException {
    file.write(48, ClusterAllocator.fields(offset, clusters), 0);
    header.changed(header.header().withRefcountTable(offset, clusters));
  }

  @Override
  public Limits limits() {
    long sub = geometry.subclusterSize();
    return Limits.NONE
        .withWriteZeroes(sub, 0, RequestFlags.MAY_UNMAP)
        .withDiscard(geometry.clusterSize(), 0)
        .withWriteFlags(RequestFlags.COMPRESSED);
  }

  @Override
  public long length() {
    return size;
  }

  @Override
  protected long mappedLength() {
    return (long) l1.size() * geometry.l1EntryCoverage();
  }

  @Override
  protected long granularity() {
    return geometry.clusterSize();
  }

  @Override
  public boolean readsZeroAfterCreate() {
    // With the metadata preallocated, what the file holds shines through.
    return dataFile.readsZeroAfterCreate() || isWithoutData();
  }

  private boolean isWithoutData() {
    for (long entry : l1.entries()) {
      if (entry != 0) {
        return false;
      }
    }
    return true;
  }

  @Override
  public @Nullable BackingReference backing() {
    String name = header.backingName();
    var format = header.extension(HeaderExtension.BackingFormat.class);
    return name == null || name.isEmpty()
        ? null
        : new BackingReference(name, format == null ? null : format.name());
  }

  @Override
  protected Mapping map(long guestOffset, long length) throws BlockException {
    lock.lock();
    try {
      corruption.checkUsable();
      return map.map(guestOffset, length);
    } finally {
      lock.unlock();
    }
  }

  @Override
  protected Allocation allocate(long guestOffset, long length) throws BlockException {
    return writes.allocate(guestOffset, length);
  }

  @Override
  protected void readEncoded(long guestOffset, IoVector into) throws BlockException {
    compressed.read(guestOffset, into);
  }

  @Override
  protected boolean writeEncoded(long guestOffset, IoVector from) throws BlockException {
    if (dataFile != file) {
      throw BlockException.of(Errno.EOPNOTSUPP);
    }
    return compressed.write(guestOffset, from);
  }

  @Override
  protected void zeroRange(long guestOffset, long length, int flags) throws BlockException {
    corruption.checkUsable();
    long sub = geometry.subclusterSize();
    long start = guestOffset & -sub;
    long end = Math.min((guestOffset + length + sub - 1) & -sub, mappedLength());
    boolean wholeStart = start == guestOffset || readsZero(start, guestOffset - start);
    long stop = guestOffset + length;
    boolean wholeEnd = stop == end || stop >= size || readsZero(stop, Math.min(end, size) - stop);
    if (!wholeStart || !wholeEnd) {
      throw BlockException.of(Errno.EOPNOTSUPP);
    }
    if (header.header().version() < 3) {
      if (readsZero(start, Math.min(end, size) - start)) {
        return; // nothing is mapped there that this version would have to change
      }
      if (context().backing() != null || start % geometry.clusterSize() != 0) {
        throw BlockException.of(Errno.EOPNOTSUPP);
      }
      // Without storage is all that this version can say of zeroes, asked to unmap or not.
      writes.discard(start, end - start, true, FreedClusters.Reason.REQUEST);
      return;
    }
    writes.zero(start, end - start, flags);
  }

  @Override
  protected void discardRange(long guestOffset, long length) throws BlockException {
    corruption.checkUsable();
    long mask = geometry.clusterSize() - 1;
    boolean toEnd = guestOffset + length >= size;
    if ((guestOffset & mask) != 0 || ((guestOffset + length & mask) != 0 && !toEnd)) {
      throw BlockException.of(Errno.EOPNOTSUPP);
    }
    writes.discard(guestOffset, length, false, FreedClusters.Reason.REQUEST);
  }

  @Override
  public void flush() throws BlockException {
    lock.lock();
    try {
      if (!writable || corruption.isFatal()) {
        return;
      }
      caches.write(!lazyWanted);
      freed.settle();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void truncate(long length, boolean exact, Preallocation mode, int flags)
      throws BlockException {
    alone(() -> new Resize(this).to(length, exact, mode, flags));
  }

  @Override
  public void makeEmpty() throws BlockException {
    alone(() -> {
      writes.discard(0, mappedLength(), true, FreedClusters.Reason.SNAPSHOT);
      if (dataFile != file && freed.passesOn(FreedClusters.Reason.SNAPSHOT)) {
        giveBackDataFile();
      }
    });
  }

  /** Nothing refers to the data file any more: its storage goes once that is on disk. */
  private void giveBackDataFile() throws BlockException {
    lock.lock();
    try {
      caches.sync();
    } finally {
      lock.unlock();
    }
    dataFile.discard(0, dataFile.length());
  }

  @Override
  public Result check(Repair repair, Listener listener) throws BlockException {
    lock.lock();
    try {
      freed.settle();
      return new Qcow2Check(this, repair, listener).run();
    } finally {
      lock.unlock();
    }
  }

  /** The image is sound again. */
  void clearTroubleBits() throws BlockException {
    Qcow2Header h = header.header();
    long trouble = Feature.DIRTY | Feature.CORRUPT;
    if ((h.incompatible() & trouble) != 0) {
      header.write(h.withFeatures(h.incompatible() & ~trouble, h.compatible(), h.autoclear()));
      file.flush();
    }
  }

  @Override
  public long clusterSize() {
    return geometry.clusterSize();
  }

  @Override
  public boolean dirty() {
    return (header.header().incompatible() & Feature.DIRTY) != 0;
  }

  /** The image may be written now. */
  void markBitmapsInUse() throws BlockException {
    lock.lock();
    try {
      persistentBitmaps.markInUse();
    } finally {
      lock.unlock();
    }
  }

  PersistentBitmaps persistentBitmaps() {
    return persistentBitmaps;
  }

  @Override
  public OptionSchema amendOptions() {
    return Qcow2Amend.SCHEMA;
  }

  @Override
  public void amend(BlockOptions options, boolean force, ProgressListener progress)
      throws BlockException {
    // Nothing that can be changed here loses data, forced or not.
    aloneLocked(() -> {
      freed.settle();
      new Qcow2Amend(this, progress).run(options);
    });
  }

  /** Lets refcounts lag behind from now on, or not. */
  void lazyRefcounts(boolean wanted) {
    lazyWanted = wanted;
  }

  /** Whether the header names a backing file, open or not. */
  boolean namesBacking() {
    return backing() != null;
  }

  /** The L1 table of a snapshot. */
  long[] snapshotL1(Snapshot snapshot) throws BlockException {
    return snapshots.l1(snapshot);
  }

  @Override
  public boolean keepsBitmaps() {
    return header.header().version() >= 3;
  }

  @Override
  public void checkNewBitmap(String name, long granularity) throws BlockException {
    lock.lock();
    try {
      persistentBitmaps.checkNew(name, granularity);
    } finally {
      lock.unlock();
    }
  }

  /** The bitmaps as the file has them. */
  List<StoredBitmap> bitmaps() throws BlockException {
    return StoredBitmap.read(file, header.extension(HeaderExtension.Bitmaps.class));
  }

  @Override
  public JsonValue formatSpecific() throws BlockException {
    Qcow2Header h = header.header();
    var data = new JsonObject();
    data.put("compat", h.version() >= 3 ? "1.1" : "0.10");
    data.put("compression-type", h.compressionType() == 0 ? "zlib" : "zstd");
    if (h.version() >= 3) {
      data.put("lazy-refcounts", (h.compatible() & Feature.LAZY_REFCOUNTS) != 0);
      data.put("refcount-bits", 1L << h.refcountOrder());
      data.put("corrupt", (h.incompatible() & Feature.CORRUPT) != 0);
      data.put("extended-l2", h.extendedL2());
      var named = header.extension(HeaderExtension.DataFile.class);
      if (named != null) {
        data.put("data-file", named.name());
      }
      if (h.externalDataFile()) {
        data.put("data-file-raw", (h.autoclear() & Feature.DATA_FILE_RAW) != 0);
      }
      List<StoredBitmap> stored = bitmaps();
      if (!stored.isEmpty()) {
        var list = new JsonArray();
        for (StoredBitmap bitmap : stored) {
          list.add(bitmap.toJson());
        }
        data.put("bitmaps", list);
      }
    } else {
      data.put("refcount-bits", 16);
    }
    return new JsonObject().put("type", "qcow2").put("data", data);
  }

  @Override
  public void changeBacking(@Nullable BackingReference backing) throws BlockException {
    lock.lock();
    try {
      Qcow2Header h = header.header();
      if (backing != null && (h.autoclear() & Feature.DATA_FILE_RAW) != 0) {
        throw BlockException.of(Errno.EINVAL);
      }
      if (backing != null && backing.filename().length() > 1023) {
        throw BlockException.of(Errno.EINVAL);
      }
      String format = backing == null ? null : backing.format();
      header.write(
          h,
          HeaderFile.replacing(
              header.extensions(),
              HeaderExtension.BackingFormat.class,
              format == null ? null : new HeaderExtension.BackingFormat(format)),
          backing == null ? null : backing.filename());
      file.flush();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void readVmState(long offset, IoVector into) throws BlockException {
    read(vmStateOffset() + offset, into, 0);
  }

  @Override
  public void writeVmState(long offset, IoVector from) throws BlockException {
    lock.lock();
    try {
      new Resize(this).growL1(vmStateOffset() + offset + from.length());
    } finally {
      lock.unlock();
    }
    write(vmStateOffset() + offset, from, 0);
  }

  @Override
  public long vmStateOffset() {
    long coverage = geometry.l1EntryCoverage();
    return (size + coverage - 1) / coverage * coverage;
  }

  @Override
  public List<Snapshot> snapshots() throws BlockException {
    lock.lock();
    try {
      return snapshots.list();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Snapshot createSnapshot(Snapshot wanted) throws BlockException {
    var made = new Snapshot[1];
    aloneLocked(() -> made[0] = snapshots.create(wanted));
    if (wanted.vmStateSize() > 0) {
      // The snapshot has it now; the active tables need not be copied for it again.
      long start = vmStateOffset();
      long cluster = geometry.clusterSize();
      long end = (start + wanted.vmStateSize() + cluster - 1) & -cluster;
      long length = Math.min(end, mappedLength()) - start;
      alone(() -> writes.discard(start, length, true, FreedClusters.Reason.OTHER));
    }
    return made[0];
  }

  @Override
  public void applySnapshot(Snapshot snapshot) throws BlockException {
    aloneLocked(() -> snapshots.apply(snapshot));
  }

  @Override
  public void deleteSnapshot(Snapshot snapshot) throws BlockException {
    aloneLocked(() -> snapshots.delete(snapshot));
  }

  @Override
  public void loadSnapshot(Snapshot snapshot) throws BlockException {
    if (writable) {
      throw BlockException.of(Errno.EINVAL);
    }
    aloneLocked(() -> snapshots.load(snapshot));
  }

  private void aloneLocked(MapChange work) throws BlockException {
    alone(() -> {
      lock.lock();
      try {
        work.run();
      } finally {
        lock.unlock();
      }
    });
  }

  @Override
  public Undo reopen(NodeFlags flags, BlockOptions options) throws BlockException {
    if (flags.writable() && !writable) {
      corruption.checkWritable();
      Qcow2Open.clearAutoclear(header);
      markBitmapsInUse();
    }
    if (!flags.writable() && writable) {
      settle();
    }
    writable = flags.writable();
    return Undo.NOTHING;
  }

  /** Puts everything cached on disk and leaves the image clean. */
  void settle() throws BlockException {
    lock.lock();
    try {
      if (!writable || corruption.isFatal()) {
        return;
      }
      freed.settle();
      caches.sync();
      persistentBitmaps.store();
      caches.sync();
      Qcow2Header h = header.header();
      if ((h.incompatible() & Feature.DIRTY) != 0) {
        header.write(
            h.withFeatures(h.incompatible() & ~Feature.DIRTY, h.compatible(), h.autoclear()));
        file.flush();
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() throws BlockException {
    try {
      settle();
    } finally {
      compressed.close();
    }
  }

  /** Whether a guest byte has storage of its own. */
  boolean isMapped(long guestOffset) throws BlockException {
    return map(guestOffset, 1) instanceof Mapping.Data;
  }

  // For the classes that work on the image as a whole

  ReentrantLock lock() {
    return lock;
  }

  Child file() {
    return file;
  }

  Child dataFile() {
    return dataFile;
  }

  HeaderFile header() {
    return header;
  }

  Geometry geometry() {
    return geometry;
  }

  Refcounts refcounts() {
    return refcounts;
  }

  ClusterAllocator allocator() {
    return allocator;
  }

  FreedClusters freed() {
    return freed;
  }

  MetadataCaches caches() {
    return caches;
  }

  OverlapCheck overlaps() {
    return overlaps;
  }

  GuestMap guestMap() {
    return map;
  }

  GuestWrites guestWrites() {
    return writes;
  }

  OpenContext openContext() {
    return context();
  }

  Corruption corruption() {
    return corruption;
  }

  void size(long newSize) {
    size = newSize;
  }

  boolean hasSnapshots() {
    return hasSnapshots;
  }

  void hasSnapshots(boolean has) {
    hasSnapshots = has;
  }

  /** Runs {@code work} while no request is in the image. */
  void quiesced(MapChange work) throws BlockException {
    alone(work);
  }
}
