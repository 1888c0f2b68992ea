// SPDX-License-Identifier: Apache-2.0
package dev.strata.iotool.command;

import dev.strata.block.posix.Posix;
import dev.strata.block.posix.Signals;
import java.util.concurrent.TimeUnit;

/** {@code abort}, {@code sigraise}, {@code sleep} and {@code quit}. */
final class ProcessControl {
  private ProcessControl() {}

  static void abort(Session session, Words words) throws CommandFailure {
    // As abort(3): what is buffered is lost.
    requireSignals();
    Signals.raiseUnhandled(Signals.ABORT);
  }

  static void raise(Session session, Words words) throws CommandFailure {
    long number = Words.number(session, words.get(0));
    if (number > Signals.HIGHEST + 1) {
      throw CommandFailure.result(
          "signal argument '" + words.get(0) + "' is too large to be a valid signal");
    }
    session.flushOutput();
    requireSignals();
    Signals.raiseUnhandled((int) number);
  }

  private static void requireSignals() throws CommandFailure {
    if (!Posix.isAvailable()) {
      throw CommandFailure.error("signals can be raised on Linux only");
    }
  }

  static void sleep(Session session, Words words) throws CommandFailure {
    long millis = Words.integer(words.get(0));
    if (millis < 0) {
      throw CommandFailure.result(words.get(0) + " is not a valid number");
    }
    session.printingResults(() -> {
      pause(millis);
      return null;
    });
  }

  private static void pause(long millis) {
    try {
      TimeUnit.MILLISECONDS.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  static void quit(Session session, Words words) {
    session.quit();
  }
}
