// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.copy;

import dev.strata.block.BlockException;
import java.util.ArrayList;
import org.jspecify.annotations.Nullable;

/** Does the same work on several threads, the caller's among them, until one of them fails. */
final class Workers {
  /** What each thread does. */
  @FunctionalInterface
  interface Work {
    /** Works until there is nothing left to do or {@link Workers#hasFailed}. */
    void run(Workers all) throws BlockException;
  }

  private final Turns turns = new Turns(this);
  private volatile @Nullable Throwable failure; // the first

  private Workers() {}

  /**
   * Runs {@code work} on that many threads; returns when all have ended.
   *
   * @throws BlockException the first failure
   */
  static void run(int threads, Work work) throws BlockException {
    var all = new Workers();
    var others = new ArrayList<Thread>();
    for (int i = 1; i < threads; i++) {
      others.add(
          Thread.ofPlatform().name("copy-" + i).daemon().start(() -> all.runUntilFailure(work)));
    }
    all.runUntilFailure(work);
    boolean interrupted = false;
    for (Thread thread : others) {
      while (thread.isAlive()) {
        try {
          thread.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    switch (all.failure) {
      case null -> {}
      case BlockException e -> throw e;
      case RuntimeException e -> throw e;
      case Throwable e -> throw new IllegalStateException(e);
    }
  }

  /** Whether a thread has failed, so that the others are to stop. */
  boolean hasFailed() {
    return failure != null;
  }

  /** The turns of the pieces that the workers share. */
  Turns turns() {
    return turns;
  }

  private void runUntilFailure(Work work) {
    try {
      work.run(this);
    } catch (BlockException | RuntimeException | Error e) {
      synchronized (this) {
        if (failure == null) {
          failure = e;
        }
      }
      turns.wake();
    }
  }
}
