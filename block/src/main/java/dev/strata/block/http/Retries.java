// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.http;

import java.util.concurrent.TimeUnit;

/** How often a read is tried whose connection breaks, and how long is waited in between. */
final class Retries {
  /** Tries of one read; what came by each is kept. */
  static final int MAX_TRIES = 4;

  private static final long FIRST_PAUSE_MILLIS = 50;

  private Retries() {}

  /** Waits after that many tries, each time twice as long; not at all once interrupted. */
  static void pause(int tries) {
    try {
      TimeUnit.MILLISECONDS.sleep(FIRST_PAUSE_MILLIS << tries);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // only a shorter pause
    }
  }
}
