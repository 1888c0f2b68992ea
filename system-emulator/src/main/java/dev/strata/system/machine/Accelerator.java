// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine;

import dev.strata.system.clock.VirtualClock;
import dev.strata.system.cpu.Cpu;
import dev.strata.system.cpu.StandingCpu;
import org.jspecify.annotations.Nullable;

/** What makes a machine go. */
public enum Accelerator {
  /** Its processor executes what it finds, and time passes. */
  TCG,
  /** Somebody from outside drives its devices, and says when time passes. */
  QTEST;

  /** The one of that name, or null. */
  public static @Nullable Accelerator named(String name) {
    return switch (name) {
      case "tcg" -> TCG;
      case "qtest" -> QTEST;
      default -> null;
    };
  }

  /** A clock for a machine that begins. */
  public VirtualClock clock() {
    return this == QTEST ? VirtualClock.stepped() : new VirtualClock(System::nanoTime);
  }

  /** A processor as it is on such a machine. */
  public Cpu processor(Cpu made) {
    return this == QTEST ? new StandingCpu(made) : made;
  }
}
