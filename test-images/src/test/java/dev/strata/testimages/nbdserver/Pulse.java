// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.nbdserver;

/**
 * Tells how long a busy machine lets anybody wait: a thread that only sleeps, and notes when it
 * came to its turn late.
 */
final class Pulse implements AutoCloseable {
  private static final long BEAT_NANOS = 1_000_000;
  private static final int KEPT = 4096;

  private final long[] beats = new long[KEPT]; // the latest, round and round; guarded by this
  private long count; // guarded by this
  private long longest; // guarded by this
  private final Thread thread = Thread.ofPlatform().daemon().unstarted(this::beat);

  Pulse() {
    beats[0] = System.nanoTime();
    count = 1;
    thread.start();
  }

  private void beat() {
    try {
      while (true) {
        Thread.sleep(BEAT_NANOS / 1_000_000);
        note(System.nanoTime());
      }
    } catch (InterruptedException e) {
      // That is how it ends.
    }
  }

  private synchronized void note(long now) {
    longest = Math.max(longest, late(now - last()));
    beats[(int) (count++ % KEPT)] = now;
  }

  private long last() {
    return beats[(int) ((count - 1) % KEPT)];
  }

  private static long late(long interval) {
    return Math.max(0, interval - 2 * BEAT_NANOS);
  }

  /** The time since {@code start} without the time for which the machine stood still. */
  synchronized long beyond(long start) {
    long now = System.nanoTime();
    long still = late(now - last());
    for (long i = count - 1; i > 0 && i > count - KEPT; i--) {
      long from = beats[(int) ((i - 1) % KEPT)];
      long to = beats[(int) (i % KEPT)];
      if (to <= start) {
        break;
      }
      still += late(to - Math.max(from, start));
    }
    return now - start - still;
  }

  /** The longest that it had to wait. */
  synchronized long longestNanos() {
    return longest;
  }

  @Override
  public void close() throws InterruptedException {
    thread.interrupt();
    thread.join();
  }
}
