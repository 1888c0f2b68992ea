// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.qtest;

import java.io.PrintStream;
import java.util.Locale;
import java.util.function.LongSupplier;

/** What is said on a qtest line and when, in lines. Thread-safe. */
public final class Log {
  private final PrintStream out;
  private final LongSupplier nanos;
  private long opened; // guarded by this

  /**
   * A log.
   *
   * @param nanos a monotonic clock
   */
  public Log(PrintStream out, LongSupplier nanos) {
    this.out = out;
    this.nanos = nanos;
  }

  /** A client has come. */
  synchronized void opened() {
    opened = nanos.getAsLong();
    out.println("[I 0.000000] OPENED");
    out.flush();
  }

  /** The client has gone. */
  void closed() {
    line('I', "CLOSED");
  }

  void received(String text) {
    line('R', text);
  }

  void sent(String text) {
    line('S', text);
  }

  private synchronized void line(char kind, String text) {
    double seconds = (nanos.getAsLong() - opened) / 1e9;
    out.println(String.format(Locale.ROOT, "[%c +%.6f] %s", kind, seconds, text));
    out.flush();
  }
}
