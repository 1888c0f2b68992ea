// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.serve;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.block.posix.ThreadWaits;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** What counts as waiting. */
final class PaceTest {
  private static final long LONG = 1_000_000; // ns
  private static final int REQUESTS = 20;

  private final Pace pace = new Pace();

  private void request(long nanos, Runnable work) {
    long start = pace.start();
    work.run();
    pace.took(nanos, 4096, start);
  }

  private static void sleep() {
    LockSupport.parkNanos(1000);
  }

  @Test
  void requestsThatWaitAreSlow() {
    for (int i = 0; i < REQUESTS; i++) {
      request(LONG, PaceTest::sleep);
    }
    assertTrue(pace.isSlow());
  }

  @Test
  void requestsWithoutAProcessorAreNot() {
    Assumptions.assumeTrue(ThreadWaits.count() != ThreadWaits.UNKNOWN);
    for (int i = 0; i < REQUESTS; i++) {
      request(LONG, () -> {});
    }
    assertFalse(pace.isSlow());
  }

  @Test
  void shortRequestsThatWaitAreNot() {
    for (int i = 0; i < REQUESTS; i++) {
      request(LONG / 100, PaceTest::sleep);
    }
    assertFalse(pace.isSlow());
  }

  @Test
  void theyAreNoLongerSlowWhenTheyNoLongerWait() {
    for (int i = 0; i < REQUESTS; i++) {
      request(LONG, PaceTest::sleep);
    }
    for (int i = 0; i < 100; i++) {
      request(LONG / 100, () -> {});
    }
    assertFalse(pace.isSlow());
  }
}
