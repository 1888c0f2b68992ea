// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.qtest;

import dev.strata.system.clock.VirtualClock;
import dev.strata.system.machine.ChipPins;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The commands of qtest: each line has one answer, and before it, or at any other time, lines tell
 * of interrupts. Sizes and times are bounded; what is malformed is answered by {@code FAIL}.
 *
 * <p>For one thread; interrupts are told by others too.
 *
 * @see "QEMU 7.2, what its programs answer"
 */
public final class Protocol {
  /** The furthest that time is set to: two years and more, in nanoseconds. */
  static final long LAST_MOMENT = 1L << 56;

  // A step in which timers ring more often than this would not end in anybody's lifetime.
  private static final int MOST_RINGS = 10_000_000;

  private static final int PORTS = 0x10000;

  private final DrivenBoard board;
  private final MemoryCommands memory;
  private final Interrupts interrupts;
  private @Nullable ChipPins watched;

  /**
   * A conversation about a board.
   *
   * @param events takes lines about interrupts
   */
  public Protocol(DrivenBoard board, Consumer<String> events) {
    this.board = board;
    memory = new MemoryCommands(board.memory());
    interrupts = new Interrupts(events);
  }

  /** Carries a command out: the answer. */
  public String answer(String line) {
    interrupts.enter();
    try {
      String answer = carryOut(new Words(line));
      board.settle().run();
      ringDue();
      return answer;
    } catch (RefusalException e) {
      return String.valueOf(e.getMessage());
    } finally {
      interrupts.leave();
    }
  }

  /** What armed a timer for now, or for a moment that is past, has it ring. */
  private void ringDue() {
    VirtualClock clock = board.clock();
    if (clock != null) {
      ringUntil(clock, clock.nanos());
    }
  }

  /** Somebody else speaks from now on: nothing is told yet of any interrupt. */
  void begin() {
    if (watched != null) {
      watched.watch(interrupts);
    }
  }

  private String carryOut(Words words) throws RefusalException {
    String command = words.command();
    return switch (command) {
      case "inb", "inw", "inl" -> {
        int width = MemoryCommands.width(command);
        yield "OK 0x" + hex((int) board.ports().read(words.number(1, PORTS - 1), width));
      }
      case "outb", "outw", "outl" -> {
        int port = (int) words.number(1, PORTS - 1);
        board.ports().write(port, MemoryCommands.width(command), words.number(2));
        yield "OK";
      }
      case "endianness" -> "OK little";
      case "irq_intercept_in" -> intercept(words, true);
      case "irq_intercept_out" -> intercept(words, false);
      case "set_irq_in" -> drive(words);
      case "module_load" -> "FAIL"; // there are no modules to load
      case "clock_step", "clock_set" -> {
        VirtualClock clock = board.clock();
        yield clock == null ? unknown(words) : time(words, clock);
      }
      default -> {
        String answer = memory.answer(words);
        yield answer == null ? unknown(words) : answer;
      }
    };
  }

  private static String unknown(Words words) {
    return "FAIL Unknown command '" + words.command() + "'";
  }

  private static String hex(int value) {
    String digits = Integer.toHexString(value);
    return "0".repeat(Math.max(0, 4 - digits.length())) + digits;
  }

  // Interrupts

  private String intercept(Words words, boolean inputs) throws RefusalException {
    ChipPins pins = board.pins(words.text(1), inputs);
    if (pins == null) {
      return "FAIL Unknown device";
    }
    if (watched == pins) {
      return "OK";
    }
    if (watched != null) {
      return "FAIL IRQ intercept already enabled";
    }
    watched = pins;
    pins.watch(interrupts);
    return "OK";
  }

  private String drive(Words words) throws RefusalException {
    ChipPins pins = board.pins(words.text(1), true);
    if (pins == null) {
      return "FAIL Unknown device";
    }
    if (!words.text(2).equals("unnamed-gpio-in")) {
      return "FAIL Unknown device: it has no pins " + words.text(2);
    }
    int pin = (int) words.number(3, pins.count() - 1);
    pins.pin(pin).set(words.number(4) != 0);
    return "OK";
  }

  // Time

  private String time(Words words, VirtualClock clock) throws RefusalException {
    long now = clock.nanos();
    long until;
    if (words.command().equals("clock_set")) {
      until = words.number(1, LAST_MOMENT);
    } else if (words.has(1)) {
      // A step back is none.
      until = now + Math.max(0, words.number(1));
    } else {
      long next = clock.nextDeadline();
      until = next == Long.MAX_VALUE ? now : next;
    }
    if (until < 0 || until > LAST_MOMENT) {
      return "FAIL " + words.command() + ": time ends at " + LAST_MOMENT;
    }
    if (!ringUntil(clock, until)) {
      return "FAIL " + words.command() + ": more than " + MOST_RINGS + " timers ring until then";
    }
    return "OK " + clock.nanos();
  }

  private boolean ringUntil(VirtualClock clock, long until) {
    for (int rings = 0; clock.ringNext(until); rings++) {
      interrupts.tell();
      if (rings == MOST_RINGS) {
        return false;
      }
    }
    return true;
  }
}
