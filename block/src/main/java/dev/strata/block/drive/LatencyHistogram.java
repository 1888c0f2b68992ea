// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.drive;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How many requests took how long, by intervals. Its owner locks.
 *
 * @see "QEMU qapi/block-core.json, BlockLatencyHistogramInfo"
 */
public final class LatencyHistogram {
  /** A client may not have more of them. */
  static final int MOST_BOUNDARIES = 4096;

  private final long[] boundaries; // in nanoseconds, ascending
  private final long[] bins;

  private LatencyHistogram(long[] boundaries, long[] bins) {
    this.boundaries = boundaries;
    this.bins = bins;
  }

  /**
   * An empty one.
   *
   * @param boundaries between the intervals in nanoseconds, unsigned: ascending and not 0
   * @return null if they are not, or too many
   */
  public static @Nullable LatencyHistogram of(List<Long> boundaries) {
    if (boundaries.size() > MOST_BOUNDARIES) {
      return null;
    }
    var all = new long[boundaries.size()];
    long before = 0;
    for (int at = 0; at < all.length; at++) {
      all[at] = boundaries.get(at);
      if (Long.compareUnsigned(all[at], before) <= 0) {
        return null;
      }
      before = all[at];
    }
    return new LatencyHistogram(all, new long[all.length + 1]);
  }

  void add(long nanos) {
    int bin = 0;
    int end = boundaries.length;
    while (bin < end) {
      int middle = (bin + end) >>> 1;
      if (Long.compareUnsigned(nanos, boundaries[middle]) < 0) {
        end = middle;
      } else {
        bin = middle + 1;
      }
    }
    bins[bin]++;
  }

  LatencyHistogram copy() {
    return new LatencyHistogram(boundaries, bins.clone());
  }

  /** The boundaries, unsigned. */
  public long[] boundaries() {
    return boundaries.clone();
  }

  /** How many requests are in each interval: one more than there are boundaries. */
  public long[] bins() {
    return bins.clone();
  }
}
