// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine.pc;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.system.qtest.DrivenBoard;
import dev.strata.system.qtest.Protocol;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;

/** A guest by the words of qtest, that remembers what it has said. */
final class DrivenGuest {
  private final UnaryOperator<String> board;
  private final List<String> said = new ArrayList<>();

  /** A guest of a board that answers lines. */
  DrivenGuest(UnaryOperator<String> board) {
    this.board = board;
  }

  /** A guest of a board in this process. */
  static DrivenGuest of(Board board) {
    PcMachine pc = board.machine;
    // Nobody runs the machine: who drives it resets it.
    var driven = new DrivenBoard(pc.memory(), pc.ports(), pc.clock(), pc.pins(), () -> {});
    return new DrivenGuest(new Protocol(driven, line -> {})::answer);
  }

  /** Begins a program. */
  void begin() {
    said.clear();
  }

  /** The program so far. */
  List<String> program() {
    return said;
  }

  String say(String line) {
    said.add(line);
    String answer = board.apply(line);
    assertTrue(
        answer.startsWith("OK") || answer.startsWith("FAIL ") || answer.startsWith("ERR "), answer);
    return answer;
  }

  void out(int port, int bytes, long value) {
    say("out" + letter(bytes) + " " + (port & 0xffff) + " " + value);
  }

  void in(int port, int bytes) {
    say("in" + letter(bytes) + " " + (port & 0xffff));
  }

  void write(long address, int bytes, long value) {
    say("write" + letter(bytes) + " " + address + " " + value);
  }

  void read(long address, int bytes) {
    say("read" + letter(bytes) + " " + address);
  }

  void configure(int slot, int function, int register, int bytes, long value) {
    out(0xcf8, 4, 0x80000000L | slot << 11 | function << 8 | (register & 0xfc));
    out(0xcfc + (register & 3), bytes, value);
  }

  /** An access of any width to any of some ports. */
  void anyPort(Random random, int first, int count) {
    int port = first + random.nextInt(count);
    int bytes = 1 << random.nextInt(3);
    if (random.nextInt(3) == 0) {
      in(port, bytes);
    } else {
      out(port, bytes, anyValue(random));
    }
  }

  /** An access of any width to any of some addresses. */
  void anyAddress(Random random, long first, int count) {
    long address = first + random.nextInt(count);
    int bytes = 1 << random.nextInt(4);
    if (random.nextInt(3) == 0) {
      read(address, bytes);
    } else {
      write(address, bytes, anyValue(random));
    }
  }

  static long anyValue(Random random) {
    return switch (random.nextInt(4)) {
      case 0 -> random.nextInt(256);
      case 1 -> 1L << random.nextInt(64);
      case 2 -> -1;
      default -> random.nextLong();
    };
  }

  private static char letter(int bytes) {
    return switch (bytes) {
      case 1 -> 'b';
      case 2 -> 'w';
      case 4 -> 'l';
      default -> 'q';
    };
  }
}
