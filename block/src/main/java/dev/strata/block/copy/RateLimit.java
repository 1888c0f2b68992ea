// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.copy;

import java.util.concurrent.locks.LockSupport;

/** Lets so many bytes pass in a second. Thread-safe. */
final class RateLimit {
  private static final double NANOS = 1e9;

  private final long bytesPerSecond;
  private final long started = System.nanoTime();
  private long passed; // guarded by this

  /** A limit; 0 for none. */
  RateLimit(long bytesPerSecond) {
    this.bytesPerSecond = bytesPerSecond;
  }

  /** Waits until {@code bytes} more may pass. */
  void pass(long bytes) {
    if (bytesPerSecond == 0) {
      return;
    }
    long due;
    synchronized (this) {
      due = started + (long) (passed * NANOS / bytesPerSecond);
      passed += bytes;
    }
    long wait = due - System.nanoTime();
    if (wait > 0) {
      LockSupport.parkNanos(wait);
    }
  }
}
