// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.copy;

/**
 * Lets pieces be written in their order, whichever was read first: the same copy then always makes
 * the same image. Thread-safe.
 */
final class Turns {
  private final Workers workers;
  private long current; // guarded by this

  Turns(Workers workers) {
    this.workers = workers;
  }

  /** Waits for the turn of piece {@code number}; false if a worker has failed meanwhile. */
  synchronized boolean await(long number) {
    boolean interrupted = false;
    while (current != number && !workers.hasFailed()) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return !workers.hasFailed();
  }

  /** The next piece's turn begins. */
  synchronized void end() {
    current++;
    notifyAll();
  }

  /** Whoever waits is to look again whether a worker has failed. */
  synchronized void wake() {
    notifyAll();
  }
}
