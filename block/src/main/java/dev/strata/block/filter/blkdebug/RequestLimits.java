// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.filter.blkdebug;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.Limits;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.Option;
import dev.strata.block.option.OptionSchema;

/** The limits that a device could have, and this one is told to; in bytes, 0 for none. */
record RequestLimits(
    int align,
    long maxTransfer,
    long optimalWriteZeroes,
    long maxWriteZeroes,
    long optimalDiscard,
    long maxDiscard) {
  private static final Option<Long> ALIGN =
      Option.size("align", "Required alignment in bytes").orElse(0L);
  private static final Option<Long> MAX_TRANSFER =
      Option.size("max-transfer", "Maximum transfer size in bytes").orElse(0L);
  private static final Option<Long> OPT_WRITE_ZERO =
      Option.size("opt-write-zero", "Optimum write zero alignment in bytes").orElse(0L);
  private static final Option<Long> MAX_WRITE_ZERO =
      Option.size("max-write-zero", "Maximum write zero size in bytes").orElse(0L);
  private static final Option<Long> OPT_DISCARD =
      Option.size("opt-discard", "Optimum discard alignment in bytes").orElse(0L);
  private static final Option<Long> MAX_DISCARD =
      Option.size("max-discard", "Maximum discard size in bytes").orElse(0L);

  static final OptionSchema OPTIONS =
      OptionSchema.of(
          ALIGN, MAX_TRANSFER, OPT_WRITE_ZERO, MAX_WRITE_ZERO, OPT_DISCARD, MAX_DISCARD);

  /**
   * Takes them from the options of a node.
   *
   * @param childAlignment of the requests that the child takes, a power of two
   */
  static RequestLimits take(BlockOptions options, int childAlignment) throws BlockException {
    long align = options.take(ALIGN, 0L);
    if (align < 0 || align >= Integer.MAX_VALUE || (align & (align - 1)) != 0) {
      throw refused(ALIGN, align);
    }
    long unit = Math.max(align, childAlignment);
    long maxTransfer = multiple(options, MAX_TRANSFER, unit);
    long optimalWriteZeroes = multiple(options, OPT_WRITE_ZERO, unit);
    long maxWriteZeroes = multiple(options, MAX_WRITE_ZERO, Math.max(optimalWriteZeroes, unit));
    long optimalDiscard = multiple(options, OPT_DISCARD, unit);
    long maxDiscard = multiple(options, MAX_DISCARD, Math.max(optimalDiscard, unit));
    return new RequestLimits(
        (int) align, maxTransfer, optimalWriteZeroes, maxWriteZeroes, optimalDiscard, maxDiscard);
  }

  private static long multiple(BlockOptions options, Option<Long> option, long unit)
      throws BlockException {
    long value = options.take(option, 0L);
    if (value < 0 || value >= Integer.MAX_VALUE || value % unit != 0) {
      throw refused(option, value);
    }
    return value;
  }

  private static BlockException refused(Option<Long> option, long value) {
    return new BlockException(
        Errno.EINVAL,
        "Cannot meet constraints with " + option.name() + " " + Long.toUnsignedString(value));
  }

  /** What requests may come to a node with these limits over a child with those. */
  Limits over(Limits child) {
    Limits limits =
        child
            .withRequestAlignment(Math.max(align, 1))
            .withTransfer(least(child.maxTransfer(), maxTransfer), child.optimalTransfer());
    if (child.writesZeroes()) {
      limits =
          limits.withWriteZeroes(
              Math.max(optimalWriteZeroes, 1), maxWriteZeroes, child.zeroFlags());
    }
    return child.discards() ? limits.withDiscard(Math.max(optimalDiscard, 1), maxDiscard) : limits;
  }

  private static long least(long a, long b) {
    return a == 0 ? b : b == 0 ? a : Math.min(a, b);
  }

  /** Whether a device would leave so few zeroes to be written as data. */
  boolean tooFewZeroes(long length) {
    return length < Math.max(align, optimalWriteZeroes);
  }

  /** Whether a device would ignore a discard of so little. */
  boolean tooLittleDiscarded(long length) {
    return length < Math.max(align, optimalDiscard);
  }
}
