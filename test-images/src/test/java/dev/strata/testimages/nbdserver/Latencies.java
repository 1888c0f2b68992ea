// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.nbdserver;

import java.util.concurrent.atomic.AtomicLongArray;

/** How long requests took, in steps of an eighth of a power of two. Thread-safe. */
final class Latencies {
  private static final int STEPS = 8;

  private final AtomicLongArray counts = new AtomicLongArray(64 * STEPS);

  void took(long nanos) {
    int power = 63 - Long.numberOfLeadingZeros(Math.max(nanos, STEPS));
    int step = (int) (nanos >>> (power - 3)) & (STEPS - 1);
    counts.incrementAndGet(power * STEPS + step);
  }

  /** The time within which that part of all requests was done. */
  double millis(double part) {
    long all = 0;
    for (int i = 0; i < counts.length(); i++) {
      all += counts.get(i);
    }
    long seen = 0;
    for (int i = 0; i < counts.length(); i++) {
      seen += counts.get(i);
      if (seen >= part * all) {
        return Math.scalb(1 + (i % STEPS + 1) / (double) STEPS, i / STEPS) / 1e6;
      }
    }
    return 0;
  }
}
