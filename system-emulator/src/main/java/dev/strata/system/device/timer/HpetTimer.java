// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.timer;

import dev.strata.block.BlockException;
import dev.strata.system.state.StateFields;

/**
 * One comparator of an {@link Hpet}, whose lock guards it: its registers, and when it rings.
 *
 * @see "IA-PC HPET Specification 1.0a, 2.3.8, 2.3.9"
 */
final class HpetTimer {
  private static final int LEVEL = 1 << 1;
  private static final int ENABLED = 1 << 2;
  private static final int PERIODIC = 1 << 3;
  private static final int CAN_BE_PERIODIC = 1 << 4;
  private static final int HAS_64_BITS = 1 << 5;
  private static final int SETS_VALUE = 1 << 6;
  private static final int USES_32_BITS = 1 << 8;
  private static final int WRITABLE = 0x3f4e;
  private static final long ROUTES = 1L << (32 + Hpet.ROUTE);
  private static final long LOW = 0xffffffffL;

  private long configuration;
  private long comparator;
  private long period;
  private long next; // of the counter; where it rings
  private boolean armed;

  HpetTimer() {
    reset();
  }

  void reset() {
    configuration = 0;
    comparator = -1;
    period = 0;
    armed = false;
  }

  boolean isLevel() {
    return has(LEVEL);
  }

  boolean isEnabled() {
    return has(ENABLED);
  }

  /** Which line of the I/O APIC it drives. */
  int route() {
    return (int) (configuration >> 9) & 0x1f;
  }

  private boolean has(int bit) {
    return (configuration & bit) != 0;
  }

  private long mask() {
    return has(USES_32_BITS) ? LOW : -1;
  }

  long configuration() {
    return configuration | CAN_BE_PERIODIC | HAS_64_BITS | ROUTES;
  }

  void configure(long value) {
    configuration = value & WRITABLE;
    comparator &= mask();
  }

  long comparator() {
    return comparator;
  }

  /**
   * Writes the comparator: of a periodic timer the period, and where it begins if that was asked
   * for.
   *
   * @param written which bits are written
   */
  void compare(long value, long written, long counter) {
    long bits = written & mask();
    if (!has(PERIODIC) || has(SETS_VALUE)) {
      comparator = (comparator & ~bits) | (value & bits);
    }
    if (has(PERIODIC)) {
      period = (period & ~bits) | (value & bits);
    }
    if ((written & LOW) != 0) {
      configuration &= ~SETS_VALUE;
    }
    arm(counter);
  }

  /** Finds out when it rings next; of one that has been passed, at once. */
  void arm(long counter) {
    armed = true;
    boolean passed =
        has(USES_32_BITS)
            ? (int) (comparator - counter) < 0
            : Long.compareUnsigned(comparator, counter) < 0;
    long left = comparator - counter & mask();
    next = counter + (passed ? 0 : left < 0 ? Long.MAX_VALUE : left);
  }

  /** Lets it not ring. */
  void disarm() {
    armed = false;
  }

  /** Ticks of the counter until it rings; {@code Long.MAX_VALUE} for never. */
  long ticksLeft(long counter) {
    return armed ? Math.max(0, next - counter) : Long.MAX_VALUE;
  }

  /** It has rung: moves on to when it does again, however many periods were missed. */
  void rang(long counter) {
    if (has(PERIODIC) && period != 0) {
      long behind = counter - next;
      long periods = Long.divideUnsigned(behind, period) + 1;
      next += periods * period;
      comparator = next & mask();
      // A period of half the counter's range and more is never over.
      armed = next - counter > 0;
    } else if (has(USES_32_BITS)) {
      next += 1L << 32; // the counter comes round
    } else {
      armed = false;
    }
  }

  void state(StateFields state) throws BlockException {
    configuration = state.i64("timer configuration", configuration) & (WRITABLE | SETS_VALUE);
    comparator = state.i64("comparator", comparator);
    period = state.i64("period", period);
    next = state.i64("next", next);
    armed = state.flag("armed", armed);
  }
}
