// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.Preallocation;
import dev.strata.block.ProgressListener;
import dev.strata.block.bitmap.BitmapSet;
import dev.strata.block.bitmap.DirtyBitmap;
import dev.strata.block.driver.SnapshotStore.Snapshot;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.Option;
import dev.strata.block.option.OptionSchema;
import dev.strata.formats.crypto.LuksAmendment;
import java.util.ArrayList;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Changes creation options of an image that nothing else uses meanwhile; under its table lock. What
 * needs version 3 comes after going up to it, and before going down to version 2.
 */
final class Qcow2Amend {
  private static final String V3 = " compatibility level 1.1 and above (use compat=1.1 or greater)";
  private static final int V2_REFCOUNT_ORDER = 4;

  static final OptionSchema SCHEMA =
      OptionSchema.of(LuksAmendment.options("encrypt.").toArray(Option<?>[]::new))
          .and(
              OptionSchema.of(
                  Qcow2Create.SIZE,
                  Qcow2Create.COMPAT,
                  Qcow2Create.BACKING_FILE,
                  Qcow2Create.BACKING_FMT,
                  Qcow2Create.DATA_FILE,
                  Qcow2Create.DATA_FILE_RAW,
                  Option.bool("lazy_refcounts", "Postpone refcount updates"),
                  Option.number("refcount_bits", "Width of a reference count entry in bits")));

  private final Qcow2Metadata metadata;
  private final HeaderFile header;
  private final Resize resize;
  private final Snapshots snapshots;
  private final PersistentBitmaps bitmaps;
  private final ProgressListener progress;
  private int step;
  private int steps;

  Qcow2Amend(
      Qcow2Metadata metadata,
      Resize resize,
      Snapshots snapshots,
      PersistentBitmaps bitmaps,
      ProgressListener progress) {
    this.metadata = metadata;
    this.resize = resize;
    this.snapshots = snapshots;
    this.bitmaps = bitmaps;
    this.header = metadata.header();
    this.progress = progress;
  }

  private static BlockException wrong(String message) {
    return new BlockException(Errno.EINVAL, message);
  }

  private void progress(long done, long total) {
    progress.progress(done + step * total, steps * total);
  }

  /**
   * Changes what the options name.
   *
   * @param force even if keys are lost thereby; nothing else that can be changed here loses data
   */
  void run(BlockOptions options, boolean force) throws BlockException {
    Qcow2Header old = header.header();
    int version = version(options.takeString("compat"), old.version());
    LuksAmendment keys = keys(options.section("encrypt"));
    String backing = options.takeString("backing_file");
    String backingFormat = options.takeString("backing_fmt");
    String dataFile = options.takeString("data_file");
    Boolean raw = options.takeBool("data_file_raw");
    Boolean lazy = options.takeBool("lazy_refcounts");
    Long size = options.takeSize("size");
    int refcountOrder = refcountOrder(options.takeNumber("refcount_bits"), version);
    boolean down = version < old.version();
    steps = Math.max(1, (refcountOrder != old.refcountOrder() ? 1 : 0) + (down ? 1 : 0));

    if (Boolean.TRUE.equals(raw) && (old.autoclear() & Feature.DATA_FILE_RAW) == 0) {
      throw wrong("data-file-raw cannot be set on existing images");
    }
    if (version > old.version()) {
      upgrade(version);
    }
    DataEncryption encryption = metadata.encryption();
    if (keys != null && encryption != null && encryption.volume() != null) {
      keys.apply(encryption.volume(), encryption.passphrases(), force);
    }
    if (backing != null || backingFormat != null) {
      checkSameBacking(backing, backingFormat);
    }
    if (refcountOrder != header.header().refcountOrder()) {
      if (version < 3) {
        requireV2Refcounts(refcountOrder);
      }
      new RefcountWidth(metadata).change(refcountOrder, this::progress);
      step++;
    }
    if (Boolean.FALSE.equals(raw)) {
      Qcow2Header h = header.header();
      writeHeader(
          h.withFeatures(h.incompatible(), h.compatible(), h.autoclear() & ~Feature.DATA_FILE_RAW));
    }
    if (dataFile != null) {
      nameDataFile(dataFile);
    }
    if (lazy != null) {
      lazyRefcounts(lazy, version);
    }
    if (size != null && size != 0) { // as with the reference, 0 is no size to go to
      resize.to(size, false, Preallocation.OFF, 0);
      metadata.context().bitmaps().resize(size);
      progress.progress(1, 1);
    }
    if (down) {
      downgrade();
    }
  }

  private @Nullable LuksAmendment keys(BlockOptions given) throws BlockException {
    if (given.isEmpty()) {
      return null;
    }
    if (metadata.encryption() == null) {
      throw wrong("Can't amend encryption options - encryption not present");
    }
    if (metadata.encryption().volume() == null) {
      throw new BlockException(Errno.EOPNOTSUPP, "Only LUKS encryption options can be amended");
    }
    return LuksAmendment.take(given);
  }

  private static int version(@Nullable String word, int current) throws BlockException {
    if (word == null || word.isEmpty()) {
      return current;
    }
    return switch (word) {
      case "0.10", "v2" -> 2;
      case "1.1", "v3" -> 3;
      default -> throw wrong("Unknown compatibility level " + word);
    };
  }

  private int refcountOrder(@Nullable Long bits, int version) throws BlockException {
    int current = header.header().refcountOrder();
    if (bits == null || bits == 0) {
      if (version < 3 && current != V2_REFCOUNT_ORDER) {
        throw wrong("compat=0.10 requires refcount_bits=16");
      }
      return current;
    }
    if (bits < 0 || bits > 64 || Long.bitCount(bits) != 1) {
      throw wrong("Refcount width must be a power of two and may not exceed 64 bits");
    }
    int order = Long.numberOfTrailingZeros(bits);
    if (version < 3) {
      requireV2Refcounts(order);
    }
    return order;
  }

  private static void requireV2Refcounts(int order) throws BlockException {
    if (order != V2_REFCOUNT_ORDER) {
      throw wrong(
          "Refcount widths other than 16 bits require compatibility level 1.1 or above (use"
              + " compat=1.1 or greater)");
    }
  }

  private void writeHeader(Qcow2Header changed) throws BlockException {
    header.write(changed, header.extensions(), header.backingName());
    metadata.file().flush();
  }

  private void upgrade(int version) throws BlockException {
    snapshots.complete(); // as version 2 may have it, too
    Qcow2Header h = header.header().withVersion(version, header.header().refcountOrder());
    writeHeader(h);
  }

  private void checkSameBacking(@Nullable String backing, @Nullable String format)
      throws BlockException {
    var stored = header.extension(HeaderExtension.BackingFormat.class);
    if (!Objects.equals(backing, header.backingName())
        || !Objects.equals(format, stored == null ? null : stored.name())) {
      throw new BlockException(Errno.EINVAL, "Cannot amend the backing file")
          .withHint("You can use 'qemu-img rebase' instead.");
    }
  }

  private void nameDataFile(String name) throws BlockException {
    if (!header.header().externalDataFile()) {
      throw wrong("data-file can only be set for images that use an external data file");
    }
    header.write(
        header.header(),
        HeaderFile.replacing(
            header.extensions(),
            HeaderExtension.DataFile.class,
            name.isEmpty() ? null : new HeaderExtension.DataFile(name)),
        header.backingName());
    metadata.file().flush();
  }

  private void lazyRefcounts(boolean lazy, int version) throws BlockException {
    if (lazy && version < 3) {
      throw wrong("Lazy refcounts only supported with" + V3);
    }
    Qcow2Header h = header.header();
    if (h.version() < 3) {
      return; // off already
    }
    metadata.lazyRefcounts(lazy);
    if (!lazy) {
      metadata.caches().sync();
      h = header.header();
      h = h.withFeatures(h.incompatible() & ~Feature.DIRTY, h.compatible(), h.autoclear());
    }
    long compatible = h.compatible() & ~Feature.LAZY_REFCOUNTS;
    writeHeader(
        h.withFeatures(
            h.incompatible(), compatible | (lazy ? Feature.LAZY_REFCOUNTS : 0), h.autoclear()));
  }

  private void downgrade() throws BlockException {
    Qcow2Header h = header.header();
    if (h.externalDataFile()) {
      throw new BlockException(Errno.EOPNOTSUPP, "Cannot downgrade an image with a data file");
    }
    for (Snapshot snapshot : snapshots.list()) {
      // Version 2 has no room for these.
      if (snapshot.vmStateSize() >>> 32 != 0 || snapshot.diskSize() != metadata.size()) {
        throw new BlockException(Errno.EOPNOTSUPP, "Internal snapshots prevent downgrade of image");
      }
    }
    long incompatible = h.incompatible() & ~Feature.DIRTY;
    if (incompatible != 0) {
      throw new BlockException(
          Errno.EOPNOTSUPP,
          "Cannot downgrade an image with incompatible features 0x"
              + Long.toHexString(incompatible)
              + " set");
    }
    new ZeroExpansion(metadata, snapshots).run(this::progress);
    forgetBitmaps();
    metadata.lazyRefcounts(false);
    metadata.caches().sync();
    h = header.header().withFeatures(0, 0, 0).withVersion(2, V2_REFCOUNT_ORDER);
    writeHeader(h);
  }

  /** Version 2 cannot say whether bitmaps are up to date, so it keeps none. */
  private void forgetBitmaps() throws BlockException {
    BitmapSet all = metadata.context().bitmaps();
    for (DirtyBitmap bitmap : new ArrayList<>(all.all())) {
      if (bitmap.persistent()) {
        all.remove(bitmap);
      }
    }
    bitmaps.store();
  }
}
