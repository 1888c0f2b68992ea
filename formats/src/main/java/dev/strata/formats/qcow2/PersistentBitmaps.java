// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.IoVector;
import dev.strata.block.bitmap.BitmapSet;
import dev.strata.block.bitmap.DirtyBitmap;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The bitmaps that the image keeps: read at opening, in use while the image may be written, written
 * to new clusters when it is closed. After a crash they are still marked as in use, so that nobody
 * trusts them. Under the image's table lock.
 *
 * @see "QEMU docs/interop/qcow2.txt, Bitmaps"
 */
final class PersistentBitmaps {
  /** The most bits that are read of all bitmaps together: 256 MiB of memory. */
  private static final long MAX_TOTAL_BITS = DirtyBitmap.MAX_BITS;

  private final Qcow2Metadata metadata;
  private final BitmapSet set;
  private List<StoredBitmap> stored; // as the directory in the file has them
  private List<DirtyBitmap> origins = List.of(); // what of the set those are, in the same order

  private PersistentBitmaps(Qcow2Metadata metadata, BitmapSet set, List<StoredBitmap> stored) {
    this.metadata = metadata;
    this.set = set;
    this.stored = stored;
  }

  /** A run of clusters in the file. */
  private record Run(long offset, long bytes, FreedClusters.Reason reason) {}

  /**
   * Reads the image's bitmaps into {@code set}.
   *
   * @param content false if nobody will ask for more than what the directory says
   */
  static PersistentBitmaps load(Qcow2Metadata metadata, BitmapSet set, boolean content)
      throws BlockException {
    var bitmaps = new PersistentBitmaps(metadata, set, stored(metadata));
    bitmaps.check();
    if (content) {
      bitmaps.loadContent();
    }
    return bitmaps;
  }

  /** The bitmaps as the file has them. */
  static List<StoredBitmap> stored(Qcow2Metadata metadata) throws BlockException {
    return StoredBitmap.read(
        metadata.file(),
        metadata.header().extension(HeaderExtension.Bitmaps.class),
        metadata.geometry().clusterSize());
  }

  private void check() throws BlockException {
    var names = new HashSet<String>();
    for (StoredBitmap bitmap : stored) {
      bitmap.check(metadata.geometry().clusterSize());
      if (!names.add(bitmap.name())) {
        throw new BlockException(Errno.EINVAL, "Bitmap already exists: " + bitmap.name());
      }
    }
  }

  private void loadContent() throws BlockException {
    long total = 0;
    var loaded = new ArrayList<DirtyBitmap>();
    for (StoredBitmap from : stored) {
      boolean usable = !from.isInUse();
      var bitmap = new DirtyBitmap(from.name(), from.granularity(), usable ? bounded(from) : 0);
      if (usable) {
        total += bits(from.granularityBits());
        if (total > MAX_TOTAL_BITS) {
          throw new BlockException(Errno.ENOMEM, "The image's bitmaps are too large together");
        }
        bitmap.setWords(readWords(from));
        bitmap.enable((from.flags() & StoredBitmap.AUTO) != 0);
      } else {
        bitmap.spoil();
      }
      bitmap.keep(true);
      set.add(bitmap);
      loaded.add(bitmap);
    }
    origins = loaded;
  }

  /** How many bits a bitmap of the whole disk has. */
  private long bits(int granularityBits) {
    long size = metadata.size();
    return size == 0 ? 0 : ((size - 1) >>> granularityBits) + 1;
  }

  private long tableSize(int granularityBits) {
    return metadata.geometry().clustersFor((bits(granularityBits) + 7) >>> 3);
  }

  /** The disk's size, if the table is one of a bitmap of the whole disk. */
  private long bounded(StoredBitmap bitmap) throws BlockException {
    if (bits(bitmap.granularityBits()) > DirtyBitmap.MAX_BITS
        || bitmap.tableSize() != tableSize(bitmap.granularityBits())) {
      throw new BlockException(
          Errno.EINVAL,
          "Bitmap '" + bitmap.name() + "' has a table of " + bitmap.tableSize() + " entries");
    }
    return metadata.size();
  }

  private long[] readTable(StoredBitmap bitmap) throws BlockException {
    var table = new long[(int) bitmap.tableSize()];
    if (table.length > 0) {
      RefcountTable.readWords(metadata.file(), bitmap.tableOffset(), table);
    }
    long mask = metadata.geometry().clusterSize() - 1;
    for (long entry : table) {
      long offset = StoredBitmap.dataOffset(entry);
      if ((entry & StoredBitmap.TABLE_RESERVED) != 0
          || (offset & mask) != 0
          || (offset != 0 && (entry & StoredBitmap.ALL_ONES) != 0)) {
        throw new BlockException(
            Errno.EINVAL,
            "Could not read bitmap_table table from image for bitmap '"
                + bitmap.name()
                + "': "
                + Errno.EINVAL.text());
      }
    }
    return table;
  }

  private long[] readWords(StoredBitmap bitmap) throws BlockException {
    long[] table = readTable(bitmap);
    var words = new long[(int) ((bits(bitmap.granularityBits()) + 63) >>> 6)];
    int perCluster = (int) (metadata.geometry().clusterSize() / 8);
    ByteBuffer cluster =
        ByteBuffer.allocateDirect((int) metadata.geometry().clusterSize())
            .order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < table.length; i++) {
      int at = i * perCluster;
      int count = Math.min(perCluster, words.length - at);
      long offset = StoredBitmap.dataOffset(table[i]);
      if (offset != 0) {
        metadata.file().read(offset, IoVector.of(cluster), 0);
        cluster.asLongBuffer().get(words, at, count);
      } else if ((table[i] & StoredBitmap.ALL_ONES) != 0) {
        Arrays.fill(words, at, at + count, -1L);
      }
    }
    return words;
  }

  /** The image may be written from now on: until the bitmaps are stored, nobody may trust them. */
  void markInUse() throws BlockException {
    var marked = new ArrayList<StoredBitmap>();
    for (StoredBitmap bitmap : stored) {
      marked.add(bitmap.inUse());
    }
    if (marked.equals(stored)) {
      return;
    }
    // In place: only one flag of each entry changes, and either value of it is true.
    var extension =
        Objects.requireNonNull(metadata.header().extension(HeaderExtension.Bitmaps.class));
    metadata.file().write(extension.directoryOffset(), StoredBitmap.encode(marked), 0);
    metadata.file().flush();
    stored = marked;
  }

  /** Throws if one of the bitmaps cannot follow a change of the disk's size. */
  void checkResizable() throws BlockException {
    for (DirtyBitmap bitmap : set.all()) {
      if (bitmap.persistent() && bitmap.inconsistent()) {
        throw new BlockException(
                Errno.EOPNOTSUPP,
                "Bitmap '" + bitmap.name() + "' is inconsistent and cannot be used")
            .withHint("Try block-dirty-bitmap-remove to delete this bitmap from disk");
      }
    }
  }

  /** Whether the image has bitmaps now or will have. */
  boolean isEmpty() {
    for (DirtyBitmap bitmap : set.all()) {
      if (bitmap.persistent()) {
        return false;
      }
    }
    return stored.isEmpty();
  }

  /** Throws if there cannot be one more of that name. */
  void checkNew(String name, long granularity) throws BlockException {
    if (metadata.header().header().version() < 3) {
      throw new BlockException(Errno.EOPNOTSUPP, "Cannot store dirty bitmaps in qcow2 v2 files");
    }
    int bits = Long.numberOfTrailingZeros(granularity);
    if (bits < StoredBitmap.MIN_GRANULARITY_BITS) {
      throw new BlockException(
          Errno.EINVAL,
          "Granularity is under minimum (" + (1L << StoredBitmap.MIN_GRANULARITY_BITS) + " bytes)");
    }
    if (bits > StoredBitmap.MAX_GRANULARITY_BITS) {
      throw new BlockException(
          Errno.EINVAL,
          "Granularity exceeds maximum (" + (1L << StoredBitmap.MAX_GRANULARITY_BITS) + " bytes)");
    }
    if (name.getBytes(StandardCharsets.UTF_8).length > StoredBitmap.MAX_NAME) {
      throw new BlockException(
          Errno.EINVAL, "Name length exceeds maximum (" + StoredBitmap.MAX_NAME + " characters)");
    }
    int count = 1;
    for (DirtyBitmap bitmap : set.all()) {
      count += bitmap.persistent() ? 1 : 0;
    }
    if (count > StoredBitmap.MAX_COUNT) {
      throw new BlockException(
          Errno.EOVERFLOW, "Maximum number of persistent bitmaps is already reached");
    }
  }

  /**
   * Writes the persistent bitmaps of the set to new clusters, then lets the header point there,
   * then gives up the old ones: a crash leaves the old ones, which are in use, and leaks at worst.
   */
  void store() throws BlockException {
    if (isEmpty()) {
      return;
    }
    var written = new ArrayList<Run>();
    var kept = new ArrayList<StoredBitmap>();
    var keptFrom = new ArrayList<DirtyBitmap>();
    List<Run> old = List.of();
    boolean switched = false;
    try {
      for (DirtyBitmap bitmap : inStoredOrder()) {
        if (bitmap.persistent()) {
          StoredBitmap before = find(bitmap.name());
          if (!bitmap.inconsistent()) {
            kept.add(write(bitmap, written));
            keptFrom.add(bitmap);
          } else if (before != null) {
            kept.add(before); // until somebody removes it
            keptFrom.add(bitmap);
          }
        }
      }
      old = runsOf(kept);
      HeaderExtension.Bitmaps extension = writeDirectory(kept, written);
      metadata.caches().sync();
      switchTo(extension);
      switched = true;
    } finally {
      if (!switched && !metadata.corruption().isFatal()) {
        release(written);
      }
    }
    stored = kept;
    origins = keptFrom;
    release(old);
  }

  /**
   * Those that are stored already as they are, then the others, the newest first. One that was
   * removed and came again under its name is a new one.
   */
  private List<DirtyBitmap> inStoredOrder() {
    List<DirtyBitmap> all = set.all();
    var ordered = new ArrayList<DirtyBitmap>(origins);
    ordered.retainAll(all);
    for (DirtyBitmap bitmap : all.reversed()) {
      if (!ordered.contains(bitmap)) {
        ordered.add(bitmap);
      }
    }
    return ordered;
  }

  private @Nullable StoredBitmap find(String name) {
    for (StoredBitmap bitmap : stored) {
      if (bitmap.name().equals(name)) {
        return bitmap;
      }
    }
    return null;
  }

  /** Everything that is stored now, but for what is kept. */
  private List<Run> runsOf(List<StoredBitmap> kept) throws BlockException {
    var runs = new ArrayList<Run>();
    long cluster = metadata.geometry().clusterSize();
    for (StoredBitmap bitmap : stored) {
      if (kept.contains(bitmap)) {
        continue;
      }
      for (long entry : readTable(bitmap)) {
        long offset = StoredBitmap.dataOffset(entry);
        if (offset != 0) {
          runs.add(new Run(offset, cluster, FreedClusters.Reason.BITMAP));
        }
      }
      if (bitmap.tableSize() > 0) {
        long bytes = bitmap.tableSize() * 8;
        runs.add(new Run(bitmap.tableOffset(), bytes, FreedClusters.Reason.OTHER));
      }
    }
    var extension = metadata.header().extension(HeaderExtension.Bitmaps.class);
    if (extension != null) {
      long offset = extension.directoryOffset();
      runs.add(new Run(offset, extension.directorySize(), FreedClusters.Reason.OTHER));
    }
    return runs;
  }

  private void release(List<Run> runs) throws BlockException {
    for (Run run : runs) {
      metadata.freed().release(run.offset, run.bytes, run.reason);
    }
    metadata.freed().settle();
  }

  private StoredBitmap write(DirtyBitmap bitmap, List<Run> written) throws BlockException {
    int granularityBits = Long.numberOfTrailingZeros(bitmap.granularity());
    long[] words = bitmap.toWords();
    var table = new long[Math.toIntExact(tableSize(granularityBits))];
    int perCluster = (int) (metadata.geometry().clusterSize() / 8);
    for (int i = 0; i < table.length; i++) {
      int from = i * perCluster;
      int to = Math.min(words.length, from + perCluster);
      if (hasBits(words, from, to)) {
        ByteBuffer cluster =
            ByteBuffer.allocateDirect(perCluster * 8).order(ByteOrder.LITTLE_ENDIAN);
        cluster.asLongBuffer().put(words, from, to - from);
        table[i] = writeNew(IoVector.of(cluster), written);
      }
    }
    long offset = table.length == 0 ? 0 : writeNew(RefcountTable.toBytes(table), written);
    return new StoredBitmap(
        offset,
        table.length,
        bitmap.enabled() ? StoredBitmap.AUTO : 0,
        StoredBitmap.DIRTY_TRACKING,
        granularityBits,
        bitmap.name());
  }

  private static boolean hasBits(long[] words, int from, int to) {
    for (int i = from; i < to; i++) {
      if (words[i] != 0) {
        return true;
      }
    }
    return false;
  }

  private HeaderExtension.@Nullable Bitmaps writeDirectory(
      List<StoredBitmap> bitmaps, List<Run> written) throws BlockException {
    if (bitmaps.isEmpty()) {
      return null;
    }
    byte[] directory = StoredBitmap.encode(bitmaps);
    long offset = writeNew(IoVector.of(directory), written);
    return new HeaderExtension.Bitmaps(bitmaps.size(), directory.length, offset);
  }

  private long writeNew(IoVector bytes, List<Run> written) throws BlockException {
    long offset = metadata.allocator().allocate(metadata.geometry().clustersFor(bytes.length()));
    written.add(new Run(offset, bytes.length(), FreedClusters.Reason.OTHER));
    metadata.overlaps().beforeWrite(0, offset, bytes.length());
    metadata.file().write(offset, bytes, 0);
    return offset;
  }

  private void switchTo(HeaderExtension.@Nullable Bitmaps extension) throws BlockException {
    HeaderFile header = metadata.header();
    Qcow2Header h = header.header();
    long autoclear =
        extension == null ? h.autoclear() & ~Feature.BITMAPS : h.autoclear() | Feature.BITMAPS;
    header.write(
        h.withFeatures(h.incompatible(), h.compatible(), autoclear),
        HeaderFile.replacing(header.extensions(), HeaderExtension.Bitmaps.class, extension),
        header.backingName());
    metadata.file().flush();
  }
}
