// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.commandline;

import dev.strata.block.posix.Posix;
import dev.strata.block.posix.Signals;
import org.jspecify.annotations.Nullable;

/**
 * Hears the signal that asks how far a command is.
 *
 * <p>The JVM would handle signals for us only together with those that end a program, which are to
 * end it as they end any other. So the launcher blocks USR1 before the JVM starts, all its threads
 * inherit that, and one of them waits for it.
 */
final class ProgressSignal {
  private volatile boolean pending;

  private ProgressSignal() {}

  /** Hears from now on; null where the signal is not blocked, and so ends the process. */
  static @Nullable ProgressSignal watch() {
    if (!Posix.isAvailable() || !Signals.isBlocked(Signals.USER_1)) {
      return null;
    }
    var signal = new ProgressSignal();
    Thread.ofPlatform().daemon().name("signals").start(signal::listen);
    return signal;
  }

  private void listen() {
    while (Signals.await(Signals.USER_1)) {
      pending = true;
    }
  }

  /** Whether somebody asks. */
  boolean isPending() {
    return pending;
  }

  /** Whether somebody asks, who is answered now. */
  boolean take() {
    if (!pending) {
      return false;
    }
    pending = false;
    return true;
  }
}
