// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine;

import dev.strata.system.device.IrqLine;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A chip's interrupt pins of one direction, which somebody may watch. The levels go where they
 * would go anyhow. Thread-safe.
 */
public final class ChipPins {
  /** Who is told of changes, with locks of the board held: nothing is to be waited for. */
  @FunctionalInterface
  public interface Watcher {
    /** A pin has another level than it was last told to have, which at first is low. */
    void changed(int pin, boolean level);
  }

  private final List<String> names;
  private final boolean inputs;
  private final IrqLine[] lines;
  private boolean[] told; // guarded by this
  private @Nullable Watcher watcher; // guarded by this

  /**
   * Pins that nobody watches.
   *
   * @param inputs whether levels come to the chip by these, and not from it
   * @param lines what each leads to
   * @param names the chip's names, of which the first is a path
   */
  public ChipPins(boolean inputs, IrqLine[] lines, String... names) {
    this.names = List.of(names);
    this.inputs = inputs;
    this.lines = lines.clone();
    told = new boolean[lines.length];
  }

  /** Whether the chip is called so. */
  public boolean isOf(String name) {
    return names.contains(name);
  }

  /** Whether levels come to the chip by these. */
  public boolean areInputs() {
    return inputs;
  }

  /** How many there are. */
  public int count() {
    return lines.length;
  }

  /** A pin, as what drives it has it. */
  public IrqLine pin(int number) {
    IrqLine line = lines[number];
    return level -> {
      line.set(level);
      tell(number, level);
    };
  }

  /** Somebody watches from now on; null for nobody. */
  public synchronized void watch(@Nullable Watcher by) {
    watcher = by;
    told = new boolean[lines.length];
  }

  private synchronized void tell(int pin, boolean level) {
    Watcher by = watcher;
    if (by != null && told[pin] != level) {
      told[pin] = level;
      by.changed(pin, level);
    }
  }
}
