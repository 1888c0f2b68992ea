// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import dev.strata.block.IoVector;
import dev.strata.block.json.JsonArray;
import dev.strata.block.json.JsonObject;
import dev.strata.block.layout.StructReader;
import java.lang.foreign.MemorySegment;
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

  private static final int MAX_COUNT = 65535;
  private static final long MAX_DIRECTORY_SIZE = MAX_COUNT * 1024L;
  private static final int FIXED_SIZE = 24;

  /** Reads the directory; empty if there are no bitmaps that are up to date. */
  static List<StoredBitmap> read(Child file, HeaderExtension.@Nullable Bitmaps extension)
      throws BlockException {
    if (extension == null) {
      return List.of();
    }
    if (extension.count() > MAX_COUNT) {
      throw new BlockException(
          Errno.EINVAL,
          "bitmaps_ext: image has "
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
    if (extension.directoryOffset() < 0 || extension.directoryOffset() > file.length() - size) {
      throw new BlockException(Errno.EINVAL, "Invalid bitmap directory offset");
    }
    var bytes = new byte[(int) size];
    file.read(extension.directoryOffset(), IoVector.of(bytes), 0);
    var in = StructReader.bigEndian(MemorySegment.ofArray(bytes));
    var bitmaps = new ArrayList<StoredBitmap>();
    for (int i = 0; i < extension.count(); i++) {
      bitmaps.add(decode(in));
    }
    return bitmaps;
  }

  private static StoredBitmap decode(StructReader in) throws BlockException {
    long start = in.position();
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
    in.skip("extra_data", extraSize);
    String name = in.string("name", nameSize);
    in.seek("next entry", start + ((FIXED_SIZE + extraSize + nameSize + 7) & -8L));
    return new StoredBitmap(tableOffset, tableSize, flags, type, granularityBits, name);
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
