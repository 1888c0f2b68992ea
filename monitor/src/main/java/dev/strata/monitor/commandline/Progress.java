// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.commandline;

import dev.strata.block.ProgressListener;
import dev.strata.block.option.Size;
import java.io.PrintStream;

/**
 * Shows how far a command is: {@code (12.34/100%)} as the reference prints it, or a line of JSON
 * for each step, for programs. Thread-safe.
 */
public final class Progress implements ProgressListener, AutoCloseable {
  /** What is shown. */
  public enum Style {
    NONE,
    PERCENT,
    JSON
  }

  private static final double STEP = 1.0; // per cent
  private static final double NANOS = 1e9;

  private final PrintStream out;
  private final Style style;
  private final double step;
  private final long started = System.nanoTime();
  private double shown = -STEP; // guarded by this
  private long lastDone; // guarded by this
  private long lastTotal; // guarded by this

  /** Shows on {@code out}. */
  public Progress(PrintStream out, Style style) {
    this.out = out;
    this.style = style;
    this.step = STEP;
    if (style == Style.PERCENT) {
      print(0);
    }
  }

  @Override
  public synchronized void progress(long done, long total) {
    lastDone = done;
    lastTotal = total;
    if (style == Style.NONE) {
      return;
    }
    double percent = total <= 0 ? 100 : 100.0 * done / total;
    if (percent >= 100 ? shown >= 100 : percent < shown + step) {
      return;
    }
    shown = percent;
    print(percent);
  }

  private void print(double percent) {
    switch (style) {
      case NONE -> {}
      case PERCENT -> out.print("    (" + hundredths(percent) + "/100%)\r");
      case JSON -> {
        double seconds = (System.nanoTime() - started) / NANOS;
        double rate = seconds > 0 ? lastDone / seconds : 0;
        long left = rate > 0 ? Math.round((lastTotal - lastDone) / rate) : -1;
        out.print(
            "{\"transferred\": "
                + lastDone
                + ", \"total\": "
                + lastTotal
                + ", \"elapsed\": "
                + hundredths(seconds)
                + ", \"rate\": "
                + Math.round(rate)
                + (left >= 0 ? ", \"left\": " + left : "")
                + "}\n");
      }
    }
    out.flush();
  }

  private static String hundredths(double value) {
    long rounded = Math.round(value * 100);
    long fraction = rounded % 100;
    return rounded / 100 + (fraction < 10 ? ".0" : ".") + fraction;
  }

  /** How far it is now, for a signal's sake: a line with sizes. */
  public synchronized String status() {
    return Size.human(lastDone) + " of " + Size.human(lastTotal);
  }

  /** All is done: what is shown is complete. */
  public synchronized void finish() {
    if (style != Style.NONE) {
      lastDone = lastTotal;
      print(100);
    }
  }

  @Override
  public synchronized void close() {
    if (style == Style.PERCENT) {
      out.print("\n");
      out.flush();
    }
  }
}
