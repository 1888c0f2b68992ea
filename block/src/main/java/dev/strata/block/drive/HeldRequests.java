// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.drive;

/**
 * Where requests of a drive wait that failed while the machine is to stop, each on its thread. They
 * go on with the machine, or are given up with their device's reset. Thread-safe.
 */
final class HeldRequests {
  private long resumptions; // guarded by this, as all
  private long resets;
  private int held;
  private boolean abandoning; // none is held, until further notice

  /** How often the machine has gone on. */
  synchronized long resumptions() {
    return resumptions;
  }

  /** How often all were given up. */
  synchronized long resets() {
    return resets;
  }

  /**
   * Waits.
   *
   * @param resumptionsBefore as they were before the failure was told: the machine may have gone on
   *     since
   * @param resetsBefore as they were when the request began
   * @return whether to try again
   */
  synchronized boolean await(long resumptionsBefore, long resetsBefore) {
    boolean interrupted = false;
    boolean counted = false;
    while (resumptions == resumptionsBefore && resets == resetsBefore && !abandoning) {
      if (!counted) {
        counted = true;
        held++; // until whoever lets go of all
      }
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true; // whoever ends the machine gives the requests up first
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return resets == resetsBefore && !abandoning;
  }

  synchronized int count() {
    return held;
  }

  synchronized void resume() {
    resumptions++;
    held = 0;
    notifyAll();
  }

  synchronized void abandon() {
    resets++;
    held = 0;
    notifyAll();
  }

  /** Gives up also those that fail from now on, or none any more. */
  synchronized void abandonAll(boolean abandoned) {
    abandoning = abandoned;
    if (abandoned) {
      held = 0;
    }
    notifyAll();
  }
}
