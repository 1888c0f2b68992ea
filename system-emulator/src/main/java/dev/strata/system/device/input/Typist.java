// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.input;

import dev.strata.system.clock.Timer;
import dev.strata.system.clock.VirtualClock;
import java.util.List;

/** Presses keys of a keyboard, and lets them go after a while. Thread-safe. */
public final class Typist {
  private final VirtualClock clock;
  private final KeyboardController keyboard;

  /** Who types at {@code keyboard}. */
  public Typist(VirtualClock clock, KeyboardController keyboard) {
    this.clock = clock;
    this.keyboard = keyboard;
  }

  /**
   * Presses keys, one after the other, and lets go of the last one first.
   *
   * @param holdNanos how long they are held, of guest time
   */
  public void type(List<Key> keys, long holdNanos) {
    for (Key key : keys) {
      keyboard.type(key.press());
    }
    Timer end = clock.timer(() -> keys.reversed().forEach(key -> keyboard.type(key.release())));
    end.at(clock.nanos() + holdNanos);
  }
}
