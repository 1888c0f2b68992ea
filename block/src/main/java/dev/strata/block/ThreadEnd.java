// SPDX-License-Identifier: Apache-2.0
package dev.strata.block;

/** The end of a thread, which whoever has let it work has to see. */
public final class ThreadEnd {
  private ThreadEnd() {}

  /**
   * Waits until a thread that has been started has ended. An interrupt does not change that; it
   * stays set.
   */
  public static void await(Thread ending) {
    boolean interrupted = false;
    while (ending.isAlive()) {
      try {
        ending.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
