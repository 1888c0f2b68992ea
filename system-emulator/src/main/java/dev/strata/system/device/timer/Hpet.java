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
 * The high precision event timer: a counter, and three timers that ring when it reaches their
 * comparators. If the guest wants, the first two take the interrupts of the 8254 and the real-time
 * clock. Thread-safe.
 *
 * @see "IA-PC HPET (High Precision Event Timers) Specification 1.0a"
 */
public final class Hpet implements Device, MmioHandler {
  /** Where a PC has its registers. */
  public static final long BASE = 0xfed00000L;

  /** Bytes of registers. */
  public static final int SIZE = 0x400;

  /** The low half of its capabilities: 64 bits, replaces other timers, three of its own. */
  public static final int IDENTITY = 0x8086a201;

  /** The I/O APIC's line that timers can drive. */
  public static final int ROUTE = 2;

  private static final long TICK_NANOS = 10;
  private static final long TICK_FEMTOSECONDS = TICK_NANOS * 1_000_000;
  private static final int TIMERS = 3;
  private static final int REPLACED = 2; // of other chips

  private static final int CAPABILITIES = 0;
  private static final int CONFIGURATION = 0x10;
  private static final int STATUS = 0x20;
  private static final int COUNTER = 0xf0;
  private static final int FIRST_TIMER = 0x100;
  private static final int TIMER_SIZE = 0x20;

  private static final int ENABLED = 1; // configuration
  private static final int REPLACES = 2;
  private static final long LOW = 0xffffffffL;

  // The least time between two interrupts: a guest that asks for a tick each microsecond must not
  // keep the host from everything else.
  private static final long SHORTEST_NANOS = 20_000;

  private final VirtualClock clock;
  private final IrqLine[] replaced; // the 8254's and the real-time clock's
  private final IrqLine routed;
  private final Timer timer;
  private final HpetTimer[] timers = {new HpetTimer(), new HpetTimer(), new HpetTimer()};
  private final boolean[] levels = new boolean[REPLACED]; // as the other chips drive them
  private int configuration;
  private int status; // timers whose interrupt is by level and has not been acknowledged
  private long counterOffset; // the counter while it stands, or what it is ahead of the clock

  /**
   * A timer.
   *
   * @param tick the 8254's interrupt
   * @param clockTick the real-time clock's
   * @param routed the I/O APIC's line {@link #ROUTE}
   */
  public Hpet(VirtualClock clock, IrqLine tick, IrqLine clockTick, IrqLine routed) {
    this.clock = clock;
    this.replaced = new IrqLine[] {tick, clockTick};
    this.routed = routed;
    this.timer = clock.timer(this::rings);
  }

  /**
   * The interrupt of another chip, which this one may take.
   *
   * @param index 0 for the 8254, 1 for the real-time clock
   */
  public IrqLine replaceable(int index) {
    return new IrqLine() {
      @Override
      public void set(boolean level) {
        synchronized (Hpet.this) {
          levels[index] = level;
          if (!replaces()) {
            replaced[index].set(level);
          }
        }
      }
    };
  }

  @Override
  public synchronized void reset() {
    for (HpetTimer each : timers) {
      each.reset();
    }
    status = 0;
    counterOffset = 0;
    configure(0);
  }

  private boolean runs() {
    return (configuration & ENABLED) != 0;
  }

  private boolean replaces() {
    return (configuration & REPLACES) != 0;
  }

  private long counter() {
    return runs() ? clock.nanos() / TICK_NANOS + counterOffset : counterOffset;
  }

  private void configure(int value) {
    long counter = counter();
    boolean replaced = replaces();
    configuration = value & (ENABLED | REPLACES);
    counterOffset = runs() ? counter - clock.nanos() / TICK_NANOS : counter;
    for (HpetTimer each : timers) {
      if (runs()) {
        each.arm(counter);
      } else {
        each.disarm();
      }
    }
    if (replaced && !replaces()) {
      for (int index = 0; index < REPLACED; index++) {
        this.replaced[index].set(levels[index]);
      }
    } else if (!replaced && replaces()) {
      routed.set(false);
    }
    drive();
    schedule(counter, 0);
  }

  /** What a timer's interrupt leads to. */
  private IrqLine line(int index) {
    if (replaces() && index < REPLACED) {
      return replaced[index];
    }
    return timers[index].route() == ROUTE ? routed : IrqLine.NOWHERE;
  }

  private boolean isActive(int index) {
    return runs() && timers[index].isEnabled() && (status & 1 << index) != 0;
  }

  /** Sets the levels of lines that are driven by level. */
  private void drive() {
    boolean shared = false;
    for (int index = 0; index < TIMERS; index++) {
      IrqLine line = line(index);
      if (line == routed) {
        shared |= isActive(index);
      } else if (timers[index].isLevel() || !timers[index].isEnabled()) {
        line.set(isActive(index));
      }
    }
    routed.set(shared);
  }

  private synchronized void rings() {
    if (!runs()) {
      return;
    }
    long counter = counter();
    for (int index = 0; index < TIMERS; index++) {
      if (timers[index].ticksLeft(counter) == 0) {
        timers[index].rang(counter);
        interrupt(index);
      }
    }
    schedule(counter, SHORTEST_NANOS);
  }

  private void interrupt(int index) {
    if (timers[index].isLevel()) {
      status |= 1 << index;
      drive();
    } else if (timers[index].isEnabled()) {
      line(index).pulse();
    }
  }

  /** Sets the clock's timer for what rings first, but not before {@code least} nanoseconds. */
  private void schedule(long counter, long least) {
    long left = Long.MAX_VALUE;
    for (HpetTimer each : timers) {
      left = Math.min(left, each.ticksLeft(counter));
    }
    // What is years away is as good as never.
    if (!runs() || left > Long.MAX_VALUE / TICK_NANOS / 2) {
      timer.cancel();
    } else {
      timer.at(clock.nanos() + Math.max(left * TICK_NANOS, least));
    }
  }

  /** Reads four bytes or eight. */
  @Override
  public synchronized long read(long offset, int bytes) {
    return register((int) offset & ~7) >>> (8 * ((int) offset & 4));
  }

  private long register(int offset) {
    int index = (offset - FIRST_TIMER) / TIMER_SIZE;
    if (offset >= FIRST_TIMER && index < TIMERS) {
      return switch (offset % TIMER_SIZE) {
        case 0 -> timers[index].configuration();
        case 8 -> timers[index].comparator();
        default -> 0; // interrupts by message are not there
      };
    }
    return switch (offset) {
      case CAPABILITIES -> (IDENTITY & LOW) | TICK_FEMTOSECONDS << 32;
      case CONFIGURATION -> configuration;
      case STATUS -> status;
      case COUNTER -> counter();
      default -> 0;
    };
  }

  /** Writes four bytes or eight. */
  @Override
  public synchronized void write(long offset, int bytes, long value) {
    int register = (int) offset & ~7;
    int shift = 8 * ((int) offset & 4);
    long written = bytes == 8 ? -1 : LOW << shift;
    long bits = bytes == 8 ? value : (value & LOW) << shift;
    int index = (register - FIRST_TIMER) / TIMER_SIZE;
    if (register >= FIRST_TIMER && index < TIMERS) {
      writeTimer(timers[index], register % TIMER_SIZE, bits, written);
      return;
    }
    switch (register) {
      case CONFIGURATION -> {
        if ((written & LOW) != 0) {
          configure((int) bits);
        }
      }
      case STATUS -> {
        status &= ~(int) bits;
        drive();
      }
      case COUNTER -> {
        if (!runs()) {
          counterOffset = (counterOffset & ~written) | bits;
        }
      }
      default -> {} // read-only, or not there
    }
  }

  private void writeTimer(HpetTimer timer, int register, long bits, long written) {
    long counter = counter();
    if (register == 0 && (written & LOW) != 0) {
      timer.configure(bits);
    } else if (register == 8) {
      timer.compare(bits, written, counter);
    }
    if (!runs()) {
      timer.disarm();
    }
    drive();
    schedule(counter, 0);
  }

  @Override
  public synchronized void state(StateFields state) throws BlockException {
    for (HpetTimer each : timers) {
      each.state(state);
    }
    state.flags("levels", levels);
    configuration = state.u8("configuration", configuration) & (ENABLED | REPLACES);
    status = state.within("status", status, 0, (1 << TIMERS) - 1);
    counterOffset = state.i64("counter", counterOffset);
    if (state.isLoading()) {
      schedule(counter(), 0);
    }
  }
}
