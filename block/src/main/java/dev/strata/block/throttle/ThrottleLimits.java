// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.throttle;

import static dev.strata.block.Errno.EINVAL;

import dev.strata.block.BlockException;
import java.util.Arrays;

/** How much may pass in a second, and for how long more than that. Cannot be changed. */
public final class ThrottleLimits {
  /** The highest rate that can be set. */
  public static final long MAX_RATE = 1_000_000_000_000_000L;

  /** Nothing is limited. */
  public static final ThrottleLimits NONE =
      new ThrottleLimits(zeroes(), zeroes(), ones(), 0, false);

  private final long[] averages;
  private final long[] maxima;
  private final long[] maxSeconds;
  private final long operationSize;
  private final boolean limited;

  private ThrottleLimits(
      long[] averages, long[] maxima, long[] maxSeconds, long operationSize, boolean limited) {
    this.averages = averages;
    this.maxima = maxima;
    this.maxSeconds = maxSeconds;
    this.operationSize = operationSize;
    this.limited = limited;
  }

  private static long[] zeroes() {
    return new long[Meter.values().length];
  }

  private static long[] ones() {
    long[] ones = zeroes();
    Arrays.fill(ones, 1);
    return ones;
  }

  /** How much passes in a second in the long run; 0 for no limit. */
  public long average(Meter meter) {
    return averages[meter.ordinal()];
  }

  /** How much passes in a second of a burst; 0 if there are none. */
  public long max(Meter meter) {
    return maxima[meter.ordinal()];
  }

  /** How many seconds a burst at the full {@link #max} lasts, at least 1. */
  public long maxSeconds(Meter meter) {
    return maxSeconds[meter.ordinal()];
  }

  /**
   * How many bytes one operation may have, as an unsigned number: a larger one counts as several; 0
   * if its size does not matter.
   */
  public long operationSize() {
    return operationSize;
  }

  /** Whether anything is limited. */
  public boolean isLimited() {
    return limited;
  }

  /** These limits, to be changed. */
  public Builder change() {
    var builder = new Builder();
    System.arraycopy(averages, 0, builder.averages, 0, averages.length);
    System.arraycopy(maxima, 0, builder.maxima, 0, maxima.length);
    System.arraycopy(maxSeconds, 0, builder.maxSeconds, 0, maxSeconds.length);
    builder.operationSize = operationSize;
    return builder;
  }

  /** Limits in the making; what is not said is not limited. */
  public static final class Builder {
    private final long[] averages = zeroes();
    private final long[] maxima = zeroes();
    private final long[] maxSeconds = ones();
    private long operationSize;

    /** No limits yet. */
    public Builder() {}

    /** Sets {@link ThrottleLimits#average}. */
    public Builder average(Meter meter, long perSecond) {
      averages[meter.ordinal()] = perSecond;
      return this;
    }

    /** Sets {@link ThrottleLimits#max}. */
    public Builder max(Meter meter, long perSecond) {
      maxima[meter.ordinal()] = perSecond;
      return this;
    }

    /** Sets {@link ThrottleLimits#maxSeconds}. */
    public Builder maxSeconds(Meter meter, long seconds) {
      maxSeconds[meter.ordinal()] = seconds;
      return this;
    }

    /** Sets {@link ThrottleLimits#operationSize}. */
    public Builder operationSize(long bytes) {
      operationSize = bytes;
      return this;
    }

    /**
     * The limits.
     *
     * @throws BlockException if they contradict each other
     */
    public ThrottleLimits build() throws BlockException {
      if (mixesTotal(averages) || mixesTotal(maxima)) {
        throw new BlockException(
            EINVAL,
            "bps/iops/max total values and read/write values cannot be used at the same time");
      }
      if (operationSize != 0 && !countsOperations()) {
        throw new BlockException(EINVAL, "iops size requires an iops value to be set");
      }
      boolean limited = false;
      for (Meter meter : Meter.values()) {
        check(averages[meter.ordinal()], maxima[meter.ordinal()], maxSeconds[meter.ordinal()]);
        limited |= averages[meter.ordinal()] > 0;
      }
      return new ThrottleLimits(
          averages.clone(), maxima.clone(), maxSeconds.clone(), operationSize, limited);
    }

    private static boolean mixesTotal(long[] values) {
      for (Meter meter : Meter.values()) {
        Meter total = meter.ofBytes() ? Meter.BPS_TOTAL : Meter.IOPS_TOTAL;
        if (!meter.isTotal() && values[meter.ordinal()] != 0 && values[total.ordinal()] != 0) {
          return true;
        }
      }
      return false;
    }

    private boolean countsOperations() {
      for (Meter meter : Meter.values()) {
        if (!meter.ofBytes() && averages[meter.ordinal()] != 0) {
          return true;
        }
      }
      return false;
    }

    private static void check(long average, long max, long maxSeconds) throws BlockException {
      if (average < 0 || average > MAX_RATE || max < 0 || max > MAX_RATE) {
        throw new BlockException(
            EINVAL, "bps/iops/max values must be within [0, " + MAX_RATE + "]");
      }
      if (maxSeconds == 0) {
        throw new BlockException(EINVAL, "the burst length cannot be 0");
      }
      boolean longer = maxSeconds > 1 || maxSeconds < 0; // as the reference, which knows no sign
      if (longer && max == 0) {
        throw new BlockException(EINVAL, "burst length set without burst rate");
      }
      if (max != 0 && (maxSeconds < 0 || maxSeconds > MAX_RATE / max)) {
        throw new BlockException(EINVAL, "burst length too high for this burst rate");
      }
      if (max != 0 && average == 0) {
        throw new BlockException(EINVAL, "bps_max/iops_max require corresponding bps/iops values");
      }
      if (max != 0 && max < average) {
        throw new BlockException(EINVAL, "bps_max/iops_max cannot be lower than bps/iops");
      }
    }
  }
}
