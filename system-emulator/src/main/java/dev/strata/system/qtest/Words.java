// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.qtest;

/** A line of the protocol: a command and its arguments, a blank between them. */
final class Words {
  private final String[] words;

  /** The words of a line. */
  Words(String line) {
    words = line.split(" ", -1);
  }

  String command() {
    return words[0];
  }

  boolean has(int index) {
    return index < words.length;
  }

  /** Argument {@code index}, from 1 on. */
  String text(int index) throws RefusalException {
    if (!has(index) || words[index].isEmpty()) {
      throw new RefusalException("FAIL " + command() + ": argument " + index + " is missing");
    }
    return words[index];
  }

  /**
   * Argument {@code index} as 64 bits: decimal, octal behind a 0, hexadecimal behind 0x; with a
   * minus sign the two's complement.
   */
  long number(int index) throws RefusalException {
    String text = text(index);
    boolean negative = text.startsWith("-");
    String digits = negative || text.startsWith("+") ? text.substring(1) : text;
    int radix = 10;
    if (digits.startsWith("0x") || digits.startsWith("0X")) {
      digits = digits.substring(2);
      radix = 16;
    } else if (digits.startsWith("0")) {
      radix = 8;
    }
    try {
      if (digits.startsWith("-") || digits.startsWith("+")) {
        throw new NumberFormatException(digits);
      }
      long value = Long.parseUnsignedLong(digits, radix);
      return negative ? -value : value;
    } catch (NumberFormatException _) {
      throw new RefusalException("FAIL " + command() + ": '" + text + "' is not a number");
    }
  }

  /** Argument {@code index}, which is at least 0 and at most {@code most}. */
  long number(int index, long most) throws RefusalException {
    long value = number(index);
    if (value < 0 || value > most) {
      throw new RefusalException(
          "FAIL " + command() + ": " + words[index] + " is not within 0 to " + most);
    }
    return value;
  }

  /** Argument {@code index} as a count of bytes: 1 to {@code most}. */
  int size(int index, int most) throws RefusalException {
    long value = number(index);
    if (value < 1 || value > most) {
      throw new RefusalException("ERR invalid argument size");
    }
    return (int) value;
  }
}
