// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.serve;

import dev.strata.block.posix.ThreadWaits;

/**
 * Whether a client's requests wait for something as of late: a device, a network, a lock. What does
 * not wait is done fastest one after the other.
 *
 * <p>A request that takes long may also have been without a processor, of which more threads would
 * only ask more. Therefore a long one has the next ones watched, and counts as one that waits if
 * the kernel says that its thread did.
 *
 * <p>Nothing is guarded: a lost update delays the judgement by a request.
 */
public final class Pace {
  private static final long SLOW_NANOS = 150_000; // a hand-over between threads costs a tenth
  private static final int SLOW = 8;
  private static final int THRESHOLD = 16; // once may be the scheduler's doing
  private static final int MOST = 64;
  private static final int WATCHED = 64; // requests after a long one

  private static final long NOT_WATCHED = -2;

  private int score;
  private int watched;

  /** A client that has not waited yet. */
  public Pace() {}

  /** A request is about to be carried out by this thread; what {@link #took} wants to know. */
  public long start() {
    return watched > 0 ? ThreadWaits.count() : NOT_WATCHED;
  }

  /**
   * A request of so many bytes took so long.
   *
   * @param start what {@link #start} returned to this thread
   */
  public void took(long nanos, long bytes, long start) {
    if (nanos <= SLOW_NANOS + bytes) {
      watched = Math.max(0, watched - 1);
      score = Math.max(0, score - 1);
      return;
    }
    watched = WATCHED;
    if (start != NOT_WATCHED && (start == ThreadWaits.UNKNOWN || start != ThreadWaits.count())) {
      score = Math.min(score + SLOW, MOST);
    }
  }

  /** Whether the next one is likely to wait. */
  public boolean isSlow() {
    return score >= THRESHOLD;
  }
}
