// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.timer;

import dev.strata.system.clock.VirtualClock;
import java.time.Instant;
import java.util.function.LongSupplier;

/** What a clock of a board goes by. */
public enum TimeSource {
  /** The host's time of day: it goes on while the machine stands, and jumps where that does. */
  HOST,
  /** The host's time since it started: it goes on while the machine stands. */
  REAL,
  /** The guest's time, which stands with the machine. */
  VIRTUAL;

  /** The nanoseconds of that time, from any origin. */
  LongSupplier nanos(VirtualClock clock) {
    return switch (this) {
      case HOST -> TimeSource::timeOfDay;
      case REAL -> System::nanoTime;
      case VIRTUAL -> clock::nanos;
    };
  }

  private static long timeOfDay() {
    Instant now = Instant.now();
    return now.getEpochSecond() * VirtualClock.SECOND + now.getNano();
  }
}
