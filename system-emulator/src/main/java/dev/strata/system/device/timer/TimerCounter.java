// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.timer;

import dev.strata.block.BlockException;
import dev.strata.system.state.StateFields;

/**
 * One of an 8254's three counters, as a function of time: nothing is counted, the count is computed
 * when somebody looks. {@link IntervalTimer} locks.
 *
 * @see "Intel 8254 data sheet, 231164"
 */
final class TimerCounter {
  private int mode;
  private int access = 3; // 1: low byte, 2: high byte, 3: low, then high
  private boolean decimal;
  private int reload = 0x10000; // 1 to 65536 ticks
  private boolean loaded;
  private long began; // the tick at which counting began
  private boolean gate = true;
  private long stoppedAt = -1; // ticks counted when the gate closed, or -1
  private int written = -1; // the first of two bytes
  private boolean readsHigh;
  private int latched = -1;
  private boolean latchedHigh;
  private int status = -1; // latched

  /** As the reference leaves it, where the data sheet leaves all open: a square wave. */
  void reset(long tick) {
    mode = 3;
    access = 3;
    decimal = false;
    reload = 0x10000;
    loaded = true;
    began = tick;
    stoppedAt = -1;
    written = -1;
    readsHigh = false;
    latched = -1;
    status = -1;
  }

  int mode() {
    return mode;
  }

  /** Ticks of a period. */
  int reload() {
    return reload;
  }

  /** A control word for this counter; not a latch command. */
  void control(int value) {
    access = (value >> 4) & 3;
    int field = (value >> 1) & 7;
    mode = field > 5 ? field - 4 : field;
    decimal = (value & 1) != 0;
    loaded = false;
    written = -1;
    readsHigh = false;
    latched = -1;
    status = -1;
    stoppedAt = gate || hardwareTriggered() ? -1 : 0;
  }

  private boolean hardwareTriggered() {
    return mode == 1 || mode == 5;
  }

  /** One byte of the count. */
  void write(int value, long tick) {
    int count;
    if (access == 3) {
      if (written < 0) {
        written = value;
        return;
      }
      count = value << 8 | written;
      written = -1;
    } else {
      count = access == 2 ? value << 8 : value;
    }
    int ticks = decimal ? fromDecimal(count) : count;
    reload = ticks == 0 ? (decimal ? 10_000 : 0x10000) : ticks;
    if (!hardwareTriggered()) {
      loaded = true;
      began = tick;
      stoppedAt = gate ? -1 : 0;
    }
  }

  private static int fromDecimal(int value) {
    return (value >> 12 & 15) * 1000
        + (value >> 8 & 15) * 100
        + (value >> 4 & 15) * 10
        + (value & 15);
  }

  private static int toDecimal(int value) {
    return value / 1000 % 10 << 12 | value / 100 % 10 << 8 | value / 10 % 10 << 4 | value % 10;
  }

  private long counted(long tick) {
    return stoppedAt >= 0 ? stoppedAt : tick - began;
  }

  private int count(long tick) {
    if (!loaded) {
      return reload & 0xffff;
    }
    long ticks = counted(tick);
    return switch (mode) {
      case 2 -> reload - (int) (ticks % reload);
      // Counts by two, twice a period.
      case 3 -> {
        int half = (reload + 1) / 2;
        int into = (int) (ticks % reload);
        yield (reload & ~1) - 2 * (into < half ? into : into - half);
      }
      default -> (int) (reload - ticks);
    };
  }

  /** The output pin. */
  boolean output(long tick) {
    if (!loaded) {
      return mode != 0;
    }
    long ticks = counted(tick);
    return switch (mode) {
      case 0, 1 -> ticks >= reload;
      case 2 -> ticks % reload != reload - 1;
      case 3 -> ticks % reload < (reload + 1) / 2;
      default -> ticks != reload;
    };
  }

  /** The first tick after {@code tick} at which the output rises, or -1 if it never will. */
  long nextRise(long tick) {
    if (!loaded || stoppedAt >= 0) {
      return -1;
    }
    long ticks = tick - began;
    return switch (mode) {
      case 0, 1 -> ticks < reload ? began + reload : -1;
      case 2, 3 -> began + (ticks / reload + 1) * reload;
      default -> ticks <= reload ? began + reload + 1 : -1;
    };
  }

  boolean gate() {
    return gate;
  }

  void gate(boolean value, long tick) {
    boolean rises = value && !gate;
    gate = value;
    switch (mode) {
      case 0, 4 -> {
        if (loaded && !value && stoppedAt < 0) {
          stoppedAt = tick - began;
        } else if (rises && stoppedAt >= 0) {
          began = tick - stoppedAt;
          stoppedAt = -1;
        }
      }
      case 1, 5 -> {
        if (rises) {
          loaded = true;
          began = tick;
        }
      }
      default -> {
        if (rises) {
          began = tick;
          stoppedAt = -1;
        } else if (!value) {
          stoppedAt = 0;
        }
      }
    }
  }

  void latchCount(long tick) {
    if (latched < 0) {
      latched = visible(tick);
      latchedHigh = access == 2;
    }
  }

  void latchStatus(long tick) {
    if (status < 0) {
      status =
          (output(tick) ? 0x80 : 0)
              | (loaded ? 0 : 0x40)
              | access << 4
              | mode << 1
              | (decimal ? 1 : 0);
    }
  }

  private int visible(long tick) {
    int count = count(tick);
    return decimal ? toDecimal(Math.floorMod(count, 10_000)) : count & 0xffff;
  }

  int read(long tick) {
    if (status >= 0) {
      int value = status;
      status = -1;
      return value;
    }
    if (latched >= 0) {
      int value = latchedHigh ? latched >> 8 : latched & 0xff;
      if (access == 3 && !latchedHigh) {
        latchedHigh = true;
      } else {
        latched = -1;
      }
      return value;
    }
    int value = visible(tick);
    if (access == 3) {
      readsHigh = !readsHigh;
      return readsHigh ? value & 0xff : value >> 8;
    }
    return access == 2 ? value >> 8 : value & 0xff;
  }

  /** The fields, now that so many ticks have gone. */
  void state(StateFields state, long tick) throws BlockException {
    mode = state.within("mode", mode, 0, 5);
    access = state.within("access", access, 0, 3);
    decimal = state.flag("decimal", decimal);
    reload = state.within("reload", reload, 1, 0x10000);
    loaded = state.flag("loaded", loaded);
    began = state.within("begin", began, -tick, tick);
    gate = state.flag("gate", gate);
    stoppedAt = state.within("stopped", stoppedAt, -1, 2 * tick);
    written = state.within("written", written, -1, 0xff);
    readsHigh = state.flag("reads high", readsHigh);
    latched = state.within("latched", latched, -1, 0xffff);
    latchedHigh = state.flag("latched high", latchedHigh);
    status = state.within("status", status, -1, 0xff);
  }
}
