// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.throttle;

/**
 * A bucket that what passes is poured into, and that leaks: full, it lets nothing pass.
 *
 * <p>It leaks at the average rate and is as large as a burst. With a burst of more than a second a
 * second, smaller bucket leaks at the burst's rate, so that the burst does not pass at once. Not
 * thread-safe.
 *
 * @see "QEMU docs/throttle.txt, The Leaky Bucket algorithm"
 */
final class LeakyBucket {
  private static final double NANOS = 1e9;

  /**
   * The size, in seconds at the full rate, of a bucket without bursts: as much as a waiting thread
   * may oversleep without loss, and little enough not to be seen in a rate.
   */
  private static final double SLACK_SECONDS = 0.1;

  private final double average;
  private final double size;
  private final double burstRate; // 0 if a burst may pass at once
  private final double burstSize;
  private double level;
  private double burstLevel;

  /**
   * An empty bucket.
   *
   * @param average what leaks out in a second, more than 0
   * @param max what passes in a second of a burst; 0 for no bursts
   * @param maxSeconds how long a burst lasts, at least 1
   */
  LeakyBucket(long average, long max, long maxSeconds) {
    this.average = average;
    this.size = max == 0 ? average * SLACK_SECONDS : (double) max * maxSeconds;
    this.burstRate = max != 0 && maxSeconds > 1 ? max : 0;
    this.burstSize = burstRate * SLACK_SECONDS;
  }

  /** Time goes by. */
  void leak(long nanos) {
    double seconds = nanos / NANOS;
    level = Math.max(0, level - average * seconds);
    burstLevel = Math.max(0, burstLevel - burstRate * seconds);
  }

  /** After how many nanoseconds something may pass; 0 if it may now. */
  long waitNanos() {
    double wait = (level - size) / average;
    if (burstRate > 0) {
      wait = Math.max(wait, (burstLevel - burstSize) / burstRate);
    }
    return wait <= 0 ? 0 : Math.max(1, (long) Math.ceil(wait * NANOS));
  }

  /** Something passes. */
  void pour(double units) {
    level += units;
    burstLevel += burstRate > 0 ? units : 0;
  }
}
