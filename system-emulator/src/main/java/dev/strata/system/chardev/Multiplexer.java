// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.chardev;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One line that a guest's console and a monitor share: both may write, one of them has the keys.
 * Ctrl-A and another key commands the line itself. Thread-safe.
 */
public final class Multiplexer {
  private static final byte ESCAPE = 1; // Ctrl-A
  private static final int MONITOR = 1; // of the inner ends
  private static final byte[] REDRAW = {0x0c}; // Ctrl-L
  private static final String HELP =
      """

      C-a h    print this help
      C-a x    exit emulator
      C-a c    switch between console and monitor
      C-a C-a  sends C-a
      """;

  private final Line outer;
  private final Runnable exit;
  private final List<Inner> inner = List.of(new Inner(), new Inner());
  private int focus; // guarded by this
  private boolean escaped; // guarded by this
  private boolean connected; // guarded by this

  /**
   * A line.
   *
   * @param outer closed by whoever opened it
   * @param exit what the key x does
   */
  public Multiplexer(Line outer, Runnable exit) {
    this.outer = outer;
    this.exit = exit;
  }

  /** The end for the console, which has the keys at first. */
  public Line console() {
    return inner.get(0);
  }

  /** The end for the monitor, which gets the key Ctrl-L before those that are led to it. */
  public Line monitor() {
    return inner.get(MONITOR);
  }

  private final class Inner implements Line {
    private volatile Line.@Nullable Receiver receiver;

    @Override
    public void connect(Receiver taker) {
      receiver = taker;
      synchronized (Multiplexer.this) {
        if (connected) {
          return;
        }
        connected = true;
      }
      outer.connect(Multiplexer.this::receive);
    }

    @Override
    public void ready() {
      outer.ready();
    }

    @Override
    public void write(byte value) {
      outer.write(value);
    }
  }

  private int receive(byte[] bytes, int from, int length) {
    for (int index = 0; index < length; index++) {
      byte value = bytes[from + index];
      boolean command;
      Line.Receiver taker;
      synchronized (this) {
        command = escaped;
        if (!command && value == ESCAPE) {
          escaped = true;
          continue;
        }
        taker = inner.get(focus).receiver;
      }
      boolean literal = command && value == ESCAPE;
      if (command && !literal) {
        command(value);
      } else if (taker != null && taker.receive(bytes, from + index, 1) == 0) {
        return index; // offered again when there is room
      }
      synchronized (this) {
        escaped = false;
      }
    }
    return length;
  }

  private void command(byte key) {
    switch (key) {
      case 'h', '?' -> say(HELP);
      case 'x' -> {
        say("QEMU: Terminated\n");
        exit.run();
      }
      case 'c' -> {
        Line.Receiver monitor = inner.get(MONITOR).receiver;
        boolean leads;
        synchronized (this) {
          focus = 1 - focus;
          leads = focus == MONITOR;
        }
        if (leads && monitor != null) {
          monitor.receive(REDRAW, 0, 1);
        }
      }
      default -> {} // as if nothing had been pressed
    }
  }

  private void say(String text) {
    for (byte value : text.replace("\n", "\r\n").getBytes(US_ASCII)) {
      outer.write(value);
    }
  }
}
