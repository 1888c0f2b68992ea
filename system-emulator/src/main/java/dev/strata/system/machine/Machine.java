// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine;

import dev.strata.block.ThreadEnd;
import dev.strata.system.clock.VirtualClock;
import dev.strata.system.cpu.Cpu;
import dev.strata.system.cpu.ExitReason;
import dev.strata.system.state.Saved;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/**
 * A machine that runs: its processor, if it has one, on the thread of {@link #run}, its clock's
 * timers on one of their own. Requests to stop, reset or end come from any thread.
 */
public final class Machine {
  private static final long SLICE_NANOS = 100_000_000;

  /** Who is told what becomes of the machine. Nothing is waited for meanwhile but this. */
  public interface Listener {
    /** No more time passes; called by whoever wanted that. */
    void stopped();

    /** Time passes again; called by whoever wanted that. */
    void resumed();

    /** All is as after power-on; on the thread of {@link #run}. */
    void reset(Cause cause);

    /** It is switched off, and paused or at its end; on any thread. */
    void ended(Cause cause);

    /** The guest says that it panics; on the processor's thread. */
    void panicked(PanicAnswer answer);

    /** The guest has so many bytes of memory left; on the processor's thread. */
    void balloonMoved(long bytes);
  }

  /** What comes of a panic, in the reference's words. */
  public enum PanicAnswer {
    PAUSE("pause"),
    POWER_OFF("poweroff"),
    RUN("run");

    private final String word;

    PanicAnswer(String word) {
      this.word = word;
    }

    /** The reference's word. */
    public String word() {
      return word;
    }
  }

  /** Why it is paused, beside that somebody wanted it. */
  public enum Halt {
    /** A disk's request has failed. */
    IO_ERROR("io-error"),
    /** The guest has switched it off. */
    SHUTDOWN("shutdown"),
    /** The guest has panicked. */
    PANIC("guest-panicked"),
    /** Its state is being written. */
    SAVE("save-vm"),
    /** Its state is being read. */
    RESTORE("restore-vm"),
    /** Its state is yet to come from another process. */
    INCOMING("inmigrate"),
    /** The last of its state is on its way to another process. */
    LEAVING("finish-migrate"),
    /** Another process goes on with it. */
    LEFT("postmigrate");

    private final String state;

    Halt(String state) {
      this.state = state;
    }
  }

  private static final class Nobody implements Listener {
    @Override
    public void stopped() {}

    @Override
    public void resumed() {}

    @Override
    public void reset(Cause cause) {}

    @Override
    public void ended(Cause cause) {}

    @Override
    public void panicked(PanicAnswer answer) {}

    @Override
    public void balloonMoved(long bytes) {}
  }

  private final VirtualClock clock;
  private final Runnable resetBoard;
  private @Nullable Cpu cpu;
  private volatile Listener listener = new Nobody();
  private volatile Actions actions;
  private volatile Runnable goingOn = () -> {};
  // Guarded by this.
  private final ArrayDeque<Runnable> tasks = new ArrayDeque<>(); // for the thread of run
  private long wakes;
  private boolean resetRequested;
  private boolean resetByButton; // until it is done
  private boolean resetting; // from the request until it is done
  private boolean paused;
  private @Nullable Halt halt; // why it is paused; null if somebody wanted that
  private boolean untold; // the listener has not heard that it is paused
  private @Nullable Cause off; // nor that it is switched off
  private boolean begun; // has run, or was to
  private boolean standing = true; // nothing runs
  private int exitCode = -1;
  private @Nullable Cause end; // null if nobody shall be told

  /**
   * A machine without its processor.
   *
   * @param resetBoard resets all devices; on the processor's thread
   * @param actions what becomes of it when its guest wants something of its surroundings
   */
  public Machine(VirtualClock clock, Runnable resetBoard, Actions actions) {
    this.clock = clock;
    this.resetBoard = resetBoard;
    this.actions = actions;
  }

  /** Says who is told from now on. */
  public void listener(Listener told) {
    listener = told;
  }

  /** The guest says how many bytes of memory it has left to itself. */
  public void guestHas(long bytes) {
    listener.balloonMoved(bytes);
  }

  /** Plugs the processor in. */
  public void processor(Cpu processor) {
    cpu = processor;
  }

  /** What becomes of it when its guest wants something of its surroundings. */
  public Actions actions() {
    return actions;
  }

  /** Changes that. */
  public void actions(Actions changed) {
    actions = changed;
  }

  /** Whether there is a processor. */
  public boolean hasProcessor() {
    return cpu != null;
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
      resetting = true;
      wake();
    }
    stopProcessor();
  }

  /** Waits until a reset that was requested is done, or the machine has ended. */
  public synchronized void awaitReset() {
    while (resetting && exitCode < 0) {
      try {
        wait();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  /**
   * The reset button: returns when all is reset, or the machine has ended. Not for the processor's
   * own thread.
   */
  public void pressReset() {
    synchronized (this) {
      resetByButton = true;
    }
    requestReset();
    synchronized (this) {
      while (resetByButton && exitCode < 0) {
        try {
          wait();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          return;
        }
      }
    }
  }

  /**
   * Lets no more instructions run and no more time pass; requests to disks end as they will. Not
   * for the processor's own thread.
   */
  public void pause() {
    pause(null);
  }

  /**
   * The same.
   *
   * @param why null if somebody wants it
   */
  public void pause(@Nullable Halt why) {
    synchronized (this) {
      if (paused) {
        return;
      }
      paused = true;
      halt = why;
      wake();
    }
    stopProcessor();
    synchronized (this) {
      while (paused && !standing && exitCode < 0) {
        try {
          wait();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          return;
        }
      }
    }
    listener.stopped();
  }

  /**
   * Pauses without waiting for it, for a disk's request has failed that a user may do something
   * about. On any thread.
   */
  public void pauseForFailure() {
    pauseFor(Halt.IO_ERROR, null);
  }

  private void pauseFor(Halt why, @Nullable Cause switchedOff) {
    synchronized (this) {
      if (paused) {
        return;
      }
      paused = true;
      halt = why;
      untold = true;
      off = switchedOff;
      wake();
    }
    stopProcessor();
  }

  /** Is called with the lock held. */
  private void tellPaused() {
    if (untold) {
      untold = false;
      if (off != null) {
        listener.ended(off);
        off = null;
      }
      listener.stopped();
    }
  }

  /** The guest has switched it off: it ends, or stays as it is. */
  public void powerOff(Cause cause) {
    if (actions.pausesAtPowerOff()) {
      pauseFor(Halt.SHUTDOWN, cause);
    } else {
      end(cause);
    }
  }

  /** The guest says that it panics. */
  public void panicked() {
    Actions.Panic wanted = actions.panic();
    if (wanted == Actions.Panic.NONE) {
      listener.panicked(PanicAnswer.RUN);
    } else if (wanted == Actions.Panic.PAUSE
        || (wanted == Actions.Panic.SHUTDOWN && actions.pausesAtPowerOff())) {
      listener.panicked(PanicAnswer.PAUSE);
      pauseFor(Halt.PANIC, null);
    } else {
      listener.panicked(PanicAnswer.POWER_OFF);
      end(wanted == Actions.Panic.EXIT_FAILURE ? 1 : 0, Cause.GUEST_PANIC);
    }
  }

  /** Why it is paused; null if it is not, or somebody wanted that. */
  public synchronized @Nullable Halt halt() {
    return halt;
  }

  /** It is paused, but for another reason. */
  public synchronized void halt(@Nullable Halt why) {
    if (paused) {
      halt = why;
    }
  }

  /**
   * It has come from another process, and is paused.
   *
   * @param state what it was there
   */
  public synchronized void arrived(String state) {
    begun = !state.equals("prelaunch");
    halt = null;
    for (Halt each : List.of(Halt.IO_ERROR, Halt.SHUTDOWN, Halt.PANIC)) {
      if (each.state.equals(state)) {
        halt = each;
      }
    }
  }

  /** Whether it was switched off, so that it cannot go on before a reset. */
  public synchronized boolean needsReset() {
    return paused && halt == Halt.SHUTDOWN;
  }

  /** Goes on. */
  public void resume() {
    synchronized (this) {
      if (!paused) {
        return;
      }
      tellPaused();
      listener.resumed(); // first of all: what the guest does next may be told at once
      paused = false;
      halt = null;
      begun = true; // even if it is stopped before its thread has seen this
      wake();
    }
    goingOn.run();
  }

  /** Says what else is done when the machine goes on, and when it begins. */
  public void whenResumed(Runnable does) {
    goingOn = does;
  }

  /** What of its processor lasts; of none, nothing. */
  public Saved processorState() {
    Cpu here = cpu;
    return here == null ? fields -> {} : here;
  }

  /**
   * Has something be done on the thread of {@link #run} between two instructions, and waits for it.
   * Not for the processor's own thread.
   *
   * @return false if the machine has ended, and it is not done
   */
  boolean perform(Runnable task) {
    var done = new CountDownLatch(1);
    synchronized (this) {
      tasks.add(() -> {
        task.run();
        done.countDown();
      });
      wake();
    }
    stopProcessor();
    synchronized (this) {
      while (done.getCount() > 0 && exitCode < 0) {
        try {
          wait();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          return false;
        }
      }
    }
    return done.getCount() == 0;
  }

  private void performTasks() {
    while (true) {
      Runnable task;
      synchronized (this) {
        task = tasks.poll();
      }
      if (task == null) {
        return;
      }
      task.run();
      synchronized (this) {
        notifyAll();
      }
    }
  }

  /** Whether time passes. */
  public synchronized boolean isRunning() {
    return !paused;
  }

  /** What it does, in the reference's words: its {@code RunState}. */
  public synchronized String state() {
    if (!paused) {
      return "running";
    }
    return halt != null ? halt.state : begun ? "paused" : "prelaunch";
  }

  /** The processor's registers, in lines. */
  public String registers() {
    Cpu here = cpu;
    return here == null ? "" : here.describe();
  }

  /** The processor's virtual memory, in lines: pages, or ranges of the same rights. */
  public String pages(boolean merged) {
    Cpu here = cpu;
    return here == null ? "" : here.pages(merged);
  }

  /** A processor's register by name, or null. */
  public @Nullable Long register(String name) {
    Cpu here = cpu;
    return here == null ? null : here.register(name);
  }

  /** Where a virtual address of the processor's leads to, or -1. */
  public long physicalAddress(long virtualAddress) {
    Cpu here = cpu;
    return here == null ? -1 : here.physicalAddress(virtualAddress);
  }

  /** Ends {@link #run} without a word to the listener; the first end counts. */
  public void end(int code) {
    end(code, null);
  }

  /** Ends {@link #run}, with a good code; the first end counts. */
  public void end(Cause cause) {
    end(0, cause);
  }

  private void end(int code, @Nullable Cause cause) {
    synchronized (this) {
      if (exitCode < 0) {
        exitCode = code;
        end = cause;
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

  /**
   * Runs until the machine ends: its exit code.
   *
   * @param begins called when all is as after power-on
   */
  public int run(Runnable begins) {
    Thread timers = Thread.ofPlatform().daemon().name("virtual clock").start(clock::runUntilClosed);
    try {
      reset();
      begins.run();
      goOnWithWhatWaits();
      Cause cause = loop();
      if (cause != null) {
        listener.ended(cause);
      }
      return exitCode();
    } finally {
      clock.close();
      ThreadEnd.await(timers);
    }
  }

  // A machine that begins with a snapshot has what was waiting there.
  private void goOnWithWhatWaits() {
    boolean runs;
    synchronized (this) {
      runs = !paused;
    }
    if (runs) {
      goingOn.run();
    }
  }

  /** Resets all, now; on the thread of {@link #run}. */
  void reset() {
    resetBoard.run();
    Cpu here = cpu;
    if (here != null) {
      here.reset();
    }
  }

  private synchronized int exitCode() {
    return exitCode;
  }

  /** Why it has ended, if the listener is to know. */
  private @Nullable Cause loop() {
    while (true) {
      long seen;
      synchronized (this) {
        if (resetRequested && actions.endsAtReset() && exitCode < 0) {
          endInsteadOfReset(resetByButton ? Cause.HOST_RESET : Cause.GUEST_RESET);
        }
        if (exitCode >= 0) {
          standing = true;
          notifyAll();
          return end;
        }
        seen = wakes;
      }
      resetIfRequested();
      performTasks();
      if (standsStill(seen)) {
        continue;
      }
      Cpu processor = cpu;
      if (processor == null) {
        await(seen);
        continue;
      }
      ExitReason reason = processor.run(SLICE_NANOS);
      switch (reason) {
        case TIME -> {}
        case HALTED -> await(seen);
        case SHUTDOWN -> requestReset();
      }
    }
  }

  /** Is called with the lock held. */
  private void endInsteadOfReset(Cause cause) {
    if (!actions.pausesAtPowerOff()) {
      exitCode = 0;
      end = cause;
      return;
    }
    resetRequested = false;
    resetByButton = false;
    resetting = false;
    listener.ended(cause);
    if (!paused) {
      paused = true;
      halt = Halt.SHUTDOWN;
      untold = true;
    }
    notifyAll();
  }

  /** Waits while it is paused; whether it was. */
  private boolean standsStill(long seen) {
    synchronized (this) {
      begun |= !paused;
      standing = paused;
      if (!paused) {
        clock.start();
        return false;
      }
      clock.stop();
      notifyAll();
      tellPaused();
    }
    await(seen);
    return true;
  }

  private void resetIfRequested() {
    Cause cause;
    synchronized (this) {
      if (!resetRequested) {
        return;
      }
      cause = resetByButton ? Cause.HOST_RESET : Cause.GUEST_RESET;
      resetRequested = false;
    }
    reset();
    listener.reset(cause);
    synchronized (this) {
      resetByButton = false;
      resetting = resetRequested;
      if (paused) { // as before it ran at all
        begun = false;
        halt = null;
      }
      notifyAll();
    }
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
