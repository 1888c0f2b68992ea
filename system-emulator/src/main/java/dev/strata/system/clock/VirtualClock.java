// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.clock;

import dev.strata.block.BlockException;
import dev.strata.system.state.Saved;
import dev.strata.system.state.StateFields;
import java.util.PriorityQueue;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The guest's time: nanoseconds since the machine began to run. Timers of devices ring on the
 * thread that calls {@link #runTimers}, without any lock of the clock held. Thread-safe.
 */
public final class VirtualClock implements Saved {
  /** Nanoseconds in a second. */
  public static final long SECOND = 1_000_000_000L;

  private final LongSupplier hostNanos;
  private final boolean stepped;
  private final PriorityQueue<Timer> queue = new PriorityQueue<>(VirtualClock::earlier);
  private volatile boolean running;
  // Guest time is host time plus this once it runs, else just this.
  private volatile long offset;
  private boolean closed; // guarded by this
  private long armed; // guarded by this: orders timers of the same deadline

  /**
   * A clock that stands at zero until it is started.
   *
   * @param hostNanos a monotonic clock: {@code System::nanoTime}, or a test's
   */
  public VirtualClock(LongSupplier hostNanos) {
    this(hostNanos, false);
  }

  private VirtualClock(LongSupplier hostNanos, boolean stepped) {
    this.hostNanos = hostNanos;
    this.stepped = stepped;
  }

  /** A clock that stands at zero, and goes on by {@link #ringNext} alone. */
  public static VirtualClock stepped() {
    return new VirtualClock(() -> 0, true);
  }

  /** Nanoseconds of guest time, at least 0. */
  public long nanos() {
    while (true) {
      boolean was = running;
      long base = offset;
      long now = was ? hostNanos.getAsLong() + base : base;
      if (was == running && base == offset) {
        return now;
      }
    }
  }

  /** Lets time pass, if it does so by itself. */
  public synchronized void start() {
    if (!running && !stepped) {
      offset = offset - hostNanos.getAsLong();
      running = true;
      notifyAll();
    }
  }

  /** Lets no more time pass, until it is started again. */
  public synchronized void stop() {
    if (running) {
      offset = offset + hostNanos.getAsLong();
      running = false;
    }
  }

  /** A timer that is not set. */
  public Timer timer(Runnable action) {
    return new Timer(this, action);
  }

  /**
   * Runs what is due now, in the order of its deadlines.
   *
   * @return nanoseconds until the next timer, or {@code Long.MAX_VALUE} if none is set
   */
  public long runTimers() {
    while (true) {
      Timer due;
      synchronized (this) {
        due = queue.peek();
        if (due == null) {
          return Long.MAX_VALUE;
        }
        long left = due.deadline - nanos();
        if (left > 0) {
          return left;
        }
        queue.remove();
        due.set = false;
      }
      due.action.run();
    }
  }

  /** When the next timer rings, or {@code Long.MAX_VALUE} if none is set. */
  public synchronized long nextDeadline() {
    Timer next = queue.peek();
    return next == null ? Long.MAX_VALUE : next.deadline;
  }

  /**
   * Lets a stepped clock go on to the next timer, which rings on the calling thread, or else to
   * {@code until}; never back.
   *
   * @return whether a timer rang: there may be more of them until then
   */
  public boolean ringNext(long until) {
    Timer due;
    synchronized (this) {
      if (!stepped) {
        throw new IllegalStateException("this clock goes by itself");
      }
      due = queue.peek();
      boolean rings = due != null && due.deadline <= until;
      offset = Math.max(offset, rings && due != null ? due.deadline : until);
      if (!rings || due == null) {
        return false;
      }
      queue.remove();
      due.set = false;
    }
    due.action.run();
    return true;
  }

  /** Runs timers as they get due, until {@link #close}. The calling thread does nothing else. */
  public void runUntilClosed() {
    while (true) {
      if (running) {
        runTimers();
      }
      synchronized (this) {
        if (closed) {
          return;
        }
        Timer next = queue.peek();
        try {
          if (next == null || !running) {
            wait();
          } else {
            long left = next.deadline - nanos();
            if (left > 0) {
              // Never as long as forever: a wait of zero would be that.
              wait(left / 1_000_000, (int) (left % 1_000_000));
            }
          }
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          return;
        }
      }
    }
  }

  /** Ends {@link #runUntilClosed}. */
  public synchronized void close() {
    closed = true;
    notifyAll();
  }

  synchronized void arm(Timer timer, long deadline) {
    if (timer.set) {
      queue.remove(timer);
    }
    timer.deadline = deadline;
    timer.order = armed++;
    timer.set = true;
    queue.add(timer);
    @Nullable Timer first = queue.peek();
    if (first == timer) {
      notifyAll();
    }
  }

  synchronized void disarm(Timer timer) {
    if (timer.set) {
      timer.set = false;
      queue.remove(timer);
    }
  }

  private static int earlier(Timer a, Timer b) {
    int byDeadline = Long.compare(a.deadline, b.deadline);
    return byDeadline != 0 ? byDeadline : Long.compare(a.order, b.order);
  }

  /** The time, of a clock that stands. */
  @Override
  public synchronized void state(StateFields state) throws BlockException {
    long now = state.within("nanoseconds", nanos(), 0, Long.MAX_VALUE >> 1);
    if (state.isLoading()) {
      offset = now;
    }
  }
}
