// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.timer;

import dev.strata.block.BlockException;
import dev.strata.system.clock.Timer;
import dev.strata.system.clock.VirtualClock;
import dev.strata.system.device.Device;
import dev.strata.system.device.IrqLine;
import dev.strata.system.memory.MmioHandler;
import dev.strata.system.state.StateFields;

/**
 * The 8254 of a PC, and port 61h, which gates its third counter. Thread-safe.
 *
 * @see "Intel 8254 data sheet, 231164; 82371SB (PIIX3) data sheet, 290550, NMI status and control"
 */
public final class IntervalTimer implements Device, MmioHandler {
  /** Ticks a second. */
  public static final long FREQUENCY = 1_193_182;

  // The least time between two interrupts: a guest that asks for a tick each microsecond must not
  // keep the host from everything else.
  private static final long SHORTEST_PERIOD_NANOS = 20_000;

  private final VirtualClock clock;
  private final IrqLine line;
  private final Timer timer;
  private final TimerCounter[] counters = {
    new TimerCounter(), new TimerCounter(), new TimerCounter()
  };
  private boolean speaker;

  /** A timer whose first counter drives {@code line}. */
  public IntervalTimer(VirtualClock clock, IrqLine line) {
    this.clock = clock;
    this.line = line;
    this.timer = clock.timer(this::rings);
    reset();
  }

  @Override
  public synchronized void reset() {
    long tick = tick();
    for (TimerCounter counter : counters) {
      counter.reset(tick);
    }
    counters[2].gate(false, tick);
    speaker = false;
    line.set(counters[0].output(tick));
    arm(tick);
  }

  private long tick() {
    return tickAt(clock.nanos());
  }

  private static long tickAt(long nanos) {
    // In two parts: the product of a day's nanoseconds and the frequency has more than 64 bits.
    return nanos / VirtualClock.SECOND * FREQUENCY
        + nanos % VirtualClock.SECOND * FREQUENCY / VirtualClock.SECOND;
  }

  /** The first nanosecond of a tick. */
  private static long nanosOf(long tick) {
    return tick / FREQUENCY * VirtualClock.SECOND
        + (tick % FREQUENCY * VirtualClock.SECOND + FREQUENCY - 1) / FREQUENCY;
  }

  private synchronized void rings() {
    long tick = tick();
    // Counters that make one pulse after another have made at least one since the timer was set.
    if (counters[0].mode() == 2 || counters[0].mode() == 3 || counters[0].output(tick)) {
      line.pulse();
    }
    arm(tick);
  }

  private void arm(long tick) {
    long next = counters[0].nextRise(tick);
    if (next < 0) {
      timer.cancel();
    } else {
      timer.at(Math.max(nanosOf(next), clock.nanos() + SHORTEST_PERIOD_NANOS));
    }
  }

  @Override
  public synchronized long read(long offset, int bytes) {
    int register = (int) offset & 3;
    return register == 3 ? 0 : counters[register].read(tick());
  }

  @Override
  public synchronized void write(long offset, int bytes, long value) {
    int register = (int) offset & 3;
    int data = (int) value & 0xff;
    long tick = tick();
    if (register == 3) {
      control(data, tick);
    } else {
      counters[register].write(data, tick);
    }
    if (register == 0 || register == 3) {
      line.set(counters[0].output(tick));
      arm(tick);
    }
  }

  private void control(int value, long tick) {
    int select = value >> 6;
    if (select == 3) {
      for (int counter = 0; counter < 3; counter++) {
        if ((value & 2 << counter) != 0) {
          if ((value & 0x20) == 0) {
            counters[counter].latchCount(tick);
          }
          if ((value & 0x10) == 0) {
            counters[counter].latchStatus(tick);
          }
        }
      }
    } else if ((value & 0x30) == 0) {
      counters[select].latchCount(tick);
    } else {
      counters[select].control(value);
    }
  }

  /** Port 61h: the third counter's gate and output, the speaker, the toggle of memory refresh. */
  public MmioHandler speakerPort() {
    return new MmioHandler() {
      @Override
      public long read(long offset, int bytes) {
        synchronized (IntervalTimer.this) {
          // Memory is refreshed each 15 microseconds.
          boolean refresh = (clock.nanos() / 15_085 & 1) != 0;
          return (counters[2].gate() ? 1 : 0)
              | (speaker ? 2 : 0)
              | (refresh ? 0x10 : 0)
              | (counters[2].output(tick()) ? 0x20 : 0);
        }
      }

      @Override
      public void write(long offset, int bytes, long value) {
        synchronized (IntervalTimer.this) {
          speaker = (value & 2) != 0;
          counters[2].gate((value & 1) != 0, tick());
        }
      }
    };
  }

  @Override
  public synchronized void state(StateFields state) throws BlockException {
    long tick = tick();
    for (TimerCounter counter : counters) {
      counter.state(state, tick);
    }
    speaker = state.flag("speaker", speaker);
    if (state.isLoading()) {
      arm(tick);
    }
  }
}
