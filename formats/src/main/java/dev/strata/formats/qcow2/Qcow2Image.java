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
import dev.strata.block.json.JsonValue;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.OptionSchema;
import dev.strata.formats.crypto.EncryptedSectors;
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
  private final Qcow2Metadata metadata;
  private final Geometry geometry;
  private final ReentrantLock lock;
  private final Corruption corruption;
  private final @Nullable DataEncryption encryption;
  private final GuestWrites writes;
  private final ClusterErasure erasure;
  private final CompressedClusters compressed;
  private final Snapshots snapshots;
  private final PersistentBitmaps bitmaps;
  private final Resize resize;
  private volatile boolean writable;
  private volatile @Nullable Boolean hasHoles; // null while not known

  /** Builds the image over metadata that was read and checked; see {@link Qcow2Open}. */
  Qcow2Image(OpenContext context, Qcow2Metadata metadata) throws BlockException {
    super(context);
    this.metadata = metadata;
    this.geometry = metadata.geometry();
    this.lock = metadata.lock();
    this.corruption = metadata.corruption();
    this.encryption = metadata.encryption();
    this.writable = context.flags().writable();
    this.writes = new GuestWrites(metadata);
    this.erasure = new ClusterErasure(metadata);
    this.compressed = new CompressedClusters(metadata, writes);
    this.snapshots = new Snapshots(metadata, context.flags().check());
    // Who checks wants to see the rest, whatever the bits are.
    boolean content = !context.flags().check() && (writable || !context.flags().noIo());
    this.bitmaps = PersistentBitmaps.load(metadata, context.bitmaps(), content);
    this.resize = new Resize(metadata, writes, erasure, bitmaps, this::writeHeld);
  }

  @Override
  public Limits limits() {
    long sub = geometry.subclusterSize();
    return Limits.NONE
        .withRequestAlignment(encryption == null ? 1 : EncryptedSectors.SECTOR)
        .withWriteZeroes(sub, 0, RequestFlags.MAY_UNMAP)
        .withDiscard(geometry.clusterSize(), 0)
        .withWriteFlags(RequestFlags.COMPRESSED);
  }

  @Override
  public long length() {
    return metadata.size();
  }

  @Override
  protected long mappedLength() {
    return (long) metadata.l1().size() * geometry.l1EntryCoverage();
  }

  @Override
  protected long granularity() {
    return geometry.clusterSize();
  }

  /**
   * Looked at once: with preallocated metadata, far more clusters are counted than the file has
   * storage for.
   */
  @Override
  protected boolean hasHoles() throws BlockException {
    Boolean known = hasHoles;
    if (known != null) {
      return known;
    }
    lock.lock();
    try {
      boolean holes = !metadata.hasExternalData() && countsMoreThanIsStored();
      hasHoles = holes;
      return holes;
    } finally {
      lock.unlock();
    }
  }

  private boolean countsMoreThanIsStored() throws BlockException {
    Child file = metadata.file();
    long stored = file.allocatedSize() >> geometry.clusterBits();
    if (stored < 0) {
      return false;
    }
    // From as many on, looking for holes pays; found by observing qemu-img map.
    long many = Math.max(stored + stored / 9, stored + 2);
    return metadata.refcounts().hasUsed(geometry.clustersFor(file.length()), many);
  }

  @Override
  public boolean readsZeroAfterCreate() {
    // With the metadata preallocated, what the file holds shines through.
    return (encryption == null && metadata.dataFile().readsZeroAfterCreate()) || isWithoutData();
  }

  private boolean isWithoutData() {
    for (long entry : metadata.l1().entries()) {
      if (entry != 0) {
        return false;
      }
    }
    return true;
  }

  @Override
  public @Nullable BackingReference backing() {
    HeaderFile header = metadata.header();
    String name = header.backingName();
    var format = header.extension(HeaderExtension.BackingFormat.class);
    return name == null || name.isEmpty()
        ? null
        : new BackingReference(
            name, format == null || format.name().isEmpty() ? null : format.name());
  }

  @Override
  protected Mapping map(long guestOffset, long length) throws BlockException {
    lock.lock();
    try {
      corruption.checkUsable();
      return metadata.guestMap().map(guestOffset, length);
    } finally {
      lock.unlock();
    }
  }

  @Override
  protected void beforeWriteInPlace(long guestOffset, long hostOffset, long length)
      throws BlockException {
    if (!metadata.hasExternalData()) {
      lock.lock();
      try {
        metadata.overlaps().beforeWrite(0, hostOffset, length);
      } finally {
        lock.unlock();
      }
    }
  }

  @Override
  protected Allocation allocate(long guestOffset, long length, boolean continues)
      throws BlockException {
    return writes.allocate(guestOffset, length, continues);
  }

  @Override
  protected boolean storesEncrypted() {
    return encryption != null;
  }

  @Override
  protected void readStored(long guestOffset, Mapping.Data place, IoVector into)
      throws BlockException {
    if (encryption == null) {
      super.readStored(guestOffset, place, into);
    } else {
      encryption.read(place.file(), place.offset(), guestOffset, into);
    }
  }

  @Override
  protected void writeStored(
      long guestOffset, Child file, long hostOffset, IoVector from, int flags)
      throws BlockException {
    if (encryption == null) {
      super.writeStored(guestOffset, file, hostOffset, from, flags);
    } else {
      encryption.write(file, hostOffset, guestOffset, from, flags);
    }
  }

  @Override
  protected void readEncoded(long guestOffset, IoVector into) throws BlockException {
    compressed.read(guestOffset, into);
  }

  @Override
  protected boolean writeEncoded(long guestOffset, IoVector from) throws BlockException {
    if (metadata.hasExternalData()) {
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
    boolean wholeEnd =
        stop == end
            || stop >= metadata.size()
            || readsZero(stop, Math.min(end, metadata.size()) - stop);
    if (!wholeStart || !wholeEnd) {
      throw BlockException.of(Errno.EOPNOTSUPP);
    }
    if (metadata.version() < 3) {
      if (readsZero(start, Math.min(end, metadata.size()) - start)) {
        return; // nothing is mapped there that this version would have to change
      }
      if (context().backing() != null || start % geometry.clusterSize() != 0) {
        throw BlockException.of(Errno.EOPNOTSUPP);
      }
      // Without storage is all that this version can say of zeroes, asked to unmap or not.
      erasure.discard(start, end - start, true, FreedClusters.Reason.REQUEST);
      return;
    }
    erasure.zero(start, end - start, flags);
  }

  @Override
  protected void discardRange(long guestOffset, long length) throws BlockException {
    corruption.checkUsable();
    long mask = geometry.clusterSize() - 1;
    boolean toEnd = guestOffset + length >= metadata.size();
    if ((guestOffset & mask) != 0 || ((guestOffset + length & mask) != 0 && !toEnd)) {
      throw BlockException.of(Errno.EOPNOTSUPP);
    }
    erasure.discard(guestOffset, length, false, FreedClusters.Reason.REQUEST);
  }

  @Override
  public void flush() throws BlockException {
    lock.lock();
    try {
      if (!writable || corruption.isFatal()) {
        return;
      }
      metadata.caches().write(!metadata.lazyRefcounts());
      metadata.freed().settle();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void truncate(long length, boolean exact, Preallocation mode, int flags)
      throws BlockException {
    alone(() -> resize.to(length, exact, mode, flags));
  }

  @Override
  public void makeEmpty() throws BlockException {
    alone(() -> {
      if (emptiedAtOnce()) {
        return;
      }
      erasure.discard(0, mappedLength(), true, FreedClusters.Reason.SNAPSHOT);
      if (metadata.hasExternalData() && metadata.freed().passesOn(FreedClusters.Reason.SNAPSHOT)) {
        giveBackDataFile();
      }
    });
  }

  private boolean emptiedAtOnce() throws BlockException {
    lock.lock();
    try {
      return bitmaps.isEmpty() && new Emptying(metadata).run();
    } finally {
      lock.unlock();
    }
  }

  /** Nothing refers to the data file any more: its storage goes once that is on disk. */
  private void giveBackDataFile() throws BlockException {
    lock.lock();
    try {
      metadata.caches().sync();
    } finally {
      lock.unlock();
    }
    metadata.dataFile().discard(0, metadata.dataFile().length());
  }

  @Override
  public Result check(Repair repair, Listener listener) throws BlockException {
    lock.lock();
    try {
      syncTables(true); // a check reads what the file has
      return new Qcow2Check(metadata, snapshots, repair, listener).run();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public long clusterSize() {
    return geometry.clusterSize();
  }

  @Override
  public boolean dirty() {
    return metadata.isDirty();
  }

  @Override
  public boolean encrypted() {
    return metadata.header().header().cryptMethod() != DataEncryption.NONE;
  }

  /** The image may be written now. */
  void markBitmapsInUse() throws BlockException {
    lock.lock();
    try {
      bitmaps.markInUse();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public OptionSchema amendOptions() {
    return Qcow2Amend.SCHEMA;
  }

  @Override
  public void amend(BlockOptions options, boolean force, ProgressListener progress)
      throws BlockException {
    aloneLocked(() -> {
      metadata.freed().settle();
      new Qcow2Amend(metadata, resize, snapshots, bitmaps, progress).run(options, force);
    });
  }

  /** The bitmaps as the file has them. */
  List<StoredBitmap> storedBitmaps() throws BlockException {
    return PersistentBitmaps.stored(metadata);
  }

  @Override
  public boolean keepsBitmaps() {
    return metadata.version() >= 3;
  }

  @Override
  public void checkNewBitmap(String name, long granularity) throws BlockException {
    lock.lock();
    try {
      bitmaps.checkNew(name, granularity);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public JsonValue formatSpecific() throws BlockException {
    return Qcow2Info.of(metadata);
  }

  @Override
  public void changeBacking(@Nullable BackingReference backing) throws BlockException {
    lock.lock();
    try {
      HeaderFile header = metadata.header();
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
      metadata.file().flush();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void readVmState(long offset, IoVector into) throws BlockException {
    checkSectors(offset, into.length());
    read(vmStateOffset() + offset, into, 0);
  }

  /** Nobody above pads these requests to what is encrypted at a time. */
  private void checkSectors(long offset, long length) throws BlockException {
    if (encryption != null && ((offset | length) & (EncryptedSectors.SECTOR - 1)) != 0) {
      throw BlockException.of(Errno.EINVAL);
    }
  }

  @Override
  public void writeVmState(long offset, IoVector from) throws BlockException {
    checkSectors(offset, from.length());
    lock.lock();
    try {
      resize.growL1(vmStateOffset() + offset + from.length());
    } finally {
      lock.unlock();
    }
    write(vmStateOffset() + offset, from, 0);
  }

  @Override
  public long vmStateOffset() {
    long coverage = geometry.l1EntryCoverage();
    return (metadata.size() + coverage - 1) / coverage * coverage;
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
      alone(() -> erasure.discard(start, length, true, FreedClusters.Reason.OTHER));
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
    return reopen(flags, metadata.options().changed(options));
  }

  @Override
  public Undo reopenAnew(NodeFlags flags, BlockOptions options) throws BlockException {
    return reopen(flags, Qcow2Options.take(options, flags.unmap()));
  }

  private Undo reopen(NodeFlags flags, Qcow2Options changed) throws BlockException {
    if (flags.writable() && !writable) {
      corruption.checkWritable();
      Qcow2Open.clearAutoclear(metadata.header());
      markBitmapsInUse();
    }
    Qcow2Options old = metadata.options();
    CacheSizes sizes = CacheSizes.of(changed, geometry, metadata.size());
    CacheSizes oldSizes = CacheSizes.of(old, geometry, metadata.size());
    Qcow2Open.checkLazyRefcounts(changed, metadata.version());
    if (flags.writable()) {
      syncTables(!Boolean.FALSE.equals(changed.lazyRefcounts()));
    } else {
      settle();
    }
    writable = flags.writable();
    use(changed, sizes);
    return () -> use(old, oldSizes);
  }

  /**
   * Puts everything cached on disk.
   *
   * @param dirty whether refcounts may lag behind again, so that the header may go on saying so
   */
  private void syncTables(boolean dirty) throws BlockException {
    lock.lock();
    try {
      if (writable && !corruption.isFatal()) {
        metadata.freed().settle();
        metadata.caches().sync();
        metadata.clearBits(dirty ? 0 : Feature.DIRTY);
      }
    } finally {
      lock.unlock();
    }
  }

  private void use(Qcow2Options options, CacheSizes sizes) {
    lock.lock();
    try {
      metadata.use(options, sizes);
    } finally {
      lock.unlock();
    }
  }

  /** Puts everything cached on disk and leaves the image clean. */
  void settle() throws BlockException {
    lock.lock();
    try {
      if (writable && !corruption.isFatal()) {
        writeTables();
        leaveClean();
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * The same when the image is closed: what cannot be put on disk is told by name, and does not
   * keep the rest from getting there.
   */
  private void settleAtLast() throws BlockException {
    lock.lock();
    try {
      if (!writable || corruption.isFatal()) {
        return;
      }
      try {
        writeTables();
      } catch (BlockException e) {
        throw metadata.caches().unwritten(e);
      }
      leaveClean();
    } finally {
      lock.unlock();
    }
  }

  private void writeTables() throws BlockException {
    metadata.freed().settle();
    metadata.caches().sync();
  }

  private void leaveClean() throws BlockException {
    if (!context().flags().check()) {
      bitmaps.store();
      metadata.caches().sync();
    }
    metadata.clearBits(Feature.DIRTY);
  }

  @Override
  public void close() throws BlockException {
    try {
      settleAtLast();
    } finally {
      release();
    }
  }

  /** Gives the memory back of an image that is closed, or could not be opened. */
  void release() {
    compressed.close();
    metadata.close();
  }
}
