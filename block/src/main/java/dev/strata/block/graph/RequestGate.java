// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.graph;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Counts the requests in flight of one user and can be shut: then new ones wait until it opens
 * again. Who shuts it need not be alone in that: it opens with the last of them.
 */
final class RequestGate {
  private static final long SHUT = 1L << 40; // more than there are requests

  private final AtomicLong state = new AtomicLong(); // requests in flight, plus SHUT for each shut

  /** Lets a request in, or waits; followed by {@link #leave}. */
  void enter() {
    if (state.incrementAndGet() >= SHUT) {
      waitForOpening();
    }
  }

  private synchronized void waitForOpening() {
    boolean interrupted = false;
    leaveShut();
    while (true) {
      long now = state.get();
      if (now < SHUT) {
        if (state.compareAndSet(now, now + 1)) {
          break;
        }
        continue;
      }
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

  /** A request is done. */
  void leave() {
    if (isShutAndEmpty(state.decrementAndGet())) {
      synchronized (this) {
        notifyAll();
      }
    }
  }

  private static boolean isShutAndEmpty(long state) {
    return state >= SHUT && (state & SHUT - 1) == 0;
  }

  private void leaveShut() {
    if (isShutAndEmpty(state.decrementAndGet())) {
      notifyAll();
    }
  }

  /** Lets no more requests in and waits for those inside; not from inside a request. */
  synchronized void shut() {
    state.addAndGet(SHUT);
    boolean interrupted = false;
    while (!isShutAndEmpty(state.get())) {
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

  /** Lets requests in again. */
  synchronized void open() {
    state.addAndGet(-SHUT);
    notifyAll();
  }
}
