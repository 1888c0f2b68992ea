// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.clock;

/**
 * Rings once at a moment of guest time. A timer that is cancelled while it begins to ring may still
 * ring: its action looks, under its device's lock, at whether there is something to do.
 * Thread-safe.
 */
public final class Timer {
  private final VirtualClock clock;
  final Runnable action;
  // These are guarded by the clock.
  long deadline;
  long order;
  boolean set;

  Timer(VirtualClock clock, Runnable action) {
    this.clock = clock;
    this.action = action;
  }

  /** Sets the timer, anew if it was set: it rings when the clock's {@code nanos} are reached. */
  public void at(long nanos) {
    clock.arm(this, nanos);
  }

  /** Has it not ring. */
  public void cancel() {
    clock.disarm(this);
  }
}
