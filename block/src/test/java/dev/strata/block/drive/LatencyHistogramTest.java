// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.drive;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which interval a request counts in. */
final class LatencyHistogramTest {
  private static LatencyHistogram of(Long... boundaries) {
    LatencyHistogram histogram = LatencyHistogram.of(List.of(boundaries));
    assertNotNull(histogram);
    return histogram;
  }

  @Test
  void anIntervalBeginsWithItsLowerBoundary() {
    LatencyHistogram histogram = of(10L, 50L, 100L);
    for (long nanos : new long[] {0, 9, 10, 49, 50, 99, 100, Long.MAX_VALUE}) {
      histogram.add(nanos);
    }
    assertArrayEquals(new long[] {2, 2, 2, 2}, histogram.bins());
  }

  @Test
  void withoutBoundariesThereIsOneInterval() {
    LatencyHistogram histogram = of();
    histogram.add(5);
    assertArrayEquals(new long[] {1}, histogram.bins());
  }

  @Test
  void boundariesAscendFromAboveZeroAsUnsignedNumbers() {
    assertNull(LatencyHistogram.of(List.of(0L)));
    assertNull(LatencyHistogram.of(List.of(5L, 5L)));
    assertNull(LatencyHistogram.of(List.of(7L, 3L)));
    assertNotNull(LatencyHistogram.of(List.of(7L, -1L)));
  }

  @Test
  void thereAreNotMoreThanFit() {
    assertNull(LatencyHistogram.of(Collections.nCopies(LatencyHistogram.MOST_BOUNDARIES + 1, 1L)));
  }
}
