// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.timer;

import dev.strata.block.BlockException;
import dev.strata.system.clock.Timer;
import dev.strata.system.clock.VirtualClock;
import dev.strata.system.device.Device;
import dev.strata.system.device.IrqLine;
import dev.strata.system.memory.MmioHandler;
import dev.strata.system.state.StateFields;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.function.LongSupplier;

/**
 * The MC146818A: a clock with an alarm, a periodic interrupt, and memory that firmware keeps its
 * settings in. Thread-safe.
 *
 * @see "Motorola MC146818A data sheet"
 */
public final class RealTimeClock implements Device, MmioHandler {
  private static final int SECONDS = 0;
  private static final int MINUTES = 2;
  private static final int HOURS = 4;
  private static final int DAY_OF_WEEK = 6;
  private static final int DAY = 7;
  private static final int MONTH = 8;
  private static final int YEAR = 9;
  private static final int A = 0xa;
  private static final int B = 0xb;
  private static final int C = 0xc;
  private static final int D = 0xd;
  private static final int CENTURY = 0x32;

  private static final int UPDATE_IN_PROGRESS = 0x80; // A
  private static final int DIVIDER_RESET = 0x60; // A: both bits
  private static final int SET = 0x80; // B
  private static final int BINARY = 4; // B
  private static final int HOURS_OF_24 = 2; // B
  private static final int PERIODIC = 0x40; // B: enabled, C: has been
  private static final int ALARM = 0x20;
  private static final int UPDATE_ENDED = 0x10;

  // How long before a second's end the chip says that it is about to update.
  private static final long UPDATE_NANOS = 244_000;

  // The years that the registers can show.
  private static final long EARLIEST =
      LocalDateTime.of(0, 1, 1, 0, 0).toEpochSecond(ZoneOffset.UTC);
  private static final long LATEST =
      LocalDateTime.of(20000, 1, 1, 0, 0).toEpochSecond(ZoneOffset.UTC);

  private final byte[] memory = new byte[128];
  private final VirtualClock clock;
  private final TimeSource by;
  private final LongSupplier source;
  private final IrqLine line;
  private final Timer periodicTimer;
  private final Timer secondTimer;
  private int index;
  // While the chip counts, the time is this plus the seconds since the origin; while it does not,
  // the registers are plain memory, where the guest puts it together in any order.
  private LocalDateTime epoch;
  private long origin; // the source's nanoseconds
  private long lastPeriod;
  private long lastSecond; // since the origin

  /**
   * A clock.
   *
   * @param clock what periods are counted by
   * @param by what seconds are
   * @param start the time that it is now
   */
  public RealTimeClock(VirtualClock clock, TimeSource by, LocalDateTime start, IrqLine line) {
    this.clock = clock;
    this.by = by;
    this.source = by.nanos(clock);
    this.origin = source.getAsLong();
    this.line = line;
    this.epoch = start;
    this.periodicTimer = clock.timer(this::period);
    this.secondTimer = clock.timer(this::second);
    memory[A] = 0x26;
    memory[B] = HOURS_OF_24;
    memory[D] = (byte) 0x80;
  }

  @Override
  public synchronized void reset() {
    index = 0;
    memory[B] &= ~(PERIODIC | ALARM | UPDATE_ENDED | 8);
    memory[C] = 0;
    line.set(false);
    arm();
  }

  /** Sets a byte of the memory, as a board's maker does. */
  public synchronized void set(int address, int value) {
    memory[address] = (byte) value;
  }

  private boolean counts() {
    return (memory[B] & SET) == 0 && (memory[A] & DIVIDER_RESET) != DIVIDER_RESET;
  }

  private LocalDateTime now() {
    return epoch.plusSeconds(seconds());
  }

  /** Since the origin. */
  private long seconds() {
    return Math.floorDiv(source.getAsLong() - origin, VirtualClock.SECOND);
  }

  /** How far the second has gone, in nanoseconds. */
  private long intoSecond() {
    return Math.floorMod(source.getAsLong() - origin, VirtualClock.SECOND);
  }

  /** The registers as the time is. */
  private void show() {
    LocalDateTime now = now();
    memory[SECONDS] = (byte) coded(now.getSecond());
    memory[MINUTES] = (byte) coded(now.getMinute());
    memory[HOURS] = (byte) codedHour(now.getHour());
    memory[DAY_OF_WEEK] = (byte) coded(now.getDayOfWeek().getValue() % 7 + 1);
    memory[DAY] = (byte) coded(now.getDayOfMonth());
    memory[MONTH] = (byte) coded(now.getMonthValue());
    memory[YEAR] = (byte) coded(Math.floorMod(now.getYear(), 100));
    memory[CENTURY] = (byte) coded(Math.floorMod(now.getYear() / 100, 100));
  }

  /** The time as the registers are; what there is no such moment for runs over into the next. */
  private LocalDateTime shown() {
    int year = decoded(memory[CENTURY] & 0xff) * 100 + decoded(memory[YEAR] & 0xff);
    return LocalDateTime.of(year, 1, 1, 0, 0)
        .plusMonths(decoded(memory[MONTH] & 0xff) - 1L)
        .plusDays(decoded(memory[DAY] & 0xff) - 1L)
        .plusHours(decodedHour(memory[HOURS] & 0xff))
        .plusMinutes(decoded(memory[MINUTES] & 0xff))
        .plusSeconds(decoded(memory[SECONDS] & 0xff));
  }

  /** Takes the time from the registers; how far the second has gone stays. */
  private void take() {
    epoch = shown();
    origin = source.getAsLong() - intoSecond();
    lastSecond = 0;
  }

  private int coded(int value) {
    return (memory[B] & BINARY) != 0 ? value : (value / 10) << 4 | value % 10;
  }

  private int decoded(int value) {
    return (memory[B] & BINARY) != 0 ? value : (value >> 4) * 10 + (value & 15);
  }

  private int codedHour(int hour) {
    if ((memory[B] & HOURS_OF_24) != 0) {
      return coded(hour);
    }
    int half = hour % 12 == 0 ? 12 : hour % 12;
    return coded(half) | (hour >= 12 ? 0x80 : 0);
  }

  private int decodedHour(int value) {
    if ((memory[B] & HOURS_OF_24) != 0) {
      return decoded(value);
    }
    return decoded(value & 0x7f) % 12 + ((value & 0x80) != 0 ? 12 : 0);
  }

  @Override
  public synchronized long read(long offset, int bytes) {
    if ((offset & 1) == 0) {
      return 0xff;
    }
    if (counts()) {
      show();
    }
    return switch (index) {
      case A -> (memory[A] & 0x7f) | (updates() ? UPDATE_IN_PROGRESS : 0);
      case C -> {
        int flags = memory[C] & 0xff;
        memory[C] = 0;
        line.set(false);
        yield flags;
      }
      default -> memory[index] & 0xff;
    };
  }

  private boolean updates() {
    return counts() && intoSecond() >= VirtualClock.SECOND - UPDATE_NANOS;
  }

  @Override
  public synchronized void write(long offset, int bytes, long value) {
    int data = (int) value & 0xff;
    if ((offset & 1) == 0) {
      index = data & 0x7f;
      return;
    }
    switch (index) {
      case SECONDS, MINUTES, HOURS, DAY_OF_WEEK, DAY, MONTH, YEAR, CENTURY -> setTime(data);
      case C, D -> {} // read-only
      case A -> writeA(data);
      case B -> writeB(data);
      default -> memory[index] = (byte) data;
    }
  }

  private void writeA(int data) {
    boolean counted = counts();
    if (counted) {
      show();
    }
    boolean released =
        (memory[A] & DIVIDER_RESET) == DIVIDER_RESET && (data & DIVIDER_RESET) != DIVIDER_RESET;
    memory[A] = (byte) (data & 0x7f);
    if (released) {
      // The first update comes half a second after.
      origin = source.getAsLong() - VirtualClock.SECOND / 2;
    }
    if (!counted && counts()) {
      take();
    }
    arm();
  }

  private void writeB(int data) {
    boolean counted = counts();
    if (counted) {
      show();
    }
    memory[B] = (byte) ((data & SET) != 0 ? data & ~UPDATE_ENDED : data);
    if (!counted && counts()) {
      take();
    }
    raise(0);
    arm();
  }

  private void setTime(int data) {
    if (counts()) {
      show();
    }
    memory[index] = (byte) data;
    if (counts()) {
      take();
    }
  }

  private long periodNanos() {
    int rate = memory[A] & 15;
    if (rate == 0) {
      return 0;
    }
    // Rates 1 and 2 are those of 8 and 9.
    int shift = rate <= 2 ? rate + 6 : rate - 1;
    return (VirtualClock.SECOND << shift) / 32_768;
  }

  private void arm() {
    long period = periodNanos();
    if ((memory[B] & PERIODIC) != 0 && period != 0) {
      lastPeriod = clock.nanos() / period;
      periodicTimer.at((lastPeriod + 1) * period);
    } else {
      periodicTimer.cancel();
    }
    if ((memory[B] & (ALARM | UPDATE_ENDED)) != 0) {
      lastSecond = seconds();
      secondTimer.at(clock.nanos() + VirtualClock.SECOND - intoSecond());
    } else {
      secondTimer.cancel();
    }
  }

  private synchronized void period() {
    long period = periodNanos();
    if ((memory[B] & PERIODIC) != 0 && period != 0) {
      if (clock.nanos() / period != lastPeriod) {
        raise(PERIODIC);
      }
      arm();
    }
  }

  private synchronized void second() {
    // The source may be slower than what the timer goes by.
    if (counts() && seconds() != lastSecond) {
      LocalDateTime now = now();
      boolean alarm =
          matches(1, now.getSecond(), false)
              && matches(3, now.getMinute(), false)
              && matches(5, now.getHour(), true);
      raise(UPDATE_ENDED | (alarm ? ALARM : 0));
    }
    arm();
  }

  /** Whether an alarm byte names this value, or any: its two highest bits are set. */
  private boolean matches(int address, int value, boolean hour) {
    int alarm = memory[address] & 0xff;
    return (alarm & 0xc0) == 0xc0 || alarm == (hour ? codedHour(value) : coded(value));
  }

  private void raise(int flags) {
    int set = (memory[C] & 0x70) | flags;
    boolean interrupt = (set & memory[B] & 0x70) != 0;
    memory[C] = (byte) (set | (interrupt ? 0x80 : 0));
    line.set(interrupt);
  }

  @Override
  public synchronized void state(StateFields state) throws BlockException {
    state.bytes("memory", memory);
    index = state.within("index", index, 0, memory.length - 1);
    long seconds = state.within("time", epoch.toEpochSecond(ZoneOffset.UTC), EARLIEST, LATEST);
    epoch = LocalDateTime.ofEpochSecond(seconds, 0, ZoneOffset.UTC);
    // By a clock that all processes share, the time goes on meanwhile; by another it stands.
    long then = state.i64("origin", origin);
    long gone = state.i64("since the origin", source.getAsLong() - origin);
    if (state.isLoading()) {
      origin = by == TimeSource.REAL ? source.getAsLong() - gone : then;
      arm();
    }
  }
}
