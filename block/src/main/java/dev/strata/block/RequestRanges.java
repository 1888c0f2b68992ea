// SPDX-License-Identifier: Apache-2.0
package dev.strata.block;

/**
 * The byte ranges that requests of one image or node work on: some share theirs, some have theirs
 * alone.
 *
 * <p>Without this, a write could go to a cluster that a discard at the same time frees and another
 * write takes; or two writes into one sector could each write back the other's old bytes. Requests
 * that conflict are served in the order they came, except that one which waits itself lets a few
 * others by: a request waiting for two ranges does not keep all others from both. A thread may hold
 * one range of an instance only. Thread-safe.
 */
public final class RequestRanges {
  /** How many later requests may go before one that waits, so that it does not starve. */
  private static final int MAX_OVERTAKEN = 64;

  /** A request's hold on its range. */
  public static final class Hold {
    private final long from;
    private final long to;
    private final boolean alone;
    private Hold previous;
    private Hold next;
    private boolean waits;
    private int overtaken;

    private Hold(long from, long to, boolean alone) {
      this.from = from;
      this.to = to;
      this.alone = alone;
      this.previous = this;
      this.next = this;
    }

    private boolean conflictsWith(Hold other) {
      return (alone || other.alone) && from < other.to && other.from < to;
    }
  }

  private final Hold list = new Hold(0, 0, false); // a ring in order of arrival, guarded by this
  private int waiting; // guarded by this

  /** No requests in flight. */
  public RequestRanges() {}

  /** Takes part in the bytes {@code from} to {@code to}; waits for those who have them alone. */
  public Hold share(long from, long to) {
    return enter(new Hold(from, to, false));
  }

  /** Has the bytes {@code from} to {@code to} alone; waits for all who are in there. */
  public Hold own(long from, long to) {
    return enter(new Hold(from, to, true));
  }

  /** Gives the range up. */
  public synchronized void leave(Hold hold) {
    hold.previous.next = hold.next;
    hold.next.previous = hold.previous;
    if (waiting > 0) {
      notifyAll();
    }
  }

  private synchronized Hold enter(Hold hold) {
    hold.previous = list.previous;
    hold.next = list;
    list.previous.next = hold;
    list.previous = hold;
    boolean interrupted = false;
    while (mustWait(hold)) {
      hold.waits = true;
      waiting++;
      try {
        wait();
      } catch (InterruptedException e) {
        // A request is not abandoned half way: the caller sees the interrupt afterwards.
        interrupted = true;
      } finally {
        waiting--;
      }
    }
    hold.waits = false;
    countOvertaken(hold);
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return hold;
  }

  private void countOvertaken(Hold hold) {
    for (Hold earlier = hold.previous; earlier != list; earlier = earlier.previous) {
      if (earlier.waits && hold.conflictsWith(earlier)) {
        earlier.overtaken++;
      }
    }
  }

  private boolean mustWait(Hold hold) {
    for (Hold earlier = hold.previous; earlier != list; earlier = earlier.previous) {
      if (hold.conflictsWith(earlier) && !(earlier.waits && earlier.overtaken < MAX_OVERTAKEN)) {
        return true;
      }
    }
    for (Hold later = hold.next; later != list; later = later.next) {
      if (!later.waits && hold.conflictsWith(later)) {
        return true; // it went by
      }
    }
    return false;
  }
}
