// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Gives the memory of cached tables back that nothing has used for a whole interval; on a thread of
 * its own, which is not there before the first table.
 */
final class CacheCleaner {
  private final ReentrantLock lock;
  private final Condition changed;
  private final Runnable clean;
  private long seconds; // 0 for never; all guarded by the lock
  private @Nullable Thread thread;
  private boolean closed;

  /**
   * A cleaner that does nothing yet.
   *
   * @param lock the image's table lock
   * @param clean run with the lock held
   */
  CacheCleaner(ReentrantLock lock, Runnable clean) {
    this.lock = lock;
    this.changed = lock.newCondition();
    this.clean = clean;
  }

  /** Sets the interval, counted from now; 0 for never. Called with the lock held. */
  void every(long interval) {
    seconds = interval;
    changed.signal();
  }

  /** There are tables in memory. Called with the lock held. */
  void start() {
    if (thread == null && seconds > 0 && !closed) {
      try {
        thread = Thread.ofPlatform().daemon().name("cache-clean").start(this::work);
      } catch (OutOfMemoryError e) {
        seconds = 0; // no thread to be had: the tables stay, which their number bounds
      }
    }
  }

  private void work() {
    lock.lock();
    try {
      while (!closed) {
        if (seconds == 0) {
          changed.await();
        } else if (!changed.await(seconds, TimeUnit.SECONDS)) {
          cleanOnce();
        }
      }
    } catch (InterruptedException e) {
      return; // somebody wants all threads to end
    } finally {
      lock.unlock();
    }
  }

  private void cleanOnce() {
    try {
      clean.run();
    } catch (OutOfMemoryError e) {
      return; // moving what is in use takes memory for a moment: the next time, then
    }
  }

  /** Ends the thread, now or soon. Called with the lock held. */
  void close() {
    closed = true;
    changed.signal();
  }
}
