// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.timer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.strata.system.clock.VirtualClock;
import dev.strata.system.device.IrqLine;
import java.time.LocalDateTime;
import org.junit.jupiter.api.Test;

/** The date as a guest sets it, and as time goes on. */
final class RealTimeClockTest {
  private static final int[] DATE = {0, 2, 4, 7, 8, 9, 0x32};

  private final VirtualClock clock = VirtualClock.stepped();
  private final RealTimeClock time =
      new RealTimeClock(
          clock, TimeSource.VIRTUAL, LocalDateTime.of(2026, 11, 30, 12, 0), IrqLine.NOWHERE);

  private void write(int register, int value) {
    time.write(0, 1, register);
    time.write(1, 1, value);
  }

  private int read(int register) {
    time.write(0, 1, register);
    return (int) time.read(1, 1);
  }

  private int[] date() {
    var all = new int[DATE.length];
    for (int at = 0; at < all.length; at++) {
      all[at] = read(DATE[at]);
    }
    return all;
  }

  private void set(int... values) {
    write(0xb, 0x82);
    for (int at = 0; at < DATE.length; at++) {
      write(DATE[at], values[at]);
    }
    assertArrayEquals(values, date());
    write(0xb, 2);
  }

  @Test
  void theDayBeforeTheMonthAndTheYear() {
    set(0x58, 0x59, 0x23, 0x29, 2, 0x24, 0x20);
    assertArrayEquals(new int[] {0x58, 0x59, 0x23, 0x29, 2, 0x24, 0x20}, date());
    while (clock.ringNext(2_000_000_000L)) {}
    assertArrayEquals(new int[] {0, 0, 0, 1, 3, 0x24, 0x20}, date());
  }

  @Test
  void noSuchDayIsOneOfTheNextMonth() {
    set(0, 0, 0, 0x31, 2, 0x23, 0x20);
    assertArrayEquals(new int[] {0, 0, 0, 3, 3, 0x23, 0x20}, date());
    set(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff);
    assertEquals(0, read(0xc) & 0x80);
  }

  @Test
  void theFirstSecondAfterTheDividersResetIsHalfAsLong() {
    write(0xa, 0x76);
    set(0, 0, 0, 1, 1, 0x24, 0x20);
    while (clock.ringNext(5_000_000_000L)) {}
    assertEquals(0, read(0));
    write(0xa, 0x26);
    while (clock.ringNext(5_499_999_999L)) {}
    assertEquals(0, read(0));
    while (clock.ringNext(5_500_000_000L)) {}
    assertEquals(1, read(0));
  }
}
