// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.EdgeRole;
import dev.strata.block.Errno;
import dev.strata.block.driver.Checkable;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.option.BlockOptions;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Opens an image: reads the header and refuses what cannot be handled or cannot be true, before
 * anything of that size is allocated.
 */
record Qcow2Open(
    Child file,
    Child dataFile,
    HeaderFile header,
    Qcow2Options options,
    @Nullable DataEncryption encryption) {

  static Qcow2Image open(OpenContext context, BlockOptions given) throws BlockException {
    Child file = context.child("file", EdgeRole.IMAGE);
    HeaderFile header = HeaderFile.load(file);
    checkFeatures(context, header);
    DataEncryption encryption = DataEncryption.open(context, file, header, given);
    boolean open = false;
    try {
      Qcow2Image image = open(context, given, file, header, encryption);
      open = true;
      return image;
    } finally {
      if (!open && encryption != null) {
        encryption.close();
      }
    }
  }

  private static Qcow2Image open(
      OpenContext context,
      BlockOptions given,
      Child file,
      HeaderFile header,
      @Nullable DataEncryption encryption)
      throws BlockException {
    Qcow2Header h = header.header();
    checkTables(h, context.flags().check());
    if (header.hasStaleBitmaps()) {
      context.warn(
          (h.version() < 3
                  ? "warning: This qcow2 v2 image contains bitmaps, but they may have been modified"
                      + " by a program without persistent bitmap support; so now they must all be"
                      + " considered inconsistent"
                  : "warning: a program lacking bitmap support modified this file, so all bitmaps"
                      + " are now considered inconsistent")
              + "\nSome clusters may be leaked, run 'qemu-img check -r' on the image file to fix.");
    }
    Qcow2Options options = Qcow2Options.take(given, context.flags().unmap());
    checkLazyRefcounts(options, h.version());
    Child data = openDataFile(context, given, header, file);
    var image =
        new Qcow2Image(
            context,
            new Qcow2Metadata(context, new Qcow2Open(file, data, header, options, encryption)));
    boolean open = false;
    try {
      if (context.flags().writable()) {
        if (image.dirty() && !context.flags().check()) {
          repair(context, image);
        }
        clearAutoclear(header);
        if (!context.flags().check()) {
          image.markBitmapsInUse(); // who repairs changes nothing that they would have to follow
        }
      }
      open = true;
      return image;
    } finally {
      if (!open) {
        image.release();
      }
    }
  }

  static void checkLazyRefcounts(Qcow2Options options, int version) throws BlockException {
    if (Boolean.TRUE.equals(options.lazyRefcounts()) && version < 3) {
      throw new BlockException(
          Errno.EINVAL,
          "Lazy refcounts require a qcow2 image with at least qemu 1.1 compatibility level");
    }
  }

  /**
   * Puts the refcounts of an image right that was not closed: with lazy refcounts they may be lower
   * than they should, and a cluster in use would be taken again.
   */
  private static void repair(OpenContext context, Qcow2Image image) throws BlockException {
    var listener =
        new Checkable.Listener() {
          @Override
          public void found(String line) {
            context.warn(line);
          }

          @Override
          public void progress(long done, long total) {
            // Opening an image has nobody to tell how far it is.
          }
        };
    Checkable.Result result = image.check(Checkable.Repair.ALL, listener);
    if (result.corruptions() > 0 || result.checkErrors() > 0) {
      throw BlockException.of(Errno.EIO, "Could not repair dirty image");
    }
  }

  private static void checkFeatures(OpenContext context, HeaderFile header) throws BlockException {
    Qcow2Header h = header.header();
    long unknown = h.incompatible() & ~Feature.ALL_INCOMPATIBLE;
    if (unknown != 0) {
      throw new BlockException(
          Errno.EOPNOTSUPP,
          "Unsupported qcow2 feature(s): "
              + names(unknown, header.extension(HeaderExtension.FeatureNames.class)));
    }
    NodeFlags flags = context.flags();
    if ((h.incompatible() & Feature.CORRUPT) != 0 && flags.writable() && !flags.check()) {
      throw new BlockException(
          Errno.EACCES, "qcow2: Image is corrupt; cannot be opened read/write");
    }
    if (h.compressionType() > 1) {
      throw new BlockException(
          Errno.EOPNOTSUPP, "qcow2: unknown compression type: " + h.compressionType());
    }
    boolean typeBit = (h.incompatible() & Feature.COMPRESSION_TYPE) != 0;
    if (typeBit != (h.compressionType() != 0)) {
      throw new BlockException(
          Errno.EINVAL,
          typeBit
              ? "qcow2: Compression type incompatible feature bit must not be set"
              : "qcow2: Compression type incompatible feature bit must be set");
    }
    if (h.extendedL2() && h.clusterSize() / Geometry.SUBCLUSTERS < 512) {
      throw new BlockException(
          Errno.EINVAL, "Unsupported subcluster size: 2^" + (h.clusterBits() - 5));
    }
  }

  private static String names(long bits, HeaderExtension.@Nullable FeatureNames names) {
    var text = new StringBuilder();
    long unnamed = bits;
    if (names != null) {
      byte[] table = names.table();
      // A name that is empty ends the table; the last name needs no padding.
      for (int at = 0; at + 2 < table.length && table[at + 2] != 0; at += 48) {
        int bit = table[at + 1] & 0xff;
        if (table[at] == 0 && bit < 64 && (unnamed & 1L << bit) != 0) {
          int end = at + 2;
          while (end < Math.min(at + 48, table.length) && table[end] != 0) {
            end++;
          }
          text.append(text.isEmpty() ? "" : ", ");
          text.append(new String(table, at + 2, end - at - 2, StandardCharsets.UTF_8));
          unnamed &= ~(1L << bit);
        }
      }
    }
    if (unnamed != 0) {
      text.append(text.isEmpty() ? "" : ", ");
      text.append("Unknown incompatible feature: ").append(Long.toHexString(unnamed));
    }
    return text.toString();
  }

  /** A check goes on with what it can tell about itself, or repair. */
  private static void checkTables(Qcow2Header h, boolean toCheck) throws BlockException {
    long clusterSize = h.clusterSize();
    if (h.refcountTableClusters() == 0 && !toCheck) {
      throw new BlockException(Errno.EINVAL, "Image does not contain a reference count table");
    }
    checkTable(
        "Reference count table",
        h.refcountTableOffset(),
        (long) h.refcountTableClusters() * (clusterSize / 8),
        8,
        Qcow2Header.MAX_REFCOUNT_TABLE_BYTES,
        clusterSize);
    if (!toCheck) {
      checkTable(
          "Snapshot table",
          h.snapshotsOffset(),
          h.snapshotCount(),
          SnapshotTable.FIXED,
          (long) SnapshotTable.FIXED * Qcow2Header.MAX_SNAPSHOTS,
          clusterSize);
    }
    checkTable(
        "Active L1 table", h.l1TableOffset(), h.l1Size(), 8, Qcow2Header.MAX_L1_BYTES, clusterSize);
    long needed = neededL1(h);
    if (needed > Integer.MAX_VALUE) {
      throw new BlockException(Errno.EFBIG, "Image is too big");
    }
    if (h.l1Size() < needed) {
      throw new BlockException(Errno.EINVAL, "L1 table is too small");
    }
  }

  private static long neededL1(Qcow2Header h) throws BlockException {
    if (h.size() < 0) {
      throw new BlockException(
          Errno.EFBIG, "Could not refresh total sector count: " + Errno.EFBIG.text());
    }
    return Geometry.of(h).l1EntriesFor(h.size());
  }

  /** A table has to lie in the file as a table does, and to fit into memory. */
  static void checkTable(
      String name, long offset, long entries, int entrySize, long maxBytes, long clusterSize)
      throws BlockException {
    if (entries > maxBytes / entrySize) {
      throw new BlockException(Errno.EFBIG, name + " too large");
    }
    long bytes = entries * entrySize;
    if (offset < 0 || offset > Long.MAX_VALUE - bytes || (offset & (clusterSize - 1)) != 0) {
      throw new BlockException(Errno.EINVAL, name + " offset invalid");
    }
  }

  private static Child openDataFile(
      OpenContext context, BlockOptions given, HeaderFile header, Child file)
      throws BlockException {
    boolean external = header.header().externalDataFile();
    if (external && context.flags().noIo()) {
      // Metadata can be shown without it, and may be all that is left.
      given.remove("data-file");
      given.section("data-file");
      return file;
    }
    Child opened = context.optionalChild("data-file", EdgeRole.DATA);
    if (!external) {
      if (opened != null) {
        throw new BlockException(
            Errno.EINVAL, "'data-file' can only be set for images with an external data file");
      }
      if ((header.header().autoclear() & Feature.DATA_FILE_RAW) != 0 && !context.flags().noIo()) {
        throw new BlockException(Errno.EINVAL, "data-file-raw requires a data file");
      }
      return file;
    }
    if (opened != null) {
      return opened;
    }
    var named = header.extension(HeaderExtension.DataFile.class);
    if (named == null) {
      throw new BlockException(Errno.EINVAL, "'data-file' is required for this image");
    }
    return context.childNamedByImage("data-file", EdgeRole.DATA, named.name());
  }

  /**
   * Clears the autoclear bits of features that a writer here does not keep up, and that of bitmaps
   * if there are none.
   */
  static void clearAutoclear(HeaderFile header) throws BlockException {
    Qcow2Header h = header.header();
    long known = Feature.DATA_FILE_RAW;
    if (header.extension(HeaderExtension.Bitmaps.class) != null) {
      known |= Feature.BITMAPS;
    }
    if ((h.autoclear() & ~known) != 0) {
      header.write(
          h.withFeatures(h.incompatible(), h.compatible(), h.autoclear() & known),
          header.extensions(),
          header.backingName());
    }
  }
}
