// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.qtest;

import dev.strata.system.machine.ChipPins;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Lines about interrupts on their way out. Chips hold locks when they tell of a change, so that
 * nothing is written at once: the thread that carries commands out writes when it holds none, and
 * for changes on other threads one of its own does.
 *
 * <p>Of a client that does not read, as many lines wait as there is room for; it loses later ones.
 */
final class Interrupts implements ChipPins.Watcher {
  private static final int ROOM = 1 << 16;

  private final ArrayBlockingQueue<String> waiting = new ArrayBlockingQueue<>(ROOM);
  private final Consumer<String> out;
  private volatile @Nullable Thread driver; // while it carries a command out

  Interrupts(Consumer<String> out) {
    this.out = out;
  }

  @Override
  public void changed(int pin, boolean level) {
    boolean kept = waiting.offer((level ? "IRQ raise " : "IRQ lower ") + pin);
    if (kept && driver != Thread.currentThread()) {
      Thread.startVirtualThread(this::tell);
    }
  }

  /** A command begins, on this thread. */
  void enter() {
    driver = Thread.currentThread();
  }

  /** It is over, but for its answer. */
  void leave() {
    tell();
    driver = null;
  }

  /** Writes what waits; with no lock of the board held. */
  synchronized void tell() {
    for (String line = waiting.poll(); line != null; line = waiting.poll()) {
      out.accept(line);
    }
  }
}
