// SPDX-License-Identifier: Apache-2.0
package dev.strata.nbdserver;

/**
 * Whether a client's requests wait for something as of late, as seen from how long they take: a
 * device, a network, a decompression. What does not wait is done fastest one after the other.
 */
final class Pace {
  private static final long SLOW_NANOS = 150_000; // a hand-over between threads costs a tenth
  private static final int SLOW = 8;
  private static final int THRESHOLD = 16; // once may be the scheduler's doing
  private static final int MOST = 64;

  // Not guarded: a lost update delays the judgement by a request.
  private int score;

  /** A request of so many bytes took so long. */
  void took(long nanos, long bytes) {
    int now = score;
    if (nanos > SLOW_NANOS + bytes) {
      score = Math.min(now + SLOW, MOST);
    } else if (now > 0) {
      score = now - 1;
    }
  }

  /** Whether the next one is likely to wait. */
  boolean isSlow() {
    return score >= THRESHOLD;
  }
}
