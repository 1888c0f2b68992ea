// SPDX-License-Identifier: Apache-2.0
package dev.strata.block;

import java.util.ArrayList;
import org.jspecify.annotations.Nullable;

/**
 * Does the same work on several threads, the caller's among them, until one of them fails.
 *
 * <p>Threads that the system does not give are done without. An interrupt does not end the work: it
 * is there again for the caller when the work has ended.
 */
public final class Workers {
  /** What each thread does. */
  @FunctionalInterface
  public interface Work {
    /** Works until there is nothing left to do or {@link Workers#hasFailed}. */
    void run(Workers all) throws BlockException;
  }

  private final Runnable onFailure;
  private @Nullable Throwable failure; // guarded by this
  private long failureOrder; // guarded by this
  private volatile boolean failed;

  private Workers(Runnable onFailure) {
    this.onFailure = onFailure;
  }

  /**
   * Runs {@code work} on that many threads; returns when all have ended.
   *
   * @param name of the threads, before their number
   * @throws BlockException the first failure
   */
  public static void run(String name, int threads, Work work) throws BlockException {
    run(name, threads, work, () -> {});
  }

  /**
   * As {@link #run(String, int, Work)}.
   *
   * @param onFailure wakes whoever waits for a thread that has failed
   */
  public static void run(String name, int threads, Work work, Runnable onFailure)
      throws BlockException {
    var all = new Workers(onFailure);
    var others = new ArrayList<Thread>();
    for (int i = 1; i < threads && !all.failed; i++) {
      Thread thread =
          Thread.ofPlatform().name(name + "-" + i).daemon().unstarted(() -> all.work(work));
      try {
        thread.start();
      } catch (OutOfMemoryError e) {
        break;
      }
      others.add(thread);
    }
    all.work(work);
    others.forEach(ThreadEnd::await);
    all.rethrow();
  }

  /** Whether a thread has failed, so that the others are to stop. */
  public boolean hasFailed() {
    return failed;
  }

  /**
   * The calling thread has failed.
   *
   * @param order of several failures the one with the least is reported, of equal ones the first
   */
  public void fail(Throwable e, long order) {
    synchronized (this) {
      if (failure == null || order < failureOrder) {
        failure = e;
        failureOrder = order;
      }
      failed = true;
    }
    onFailure.run();
  }

  private void work(Work work) {
    try {
      work.run(this);
    } catch (BlockException | RuntimeException | Error e) {
      fail(e, Long.MAX_VALUE);
    }
  }

  // No switch over types, for which the JVM would make a class: every copy passes here.
  private synchronized void rethrow() throws BlockException {
    if (failure instanceof BlockException e) {
      throw e;
    }
    if (failure instanceof RuntimeException e) {
      throw e;
    }
    if (failure instanceof Error e) {
      throw e;
    }
  }
}
