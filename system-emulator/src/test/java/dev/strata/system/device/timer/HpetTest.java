// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.timer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.strata.system.clock.VirtualClock;
import dev.strata.system.device.IrqLine;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A timer whose clock a test moves. */
final class HpetTest {
  private static final int TICK = 10; // nanoseconds
  private static final int ROUTED = 2 << 9; // configuration
  private static final int LEVEL = 2;
  private static final int ENABLED = 4;
  private static final int PERIODIC = 8;
  private static final int SETS_VALUE = 0x40;
  private static final int USES_32_BITS = 0x100;

  /** Counts edges. */
  private static final class Wire implements IrqLine {
    int edges;
    boolean up;

    @Override
    public void set(boolean level) {
      edges += level && !up ? 1 : 0;
      up = level;
    }
  }

  private long now;
  private final VirtualClock clock = new VirtualClock(() -> now);
  private final Wire tick = new Wire();
  private final Wire clockTick = new Wire();
  private final Wire routed = new Wire();
  private final Hpet hpet = new Hpet(clock, tick, clockTick, routed);

  @BeforeEach
  void start() {
    clock.start();
    hpet.reset();
  }

  private void write(int register, long value) {
    hpet.write(register, 8, value);
  }

  private long read(int register) {
    return hpet.read(register, 8);
  }

  private void pass(long ticks) {
    now += ticks * TICK;
    clock.runTimers();
  }

  @Test
  void itTellsItsPeriodAndItsTimers() {
    assertEquals(0x009896808086a201L, read(0));
    assertEquals(0x8086a201L, hpet.read(0, 4) & 0xffffffffL);
    assertEquals(0x00989680L, hpet.read(4, 4));
    assertEquals(0x0000000400000030L, read(0x140));
    assertEquals(-1, read(0x148));
  }

  @Test
  void theCounterRunsWhileItIsEnabled() {
    write(0xf0, 1000);
    pass(5);
    assertEquals(1000, read(0xf0));
    write(0x10, 1);
    pass(7);
    assertEquals(1007, read(0xf0));
    write(0xf0, 1); // not while it runs
    write(0x10, 0);
    pass(3);
    assertEquals(1007, read(0xf0));
    hpet.write(0xf4, 4, 2);
    assertEquals(0x2000003efL, read(0xf0));
  }

  @Test
  void aTimerRingsOnceWhenItsComparatorIsReached() {
    write(0x10, 1);
    write(0x100, ENABLED | ROUTED);
    write(0x108, 10_000);
    pass(9_999);
    assertEquals(0, routed.edges);
    pass(1);
    assertEquals(1, routed.edges);
    pass(1_000_000);
    assertEquals(1, routed.edges);
    assertEquals(0, tick.edges);
  }

  @Test
  void aPeriodicTimerRingsOnAndDoesNotMakeUpForWhatItMissed() {
    write(0x10, 1);
    write(0x100, ENABLED | ROUTED | PERIODIC | SETS_VALUE | USES_32_BITS);
    hpet.write(0x108, 4, 5_000);
    hpet.write(0x108, 4, 10_000);
    pass(5_000);
    assertEquals(1, routed.edges);
    pass(9_999);
    assertEquals(1, routed.edges);
    pass(1);
    assertEquals(2, routed.edges);
    assertEquals(25_000, read(0x108));
    pass(1_000_000);
    assertEquals(3, routed.edges);
    assertEquals(1_025_000, read(0x108));
  }

  @Test
  void aLevelStaysUntilItIsAcknowledged() {
    write(0x10, 1);
    write(0x120, ENABLED | ROUTED | LEVEL);
    write(0x128, 100);
    pass(100);
    assertEquals(true, routed.up);
    assertEquals(2, read(0x20));
    write(0x20, 1);
    assertEquals(true, routed.up);
    write(0x20, 2);
    assertEquals(false, routed.up);
    assertEquals(0, read(0x20));
  }

  @Test
  void theFirstTwoReplaceOtherChips() {
    IrqLine other = hpet.replaceable(0);
    other.set(true);
    assertEquals(1, tick.edges);
    write(0x10, 3);
    write(0x100, ENABLED);
    write(0x108, 100);
    write(0x120, ENABLED);
    write(0x128, 200);
    other.set(false);
    other.set(true);
    assertEquals(1, tick.edges, "nobody hears the other");
    pass(100);
    assertEquals(2, tick.edges);
    pass(5_000);
    assertEquals(1, clockTick.edges);
    other.set(false);
    write(0x10, 1);
    assertEquals(false, tick.up, "as the other left it");
    other.set(true);
    assertEquals(3, tick.edges);
  }

  @Test
  void aTimerOf32BitsRingsWhenTheCounterComesRound() {
    write(0xf0, 0xfffffff0L);
    write(0x100, ENABLED | ROUTED | USES_32_BITS);
    write(0x10, 1);
    hpet.write(0x108, 4, 0x10);
    pass(0x1f);
    assertEquals(0, routed.edges);
    pass(1);
    assertEquals(1, routed.edges);
    pass((1L << 32) - 1);
    assertEquals(1, routed.edges);
    pass(1);
    assertEquals(2, routed.edges);
  }

  /** The clock is not asked to ring a thousand times a millisecond. */
  @Test
  void aPeriodOfOneTickIsNotKept() {
    write(0x10, 1);
    write(0x100, ENABLED | ROUTED | PERIODIC | SETS_VALUE);
    write(0x108, 1);
    for (int step = 0; step < 10_000; step++) {
      pass(1);
    }
    assertEquals(5, routed.edges);
  }
}
