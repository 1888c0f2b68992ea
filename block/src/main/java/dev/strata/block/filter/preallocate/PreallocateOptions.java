// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.filter.preallocate;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.Option;

/**
 * How much is allocated ahead.
 *
 * @param alignment of the file's end, in bytes; a multiple of 512, unsigned; 0 for any
 * @param size beyond what is needed, in bytes, unsigned
 */
record PreallocateOptions(long alignment, long size) {
  static final Option<Long> ALIGNMENT =
      Option.size("prealloc-align", "on preallocation, align file length to this number");
  static final Option<Long> SIZE = Option.size("prealloc-size", "how much to preallocate");
  static final PreallocateOptions DEFAULT = new PreallocateOptions(1 << 20, 128 << 20);

  private static final int SECTOR = 512;

  /** Takes them out of {@code options}; what is not given there is as {@code before}. */
  static PreallocateOptions take(BlockOptions options, PreallocateOptions before)
      throws BlockException {
    long alignment = options.take(ALIGNMENT, before.alignment);
    if (alignment % SECTOR != 0) {
      throw new BlockException(
          Errno.EINVAL,
          "prealloc-align parameter of preallocate filter is not aligned to " + SECTOR);
    }
    return new PreallocateOptions(alignment, options.take(SIZE, before.size));
  }

  /** Where a file ends that needs to be {@code end} bytes long; {@code end} if that is too far. */
  long fileEnd(long end) {
    long step = Math.max(alignment, 1);
    if (alignment < 0 || size < 0 || size > Long.MAX_VALUE - step - end) {
      return end;
    }
    long wanted = end + size + step - 1;
    return wanted - wanted % step;
  }
}
