// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine;

import dev.strata.system.clock.VirtualClock;
import dev.strata.system.cpu.Cpu;
import dev.strata.system.cpu.ExitReason;
import org.jspecify.annotations.Nullable;

/**
 * A machine that runs: its processor on the thread of {@link #run}, its clock's timers on one of
 * their own. Requests to stop, reset or end come from any thread.
 */
public final class Machine {
  private static final long SLICE_NANOS = 100_000_000;

  private final VirtualClock clock;
  private final Runnable resetBoard;
  private final boolean endsAtReset;
  private @Nullable Cpu cpu;
  // Guarded by this.
  private long wakes;
  private boolean resetRequested;
  private int exitCode = -1;

  /**
   * A machine without its processor.
   *
   * @param resetBoard resets all devices; on the processor's thread
   * @param endsAtReset whether a reset that the guest causes ends the machine
   */
  public Machine(VirtualClock clock, Runnable resetBoard, boolean endsAtReset) {
    this.clock = clock;
    this.resetBoard = resetBoard;
    this.endsAtReset = endsAtReset;
  }

  /** Plugs the processor in. */
  public void processor(Cpu processor) {
    cpu = processor;
  }

  private Cpu cpu() {
    Cpu here = cpu;
    if (here == null) {
      throw new IllegalStateException("no processor");
    }
    return here;
  }

  /** Something happened that a halted processor may wait for. */
  public synchronized void wake() {
    wakes++;
    notifyAll();
  }

  /** Resets before the next instruction. */
  public void requestReset() {
    synchronized (this) {
      resetRequested = true;
      wake();
    }
    stopProcessor();
  }

  /** Ends {@link #run}; the first code counts. */
  public void end(int code) {
    synchronized (this) {
      if (exitCode < 0) {
        exitCode = code;
      }
      wake();
    }
    stopProcessor();
  }

  private void stopProcessor() {
    Cpu running = cpu;
    if (running != null) {
      running.stop();
    }
  }

  /** Runs until the machine ends: its exit code. */
  public int run() {
    Thread timers = Thread.ofPlatform().daemon().name("virtual clock").start(clock::runUntilClosed);
    try {
      resetBoard.run();
      cpu().reset();
      clock.start();
      return loop();
    } finally {
      clock.close();
      try {
        timers.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private int loop() {
    while (true) {
      long seen;
      synchronized (this) {
        if (exitCode >= 0) {
          return exitCode;
        }
        if (resetRequested && endsAtReset) {
          return 0;
        }
        seen = wakes;
      }
      resetIfRequested();
      ExitReason reason = cpu().run(SLICE_NANOS);
      switch (reason) {
        case TIME -> {}
        case HALTED -> await(seen);
        case SHUTDOWN -> requestReset();
      }
    }
  }

  private void resetIfRequested() {
    synchronized (this) {
      if (!resetRequested) {
        return;
      }
      resetRequested = false;
    }
    resetBoard.run();
    cpu().reset();
  }

  private synchronized void await(long seen) {
    while (wakes == seen) {
      try {
        wait();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        exitCode = 1;
        return;
      }
    }
  }
}
