// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine;

import org.jspecify.annotations.Nullable;

/**
 * What becomes of a machine when its guest wants something of its surroundings.
 *
 * @param endsAtReset whether it is switched off where it would begin anew
 * @param pausesAtPowerOff whether it stays there, paused, when it is switched off
 * @param panic what is done when the guest says that it panics
 * @see "QEMU qapi/run-state.json, RebootAction, ShutdownAction and PanicAction"
 */
public record Actions(boolean endsAtReset, boolean pausesAtPowerOff, Panic panic) {
  /** What is done about a panic. */
  public enum Panic {
    PAUSE("pause"),
    /** It is switched off. */
    SHUTDOWN("shutdown"),
    /** The same, and whoever started it is told of a failure. */
    EXIT_FAILURE("exit-failure"),
    NONE("none");

    private final String word;

    Panic(String word) {
      this.word = word;
    }

    /** By the reference's word, or null. */
    public static @Nullable Panic named(String word) {
      for (Panic panic : values()) {
        if (panic.word.equals(word)) {
          return panic;
        }
      }
      return null;
    }
  }

  /** As a PC does. */
  public static final Actions DEFAULT = new Actions(false, false, Panic.SHUTDOWN);

  /** The same with another answer to a reset. */
  public Actions withEndAtReset(boolean ends) {
    return new Actions(ends, pausesAtPowerOff, panic);
  }

  /** The same with another answer to being switched off. */
  public Actions withPauseAtPowerOff(boolean pauses) {
    return new Actions(endsAtReset, pauses, panic);
  }

  /** The same with another answer to a panic. */
  public Actions withPanic(Panic answer) {
    return new Actions(endsAtReset, pausesAtPowerOff, answer);
  }
}
