// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.chardev;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One line that a guest's consoles and monitors share: all may write, one of them has the keys.
 * Ctrl-A and another key commands the line itself. Thread-safe.
 */
public final class Multiplexer {
  private static final byte ESCAPE = 1; // Ctrl-A
  private static final int MOST_ENDS = 4;
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
  private final List<Inner> consoles = new ArrayList<>(); // guarded by this
  private final List<Inner> monitors = new ArrayList<>(); // guarded by this
  private int focus; // of the consoles, then the monitors; guarded by this
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

  /** Another end, for a console; it has the keys at first if it is the last one. */
  public synchronized Line console() throws BlockException {
    requireRoom();
    var end = new Inner();
    consoles.add(end);
    focus = consoles.size() - 1;
    return end;
  }

  /** Another end, for a monitor, which gets the key Ctrl-L before those that are led to it. */
  public synchronized Line monitor() throws BlockException {
    requireRoom();
    var end = new Inner();
    monitors.add(end);
    return end;
  }

  private void requireRoom() throws BlockException {
    if (consoles.size() + monitors.size() == MOST_ENDS) {
      throw new BlockException(
          Errno.EBUSY, "a character device is shared by at most " + MOST_ENDS + " others");
    }
  }

  /** Who has the keys; the lock is held. */
  private Inner focused() {
    return focus < consoles.size() ? consoles.get(focus) : monitors.get(focus - consoles.size());
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
        taker = focused().receiver;
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
        Line.Receiver monitor;
        boolean leads;
        synchronized (this) {
          focus = (focus + 1) % (consoles.size() + monitors.size());
          leads = focus >= consoles.size();
          monitor = focused().receiver;
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
