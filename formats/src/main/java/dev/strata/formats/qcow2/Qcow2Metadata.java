// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.driver.OpenContext;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The metadata of an open image: its header, refcounts and tables, with the caches between them and
 * the file.
 *
 * <p>One lock guards all of it; it is held for looking up and changing tables and for their own
 * I/O, never while guest data move. Whoever calls a method of one of the parts holds the lock,
 * unless it says otherwise.
 */
final class Qcow2Metadata {
  private final ReentrantLock lock = new ReentrantLock();
  private final OpenContext context;
  private final Child file;
  private final Child dataFile;
  private final HeaderFile header;
  private final @Nullable DataEncryption encryption;
  private volatile Geometry geometry; // refcounts may get another width
  private final Corruption corruption;
  private final MetadataPlaces places;
  private final OverlapCheck overlaps;
  private final MetadataCaches caches;
  private final CacheCleaner cleaner;
  private final Refcounts refcounts;
  private final FreedClusters freed;
  private final ClusterAllocator allocator;
  private final GuestMap map;
  private final L2Tables l2Tables;
  private Qcow2Options options;
  private volatile boolean lazyRefcounts;
  private volatile long size;
  private volatile boolean hasSnapshots;

  /** Reads the tables behind a header that was checked; see {@link Qcow2Open}. */
  Qcow2Metadata(OpenContext context, Qcow2Open opened) throws BlockException {
    this.context = context;
    this.file = opened.file();
    this.dataFile = opened.dataFile();
    this.header = opened.header();
    this.encryption = opened.encryption();
    Qcow2Header h = header.header();
    this.geometry = Geometry.of(h);
    this.size = h.size();
    this.hasSnapshots = h.snapshotCount() > 0;
    this.corruption = new Corruption(context, header);
    this.options = opened.options();
    this.lazyRefcounts = wantsLazyRefcounts();
    this.places = new MetadataPlaces(file, geometry, header, corruption);
    this.overlaps = new OverlapCheck(places, options.overlapChecks());
    this.cleaner = new CacheCleaner(lock, this::dropUnusedTables);
    this.caches =
        new MetadataCaches(
            file,
            dataFile,
            CacheSizes.of(options, geometry, size),
            overlaps,
            (int) geometry.clusterSize(),
            cleaner::start);
    RefcountTable table = RefcountTable.load(file, geometry, h);
    this.refcounts = new Refcounts(geometry, table, caches.refcountBlocks(), corruption::report);
    this.freed =
        new FreedClusters(geometry, file, refcounts, caches, options.passOn(), context::warn);
    this.allocator =
        new ClusterAllocator(
            geometry, file, refcounts, caches, freed, overlaps, this::refcountTableMoved);
    L1Table l1;
    try {
      l1 = L1Table.load(file, overlaps, h.l1TableOffset(), h.l1Size());
    } catch (BlockException e) {
      throw BlockException.of(e.errno(), "Could not read L1 table");
    }
    this.map = new GuestMap(geometry, file, dataFile, l1, caches.l2Slices(), corruption::report);
    places.use(l1, table);
    lock.lock();
    try {
      cleaner.every(options.cacheCleanSeconds());
    } finally {
      lock.unlock();
    }
    this.l2Tables = new L2Tables(geometry, file, map, allocator, freed, caches);
  }

  private boolean wantsLazyRefcounts() {
    Boolean wanted = options.lazyRefcounts();
    return wanted != null ? wanted : (header.header().compatible() & Feature.LAZY_REFCOUNTS) != 0;
  }

  Qcow2Options options() {
    return options;
  }

  /** Goes on with other options. Nothing may be dirty in the caches. */
  void use(Qcow2Options changed, CacheSizes sizes) {
    options = changed;
    lazyRefcounts = wantsLazyRefcounts();
    overlaps.check(changed.overlapChecks());
    freed.passOn(changed.passOn());
    caches.resize(sizes);
    map.sliceSizeChanged();
    cleaner.every(changed.cacheCleanSeconds());
  }

  private void dropUnusedTables() {
    caches.dropUnused();
  }

  /** How guest data are encrypted; null if they are not. */
  @Nullable DataEncryption encryption() {
    return encryption;
  }

  /** Forgets everything and gives the memory back, after whatever has to be written is. */
  void close() {
    lock.lock();
    try {
      cleaner.close();
      caches.close();
      if (encryption != null) {
        encryption.close();
      }
    } finally {
      lock.unlock();
    }
  }

  private void refcountTableMoved(long offset, int clusters) throws BlockException {
    file.write(48, ClusterAllocator.fields(offset, clusters), 0);
    header.changed(header.header().withRefcountTable(offset, clusters));
  }

  ReentrantLock lock() {
    return lock;
  }

  OpenContext context() {
    return context;
  }

  Child file() {
    return file;
  }

  /** Where guest data lie: a file of its own, or {@link #file}. */
  Child dataFile() {
    return dataFile;
  }

  boolean hasExternalData() {
    return dataFile != file;
  }

  /** Whether the data file can be read without the tables. */
  boolean isDataFileRaw() {
    return hasExternalData() && (header.header().autoclear() & Feature.DATA_FILE_RAW) != 0;
  }

  HeaderFile header() {
    return header;
  }

  int version() {
    return header.header().version();
  }

  Geometry geometry() {
    return geometry;
  }

  /** The refcounts have another width now; their table and blocks are new. */
  void refcountWidth(Geometry changed) {
    geometry = changed;
    refcounts.width(changed);
  }

  Corruption corruption() {
    return corruption;
  }

  MetadataPlaces places() {
    return places;
  }

  OverlapCheck overlaps() {
    return overlaps;
  }

  MetadataCaches caches() {
    return caches;
  }

  Refcounts refcounts() {
    return refcounts;
  }

  FreedClusters freed() {
    return freed;
  }

  ClusterAllocator allocator() {
    return allocator;
  }

  GuestMap guestMap() {
    return map;
  }

  L1Table l1() {
    return map.l1();
  }

  L2Tables l2Tables() {
    return l2Tables;
  }

  /** The size of the guest disk in bytes. */
  long size() {
    return size;
  }

  void size(long bytes) {
    size = bytes;
  }

  boolean hasSnapshots() {
    return hasSnapshots;
  }

  void hasSnapshots(boolean has) {
    hasSnapshots = has;
  }

  /** Whether reads of unallocated clusters go to a backing file. */
  boolean hasBacking() {
    return context.backing() != null;
  }

  /** Whether the header names a backing file, open or not. */
  boolean namesBacking() {
    String name = header.backingName();
    return name != null && !name.isEmpty();
  }

  /** Whether refcounts may lag behind the tables until the image is closed. */
  boolean lazyRefcounts() {
    return lazyRefcounts && version() >= 3;
  }

  void lazyRefcounts(boolean wanted) {
    lazyRefcounts = wanted;
  }

  /** Refcounts may be behind from now on: the header has to say so first. */
  void beforeRefcountsLag() throws BlockException {
    Qcow2Header h = header.header();
    if ((h.incompatible() & Feature.DIRTY) == 0) {
      header.write(h.withFeatures(h.incompatible() | Feature.DIRTY, h.compatible(), h.autoclear()));
      file.flush();
    }
  }

  /** Gives up what an entry that is no longer there pointed to. */
  void releaseEntry(long entry, FreedClusters.Reason reason) throws BlockException {
    if (L2Entry.isCompressed(entry)) {
      freed.release(
          L2Entry.compressedOffset(entry, geometry.clusterBits()),
          L2Entry.compressedLength(entry, geometry.clusterBits()),
          reason);
    } else if (L2Entry.offset(entry) != 0 && !hasExternalData()) {
      freed.release(L2Entry.offset(entry), geometry.clusterSize(), reason);
    }
  }

  boolean isDirty() {
    return (header.header().incompatible() & Feature.DIRTY) != 0;
  }

  /** Takes incompatible feature bits back that no longer hold. */
  void clearBits(long bits) throws BlockException {
    Qcow2Header h = header.header();
    if ((h.incompatible() & bits) != 0) {
      header.write(h.withFeatures(h.incompatible() & ~bits, h.compatible(), h.autoclear()));
      file.flush();
    }
  }
}
