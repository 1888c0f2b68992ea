// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.raw;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.Option;
import dev.strata.block.option.OptionSchema;
import org.jspecify.annotations.Nullable;

/**
 * The part of the file that is the disk.
 *
 * @param offset where it begins, in bytes; unsigned until {@link #check}
 * @param size in bytes, unsigned until {@link #check}; null if it goes on to the file's end
 */
record RawWindow(long offset, @Nullable Long size) {
  private static final Option<Long> OFFSET =
      Option.size("offset", "offset in the disk where the image starts");
  private static final Option<Long> SIZE = Option.size("size", "virtual disk size");

  static final OptionSchema OPTIONS = OptionSchema.of(OFFSET, SIZE);
  static final RawWindow WHOLE = new RawWindow(0, null);
  private static final int SECTOR = 512;

  // Not by equals: a record's is put together at run time, which a tool's start would notice.
  boolean isWhole() {
    return offset == 0 && size == null;
  }

  /** This window but for what {@code options} say otherwise. */
  RawWindow changed(BlockOptions options) throws BlockException {
    long newOffset = options.take(OFFSET, offset);
    Long newSize = options.take(SIZE);
    return new RawWindow(newOffset, newSize == null ? size : newSize);
  }

  /** EINVAL in the reference's words if the window is not within {@code file}. */
  void check(Child file) throws BlockException {
    long all = file.length();
    if (Long.compareUnsigned(offset, all) > 0) {
      throw new BlockException(
          Errno.EINVAL,
          "Offset ("
              + Long.toUnsignedString(offset)
              + ") cannot be greater than size of the containing file ("
              + all
              + ")");
    }
    if (size == null) {
      return;
    }
    if (Long.compareUnsigned(size, all - offset) > 0) {
      throw new BlockException(
          Errno.EINVAL,
          "The sum of offset ("
              + offset
              + ") and size ("
              + Long.toUnsignedString(size)
              + ") has to be smaller or equal to the  actual size of the containing file ("
              + all
              + ")");
    }
    // A window that goes on to the file's end is rounded with the file; this one could not be.
    if (size % SECTOR != 0) {
      throw new BlockException(Errno.EINVAL, "Specified size is not multiple of " + SECTOR);
    }
  }
}
