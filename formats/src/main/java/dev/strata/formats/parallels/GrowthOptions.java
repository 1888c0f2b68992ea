// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.parallels;

import dev.strata.block.BlockException;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.Option;
import dev.strata.block.option.OptionSchema;

/**
 * How the file grows, as the user wants it.
 *
 * @param size by how much more than needed, in bytes; unsigned before {@link #changed} bounds it
 * @param reserve whether the host is to reserve the room, or the file only to get longer
 */
record GrowthOptions(long size, boolean reserve) {
  private static final Option<Long> SIZE =
      Option.size("prealloc-size", "Preallocation size on image expansion");
  private static final Option<String> MODE =
      Option.word("prealloc-mode", "Preallocation mode on image expansion", "falloc", "truncate");

  static final OptionSchema SCHEMA = OptionSchema.of(SIZE, MODE);
  static final GrowthOptions DEFAULT = new GrowthOptions(128L << 20, true);

  /** These, but for what {@code options} say otherwise. */
  GrowthOptions changed(BlockOptions options) throws BlockException {
    long newSize = options.take(SIZE, size);
    String mode = options.take(MODE);
    // Beyond 2^63 the file is too large in any case.
    long sectors = Math.min(newSize >>> 9, Long.MAX_VALUE >>> 9);
    return new GrowthOptions(sectors << 9, mode == null ? reserve : mode.equals("falloc"));
  }
}
