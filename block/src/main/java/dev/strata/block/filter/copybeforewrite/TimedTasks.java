// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.filter.copybeforewrite;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Work whose caller waits for a limited time. What takes longer goes on, as file I/O cannot be
 * stopped half way.
 */
final class TimedTasks implements AutoCloseable {
  /** What is to be done. */
  interface Task {
    void run() throws BlockException;
  }

  private final String name;
  private final long seconds;
  private int running; // guarded by this

  /**
   * No work yet.
   *
   * @param name of the threads
   * @param seconds that callers wait; 0 for ever, then they do the work themselves
   */
  TimedTasks(String name, long seconds) {
    this.name = name;
    this.seconds = seconds;
  }

  private static final class Progress {
    private volatile boolean done;
    private volatile @Nullable Throwable failure;
  }

  /**
   * Has the task done.
   *
   * @throws BlockException what the task throws; ETIMEDOUT if it is not done in time
   */
  void run(Task task) throws BlockException {
    if (seconds == 0) {
      task.run();
      return;
    }
    var progress = new Progress();
    Thread caller = Thread.currentThread();
    count(1);
    Thread.ofPlatform().daemon().name(name).start(() -> perform(task, progress, caller));
    long start = System.nanoTime();
    long limit = TimeUnit.SECONDS.toNanos(seconds);
    boolean interrupted = false;
    for (long left = limit; !progress.done && left > 0; left = start + limit - System.nanoTime()) {
      LockSupport.parkNanos(this, left);
      interrupted |= Thread.interrupted();
    }
    if (interrupted) {
      caller.interrupt();
    }
    if (!progress.done) {
      throw BlockException.of(Errno.ETIMEDOUT);
    }
    rethrow(progress.failure);
  }

  private static void rethrow(@Nullable Throwable failure) throws BlockException {
    switch (failure) {
      case null -> {}
      case BlockException e -> throw e;
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      default -> throw new IllegalStateException(failure);
    }
  }

  private void perform(Task task, Progress progress, Thread caller) {
    try {
      task.run();
    } catch (BlockException | RuntimeException | Error e) {
      progress.failure = e;
    } finally {
      progress.done = true;
      LockSupport.unpark(caller);
      count(-1);
    }
  }

  private synchronized void count(int change) {
    running += change;
    notifyAll();
  }

  /** Waits for what still goes on. */
  @Override
  public synchronized void close() {
    boolean interrupted = false;
    while (running > 0) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
