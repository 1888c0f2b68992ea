// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.timer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.system.clock.VirtualClock;
import org.junit.jupiter.api.Test;

/** The 8254, by its data sheet; time passes as the test says. */
final class IntervalTimerTest {
  private long hostNanos;
  private int edges;
  private boolean level;
  private final VirtualClock clock = new VirtualClock(() -> hostNanos);
  private final IntervalTimer timer =
      new IntervalTimer(
          clock,
          now -> {
            edges += now && !level ? 1 : 0;
            level = now;
          });

  IntervalTimerTest() {
    clock.start();
  }

  private void pass(long nanos) {
    long end = hostNanos + nanos;
    while (hostNanos < end) {
      hostNanos += Math.clamp(clock.runTimers(), 1, end - hostNanos);
    }
    clock.runTimers();
  }

  @Test
  void theRateGeneratorInterruptsOnceAPeriod() {
    timer.write(3, 1, 0x34);
    timer.write(0, 1, 11932 & 0xff);
    timer.write(0, 1, 11932 >> 8);
    edges = 0;
    pass(VirtualClock.SECOND);
    assertTrue(edges >= 99 && edges <= 101, edges + " in a second at 100 Hz");
  }

  @Test
  void aCountLatchedReadsTheSameInBothHalves() {
    timer.write(3, 1, 0x34);
    timer.write(0, 1, 0);
    timer.write(0, 1, 0);
    pass(1_000_000); // 1193 ticks
    timer.write(3, 1, 0);
    long low = timer.read(0, 1);
    pass(1_000_000);
    long high = timer.read(0, 1);
    assertEquals(65536 - 1193, low | high << 8, 1);
  }

  @Test
  void theInterruptOnTerminalCountComesOnce() {
    timer.write(3, 1, 0x30);
    timer.write(0, 1, 100);
    timer.write(0, 1, 0);
    edges = 0;
    pass(VirtualClock.SECOND);
    assertEquals(1, edges);
  }

  @Test
  void thirdCountersOutputIsSeenAtPort61() {
    timer.speakerPort().write(0, 1, 1);
    timer.write(3, 1, 0xb0);
    timer.write(2, 1, 0xa9);
    timer.write(2, 1, 4); // 1193 ticks: a millisecond
    assertEquals(0, timer.speakerPort().read(0, 1) & 0x20);
    pass(999_000);
    assertEquals(0, timer.speakerPort().read(0, 1) & 0x20);
    pass(2_000);
    assertEquals(0x20, timer.speakerPort().read(0, 1) & 0x20);
  }

  @Test
  void countsInDecimalReadInDecimal() {
    timer.write(3, 1, 0x35);
    timer.write(0, 1, 0);
    timer.write(0, 1, 0x10); // 1000
    pass(83_809); // 100 ticks
    timer.write(3, 1, 0);
    long count = timer.read(0, 1) | timer.read(0, 1) << 8;
    assertTrue(count == 0x900 || count == 0x901, Long.toHexString(count));
  }
}
