// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.qmp;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * The answer to the command that ends the machine: who has it knows that the disks are closed, and
 * what could not be written is told before. Used by a client's thread, and by the one that ends the
 * machine.
 */
public final class LastAnswer {
  /** A client that does not take its answer does not keep the machine from ending. */
  private static final long PATIENCE_MILLIS = 1000;

  private final CountDownLatch disksClosed = new CountDownLatch(1);
  private final CountDownLatch taken = new CountDownLatch(1);
  private volatile boolean awaited;

  /** A client waits for it; before the machine is told to end. */
  void expect() {
    awaited = true;
  }

  /** Waits until it may be given. */
  void await() {
    try {
      disksClosed.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The client has it. */
  void taken() {
    taken.countDown();
  }

  /** Whether a client waits for it. */
  public boolean isAwaited() {
    return awaited;
  }

  /** The disks are closed: returns when the client has its answer, or does not take it. */
  public void give() {
    disksClosed.countDown();
    try {
      taken.await(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
