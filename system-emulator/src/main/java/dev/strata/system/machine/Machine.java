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
  private boolean resetByButton; // which ends no machine
  private boolean paused;
  private boolean begun; // has run
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

  /** The reset button: resets, whatever a reset by the guest would do. */
  public void pressReset() {
    synchronized (this) {
      resetByButton = true;
    }
    requestReset();
  }

  /** Lets no more instructions run and no more time pass; requests to disks end as they will. */
  public void pause() {
    synchronized (this) {
      paused = true;
      wake();
    }
    stopProcessor();
  }

  /** Goes on. */
  public synchronized void resume() {
    paused = false;
    wake();
  }

  /** Whether it runs, in the reference's words. */
  public synchronized String status() {
    return paused ? begun ? "paused" : "paused (prelaunch)" : "running";
  }

  /** The processor's registers, in lines. */
  public String registers() {
    return cpu().describe();
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
        if (resetRequested && endsAtReset && !resetByButton) {
          return 0;
        }
        seen = wakes;
      }
      resetIfRequested();
      if (standsStill(seen)) {
        continue;
      }
      ExitReason reason = cpu().run(SLICE_NANOS);
      switch (reason) {
        case TIME -> {}
        case HALTED -> await(seen);
        case SHUTDOWN -> requestReset();
      }
    }
  }

  /** Waits while it is paused; whether it was. */
  private boolean standsStill(long seen) {
    synchronized (this) {
      begun |= !paused;
      if (!paused) {
        clock.start();
        return false;
      }
      clock.stop();
    }
    await(seen);
    return true;
  }

  private void resetIfRequested() {
    synchronized (this) {
      if (!resetRequested) {
        return;
      }
      resetRequested = false;
      resetByButton = false;
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
