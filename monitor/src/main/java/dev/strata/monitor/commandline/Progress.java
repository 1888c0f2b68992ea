// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.commandline;

import dev.strata.block.ProgressListener;
import dev.strata.block.option.Size;
import java.io.PrintStream;
import org.jspecify.annotations.Nullable;

/**
 * Shows how far a command is: {@code (12.34/100%)} as the reference prints it, on a terminal with
 * the rate and the time that is left, or a line of JSON for each step, for programs. A signal USR1
 * has one line printed, also where nothing else is shown. Thread-safe.
 */
public final class Progress implements ProgressListener, AutoCloseable {
  /** What is shown. */
  public enum Style {
    NONE,
    PERCENT,
    JSON;

    /** What {@code -p} and {@code --progress=json} ask for. */
    public static Style of(boolean percent, boolean json) {
      return json ? JSON : percent ? PERCENT : NONE;
    }
  }

  /** What is counted. */
  public enum Unit {
    BYTES,
    STEPS
  }

  private static final double STEP = 1.0; // per cent
  private static final double NANOS = 1e9;
  private static final int LINE_WIDTH = 60;

  private final PrintStream out;
  private final Style style;
  private final Unit unit;
  private final boolean onTerminal;
  private final @Nullable ProgressSignal signal;
  private final Terminal terminal;
  private final long started = System.nanoTime();
  private double shown = -STEP; // per cent; guarded by this
  private long lastDone; // guarded by this
  private long lastTotal; // guarded by this

  /** Shows on a terminal how many bytes are done. */
  public Progress(Terminal terminal, Style style) {
    this(terminal, style, Unit.BYTES);
  }

  /** Shows on a terminal how much is done. */
  public Progress(Terminal terminal, Style style, Unit unit) {
    this.terminal = terminal;
    this.out = terminal.out();
    this.style = style;
    this.unit = unit;
    this.onTerminal = style == Style.PERCENT && terminal.isInteractive();
    // As with the reference, the signal says nothing new where the percentage is shown anyway.
    this.signal = style == Style.PERCENT ? null : ProgressSignal.watch();
    if (style == Style.PERCENT) {
      print(0);
    }
  }

  @Override
  public boolean isWatched() {
    return style != Style.NONE || (signal != null && signal.isPending());
  }

  @Override
  public synchronized void progress(long done, long total) {
    lastDone = done;
    lastTotal = total;
    double percent = total <= 0 ? 100 : 100.0 * done / total;
    answerSignal(percent);
    if (style == Style.NONE) {
      return;
    }
    // What goes back is shown at once: more turned out to be left.
    if (percent >= 100 ? shown >= 100 : percent >= shown && percent < shown + STEP) {
      return;
    }
    shown = percent;
    print(percent);
  }

  private void answerSignal(double percent) {
    if (signal != null && signal.take()) {
      terminal.line(percentage(percent));
    }
  }

  private static String percentage(double percent) {
    return "    (" + hundredths(percent) + "/100%)";
  }

  private void print(double percent) {
    switch (style) {
      case NONE -> {}
      case PERCENT -> out.print((onTerminal ? detailed(percent) : percentage(percent)) + "\r");
      case JSON -> out.print(json());
    }
    out.flush();
  }

  private double seconds() {
    return (System.nanoTime() - started) / NANOS;
  }

  /** In units a second, 0 if that cannot be told yet. */
  private double rate() {
    double seconds = seconds();
    return seconds > 0 ? lastDone / seconds : 0;
  }

  /** In seconds, -1 if that cannot be told yet. */
  private long secondsLeft() {
    double rate = rate();
    return rate > 0 ? Math.round((lastTotal - lastDone) / rate) : -1;
  }

  /** What fits on a line, padded to cover the line before. */
  private String detailed(double percent) {
    var line = new StringBuilder(percentage(percent));
    if (lastDone > 0 && unit == Unit.BYTES) {
      line.append("  ").append(Size.human(Math.round(rate()))).append("/s");
    }
    long left = secondsLeft();
    if (left >= 0 && percent < 100) {
      line.append("  ").append(clock(left)).append(" left");
    }
    return line.append(" ".repeat(Math.max(0, LINE_WIDTH - line.length()))).toString();
  }

  private static String clock(long seconds) {
    long hours = seconds / 3600;
    long minutes = seconds / 60 % 60;
    String start = hours > 0 ? hours + ":" + twoDigits(minutes) : Long.toString(minutes);
    return start + ":" + twoDigits(seconds % 60);
  }

  private static String twoDigits(long value) {
    return (value < 10 ? "0" : "") + value;
  }

  private String json() {
    long left = secondsLeft();
    return "{\"transferred\": "
        + lastDone
        + ", \"total\": "
        + lastTotal
        + ", \"elapsed\": "
        + hundredths(seconds())
        + ", \"rate\": "
        + Math.round(rate())
        + (left >= 0 ? ", \"time-left\": " + left : "")
        + "}\n";
  }

  private static String hundredths(double value) {
    long rounded = (long) Math.rint(value * 100);
    long fraction = rounded % 100;
    return rounded / 100 + (fraction < 10 ? ".0" : ".") + fraction;
  }

  /** All is done: what is shown is complete. */
  public synchronized void finish() {
    lastDone = lastTotal;
    answerSignal(100);
    // The reference prints the end twice, which a reader of percentages may wait for.
    if (style == Style.PERCENT || (style == Style.JSON && shown < 100)) {
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
