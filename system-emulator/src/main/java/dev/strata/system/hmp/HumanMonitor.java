// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.hmp;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.strata.system.chardev.Line;

/** A monitor at a line: reads commands, key by key, and shows their answers. */
public final class HumanMonitor {
  private static final String GREETING =
      "QEMU 7.2.22 monitor - type 'help' for more information\r\n";
  private static final String PROMPT = "(qemu) ";
  private static final int LONGEST_LINE = 4095;
  private static final char END_OF_LINE = '\r';
  private static final char CLEAR = 0x15; // Ctrl-U
  private static final char REDRAW = 0x0c; // Ctrl-L
  private static final char DELETE = 0x7f;
  private static final char BACK = '\b';

  private final Line line;
  private final MonitorCommands commands;
  // Of the one thread that brings bytes.
  private final StringBuilder typed = new StringBuilder();
  private boolean greeted;

  private HumanMonitor(Line line, MonitorCommands commands) {
    this.line = line;
    this.commands = commands;
  }

  /**
   * Begins to listen.
   *
   * @param silent whether it says nothing before the key Ctrl-L: the line is shared
   */
  public static void open(Line line, MonitorCommands commands, boolean silent) {
    var monitor = new HumanMonitor(line, commands);
    line.connect(
        new Line.Receiver() {
          @Override
          public int receive(byte[] bytes, int from, int length) {
            return monitor.receive(bytes, from, length);
          }

          @Override
          public void opened() {
            if (!silent) {
              monitor.greet();
            }
          }
        });
  }

  /** Somebody new is there. */
  private void greet() {
    greeted = false;
    typed.setLength(0);
    draw();
  }

  private void draw() {
    say((greeted ? "\r\n" : GREETING) + PROMPT + typed);
    greeted = true;
  }

  private void say(String text) {
    for (byte value : text.getBytes(UTF_8)) {
      line.write(value);
    }
  }

  private int receive(byte[] bytes, int from, int length) {
    for (int index = from; index < from + length; index++) {
      key((char) (bytes[index] & 0xff));
    }
    return length;
  }

  private void key(char key) {
    switch (key) {
      case END_OF_LINE, '\n' -> {
        say("\r\n");
        String answer = commands.run(typed.toString());
        typed.setLength(0);
        // Who has ended the machine is not asked for more.
        say(answer.replace("\n", "\r\n") + (commands.isOver() ? "" : PROMPT));
        commands.answered();
      }
      case DELETE, BACK -> {
        if (!typed.isEmpty()) {
          typed.setLength(typed.length() - 1);
          say("\b \b");
        }
      }
      case REDRAW -> draw();
      case CLEAR -> {
        say("\b \b".repeat(typed.length()));
        typed.setLength(0);
      }
      default -> {
        if (key >= ' ' && key < DELETE && typed.length() < LONGEST_LINE) {
          typed.append(key);
          say(String.valueOf(key));
        }
      }
    }
  }
}
