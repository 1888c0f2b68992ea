// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.throttle;

import org.jspecify.annotations.Nullable;

/** The buckets of all limits. Not thread-safe. */
final class ThrottleState {
  private static final Meter[] METERS = Meter.values();

  private final @Nullable LeakyBucket[] buckets = new LeakyBucket[METERS.length];
  private ThrottleLimits limits = ThrottleLimits.NONE;
  private long now;

  /** Nothing is limited from {@code now} on, the time in nanoseconds from anywhere. */
  ThrottleState(long now) {
    this.now = now;
  }

  ThrottleLimits limits() {
    return limits;
  }

  /** Sets other limits; the buckets are empty then. */
  void limits(ThrottleLimits limits) {
    this.limits = limits;
    for (Meter meter : METERS) {
      long average = limits.average(meter);
      buckets[meter.ordinal()] =
          average == 0
              ? null
              : new LeakyBucket(average, limits.max(meter), limits.maxSeconds(meter));
    }
  }

  /** It is {@code now}, in nanoseconds. */
  void advance(long now) {
    long nanos = now - this.now;
    if (nanos <= 0) {
      return;
    }
    this.now = now;
    for (LeakyBucket bucket : buckets) {
      if (bucket != null) {
        bucket.leak(nanos);
      }
    }
  }

  /** After how many nanoseconds a request may pass; 0 if it may now. */
  long waitNanos(Direction direction) {
    long wait = 0;
    for (Meter meter : METERS) {
      LeakyBucket bucket = buckets[meter.ordinal()];
      if (bucket != null && meter.counts(direction)) {
        wait = Math.max(wait, bucket.waitNanos());
      }
    }
    return wait;
  }

  /** A request of {@code bytes} bytes passes. */
  void pass(Direction direction, long bytes) {
    double operations = 1;
    long unit = limits.operationSize();
    if (unit > 0 && bytes > unit) {
      operations = (double) bytes / unit;
    }
    for (Meter meter : METERS) {
      LeakyBucket bucket = buckets[meter.ordinal()];
      if (bucket != null && meter.counts(direction)) {
        bucket.pour(meter.ofBytes() ? bytes : operations);
      }
    }
  }
}
