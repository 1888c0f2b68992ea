// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.throttle;

import dev.strata.block.BlockException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Limits that its members share: those that wait take turns. Thread-safe.
 *
 * <p>There is no thread of its own: one of those that wait sleeps until the next may pass, and
 * wakes it; the others sleep until they are woken.
 */
public final class ThrottleGroup {
  private final String name;
  private final LongSupplier nanoTime;
  private final ThrottleTurns turns; // guarded by this
  private @Nullable ThrottledRequest watcher; // who looks at the clock, guarded by this
  private long watchedUntil; // when it wakes, guarded by this
  private volatile boolean limited;

  /** A group without limits. */
  public ThrottleGroup(String name) {
    this(name, System::nanoTime);
  }

  /**
   * A group without limits.
   *
   * @param nanoTime the time in nanoseconds from anywhere, never going back
   */
  public ThrottleGroup(String name, LongSupplier nanoTime) {
    this.name = name;
    this.nanoTime = nanoTime;
    this.turns = new ThrottleTurns(nanoTime.getAsLong());
  }

  /**
   * A group that lets so many bytes be written in a second, for a copy; null if there is no limit.
   *
   * @param bytesPerSecond 0 for no limit
   */
  public static @Nullable ThrottleGroup ofWrites(long bytesPerSecond) throws BlockException {
    if (bytesPerSecond == 0) {
      return null;
    }
    var group = new ThrottleGroup("");
    long rate = Math.min(bytesPerSecond, ThrottleLimits.MAX_RATE);
    group.limits(new ThrottleLimits.Builder().average(Meter.BPS_WRITE, rate).build());
    return group;
  }

  /** The name. */
  public String name() {
    return name;
  }

  /** The limits now. */
  public synchronized ThrottleLimits limits() {
    return turns.limits();
  }

  /** Sets other limits, which hold at once, for those that wait too. */
  public synchronized void limits(ThrottleLimits limits) {
    turns.limits(limits, nanoTime.getAsLong());
    limited = limits.isLimited();
    serve();
  }

  /** Makes a new member, to be closed by the caller. */
  public synchronized ThrottleMember join() {
    var member = new ThrottleMember(this);
    turns.join(member);
    return member;
  }

  /** Makes a new member in the place of one of another group: it is drained as that one is. */
  public ThrottleMember join(ThrottleMember former) {
    int drains = former.group().drains(former);
    synchronized (this) {
      ThrottleMember member = join();
      member.drained(drains);
      return member;
    }
  }

  private synchronized int drains(ThrottleMember member) {
    return member.drains();
  }

  /** Whether it has members. */
  public synchronized boolean isUsed() {
    return !turns.isEmpty();
  }

  void acquire(ThrottleMember member, Direction direction, long bytes) {
    if (!limited) {
      return;
    }
    ThrottledRequest request;
    synchronized (this) {
      long now = nanoTime.getAsLong();
      if (turns.passes(member, direction, bytes, now)) {
        return;
      }
      request = new ThrottledRequest(member, direction, bytes, Thread.currentThread());
      turns.queue(request);
      serve(); // others may wait for what this one does not need
    }
    boolean interrupted = false;
    for (long wait = waitNanos(request); wait > 0; wait = waitNanos(request)) {
      LockSupport.parkNanos(this, wait);
      interrupted |= Thread.interrupted();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** How long the request has to sleep, perhaps to be woken before; 0 if it may pass. */
  private synchronized long waitNanos(ThrottledRequest request) {
    if (request.granted()) {
      return 0;
    }
    if (watcher != request) {
      return Long.MAX_VALUE;
    }
    long wait = serve();
    return request.granted() ? 0 : wait;
  }

  /**
   * Lets pass what may, and has somebody look at the clock if others still wait.
   *
   * @return after how many nanoseconds there is more to do
   */
  private long serve() {
    long now = nanoTime.getAsLong();
    long wait = turns.serve(now);
    long until = wait == Long.MAX_VALUE ? wait : now + wait;
    ThrottledRequest old = watcher;
    boolean another = old == null || old.granted();
    ThrottledRequest current = another ? turns.anyWaiting() : old;
    if (current != null
        && (another || until < watchedUntil)
        && current.thread() != Thread.currentThread()) {
      LockSupport.unpark(current.thread());
    }
    watcher = current;
    watchedUntil = until;
    return wait;
  }

  synchronized void drain(ThrottleMember member) {
    member.drained(1);
    turns.release(member);
    serve();
  }

  synchronized void resume(ThrottleMember member) {
    member.drained(-1);
  }

  synchronized void leave(ThrottleMember member) {
    member.drained(1); // for good: who comes after this passes
    turns.release(member);
    turns.leave(member);
    serve();
  }
}
