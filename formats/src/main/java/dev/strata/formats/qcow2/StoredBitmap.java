// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import dev.strata.block.json.JsonArray;
import dev.strata.block.json.JsonObject;
import dev.strata.block.layout.StructReader;
import dev.strata.block.layout.StructWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An entry of the bitmap directory.
 *
 * @param tableOffset in bytes from the start of the file
 * @param tableSize in entries
 * @param granularityBits log2 of the guest bytes of a bit, 0 to 63
 * @see "QEMU docs/interop/qcow2.txt, Bitmap directory"
 */
record StoredBitmap(
    long tableOffset, long tableSize, long flags, int type, int granularityBits, String name) {
  /** Flag: not saved since it was last changed; what it says may be wrong. */
  static final long IN_USE = 1;

  /** Flag: follows all writes. */
  static final long AUTO = 1 << 1;

  /** Flag: the extra data may be ignored by those who do not know them. */
  static final long EXTRA_DATA_COMPATIBLE = 1 << 2;

  /** The one type there is: set bits tell where the disk was written. */
  static final int DIRTY_TRACKING = 1;

  /** The most bytes of a name. */
  static final int MAX_NAME = 1023;

  static final int MIN_GRANULARITY_BITS = 9;
  static final int MAX_GRANULARITY_BITS = 31;

  /** The most bitmaps of an image. */
  static final int MAX_COUNT = 65535;

  /**
   * The most entries of a table: a bitmap of as many bits as fit into memory, in small clusters.
   */
  private static final long MAX_TABLE_SIZE = 1 << 20;

  /** In a table entry without an offset: the bits are ones. */
  static final long ALL_ONES = 1;

  /** The bits of a table entry that must be zero. */
  static final long TABLE_RESERVED = 0xff000000000001feL;

  private static final long MAX_DIRECTORY_SIZE = MAX_COUNT * 1024L;
  private static final int FIXED_SIZE = 24;
  private static final String BROKEN = "Broken bitmap directory";

  /** Reads the directory; empty if there are no bitmaps that are up to date. */
  static List<StoredBitmap> read(
      Child file, HeaderExtension.@Nullable Bitmaps extension, long clusterSize)
      throws BlockException {
    if (extension == null) {
      return List.of();
    }
    if (extension.count() > MAX_COUNT) {
      throw new BlockException(
          Errno.EINVAL,
          "bitmaps_ext: Image has "
              + extension.count()
              + " bitmaps, exceeding the QEMU supported maximum of "
              + MAX_COUNT);
    }
    long size = extension.directorySize();
    if (size < 0 || size > MAX_DIRECTORY_SIZE) {
      throw new BlockException(
          Errno.EINVAL,
          "bitmaps_ext: bitmap directory size ("
              + Long.toUnsignedString(size)
              + ") exceeds the maximum supported size ("
              + MAX_DIRECTORY_SIZE
              + ")");
    }
    if (extension.count() == 0) {
      throw new BlockException(Errno.EINVAL, "found bitmaps extension with zero bitmaps");
    }
    if ((extension.directoryOffset() & (clusterSize - 1)) != 0) {
      throw new BlockException(Errno.EINVAL, "bitmaps_ext: invalid bitmap directory offset");
    }
    if (size == 0) {
      throw new BlockException(Errno.EINVAL, "Requested bitmap directory size is zero");
    }
    if (extension.directoryOffset() < 0 || extension.directoryOffset() > file.length() - size) {
      throw new BlockException(Errno.EINVAL, "Invalid bitmap directory offset");
    }
    var bytes = new byte[(int) size];
    file.read(extension.directoryOffset(), bytes, 0);
    var in = StructReader.bigEndian(bytes);
    var bitmaps = new ArrayList<StoredBitmap>();
    while (in.remaining() > 0) {
      if (bitmaps.size() == extension.count()) {
        throw new BlockException(
            Errno.EINVAL, "More bitmaps found than specified in header extension");
      }
      bitmaps.add(decode(in));
    }
    if (bitmaps.size() < extension.count()) {
      throw new BlockException(
          Errno.EINVAL, "Less bitmaps found than specified in header extension");
    }
    return bitmaps;
  }

  private static StoredBitmap decode(StructReader in) throws BlockException {
    long start = in.position();
    if (in.remaining() < FIXED_SIZE) {
      throw new BlockException(Errno.EINVAL, BROKEN);
    }
    long tableOffset = in.u64("bitmap_table_offset"); //  0
    long tableSize = in.u32("bitmap_table_size"); //  8
    long flags = in.u32("flags"); // 12
    int type = in.u8("type"); // 16
    int granularityBits = in.u8("granularity_bits"); // 17
    int nameSize = in.u16("name_size"); // 18
    long extraSize = in.u32("extra_data_size"); // 20
    if (granularityBits > 63) {
      throw new BlockException(Errno.EINVAL, "Bitmap granularity of 2^" + granularityBits);
    }
    if (extraSize != 0) {
      throw new BlockException(Errno.EINVAL, "Bitmap extra data is not supported");
    }
    long next = start + entrySize(nameSize);
    if (next - in.position() > in.remaining()) {
      throw new BlockException(Errno.EINVAL, BROKEN);
    }
    String name = in.string("name", nameSize);
    in.seek("next entry", next);
    return new StoredBitmap(tableOffset, tableSize, flags, type, granularityBits, name);
  }

  /** Throws if the entry is not one of a bitmap that can be dealt with. */
  void check(long clusterSize) throws BlockException {
    boolean good =
        type == DIRTY_TRACKING
            && (flags & ~(IN_USE | AUTO | EXTRA_DATA_COMPATIBLE)) == 0
            && granularityBits >= MIN_GRANULARITY_BITS
            && granularityBits <= MAX_GRANULARITY_BITS
            && !name.isEmpty()
            && name.getBytes(StandardCharsets.UTF_8).length <= MAX_NAME
            && tableSize <= MAX_TABLE_SIZE
            && tableOffset >= 0
            && (tableOffset & (clusterSize - 1)) == 0;
    if (!good) {
      throw new BlockException(
          Errno.EINVAL, "Bitmap '" + name + "' doesn't satisfy the constraints");
    }
  }

  boolean isInUse() {
    return (flags & IN_USE) != 0;
  }

  /** In guest bytes. */
  long granularity() {
    return 1L << granularityBits;
  }

  /** The same, marked as in use. */
  StoredBitmap inUse() {
    return new StoredBitmap(tableOffset, tableSize, flags | IN_USE, type, granularityBits, name);
  }

  /** Where the cluster of a table entry lies; 0 if there is none. */
  static long dataOffset(long entry) {
    return L1Entry.offset(entry);
  }

  /** The directory's bytes. */
  static byte[] encode(List<StoredBitmap> bitmaps) throws BlockException {
    long size = 0;
    for (StoredBitmap bitmap : bitmaps) {
      size += entrySize(bitmap.name.getBytes(StandardCharsets.UTF_8).length);
    }
    if (size > MAX_DIRECTORY_SIZE || bitmaps.size() > MAX_COUNT) {
      throw BlockException.of(Errno.EFBIG);
    }
    var bytes = new byte[(int) size];
    var out = StructWriter.bigEndian(bytes);
    for (StoredBitmap bitmap : bitmaps) {
      byte[] name = bitmap.name.getBytes(StandardCharsets.UTF_8);
      out.u64(bitmap.tableOffset);
      out.u32(bitmap.tableSize);
      out.u32(bitmap.flags);
      out.u8(bitmap.type);
      out.u8(bitmap.granularityBits);
      out.u16(name.length);
      out.u32(0);
      out.bytes(name);
      out.zeroes(-name.length & 7);
    }
    return bytes;
  }

  /** In the file, in bytes: what an entry of the directory with a name of that size takes. */
  static long entrySize(int nameSize) {
    return (FIXED_SIZE + nameSize + 7) & -8L;
  }

  /** As {@code Qcow2BitmapInfo}. */
  JsonObject toJson() {
    var words = new JsonArray();
    if ((flags & IN_USE) != 0) {
      words.add("in-use");
    }
    if ((flags & AUTO) != 0) {
      words.add("auto");
    }
    return new JsonObject()
        .put("flags", words)
        .put("name", name)
        .put("granularity", 1L << granularityBits);
  }
}
