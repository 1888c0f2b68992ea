// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.hmp;

/**
 * How numbers are shown, as {@code /4xw} says it.
 *
 * @param count how many
 * @param letter x, d, u, o, c or i
 * @param size bytes of each: 1, 2, 4 or 8
 */
record NumberFormat(int count, char letter, int size) {
  private static final int MOST = 1 << 16;
  private static final int MOST_DIGITS = 6; // of a count

  /** One word, in hexadecimal digits: what a monitor begins with. */
  static final NumberFormat FIRST = new NumberFormat(1, 'x', 4);

  /** Why a format is none. */
  @SuppressWarnings("serial")
  static final class WrongFormatException extends Exception {
    WrongFormatException(String why) {
      super(why);
    }
  }

  /**
   * This format, changed.
   *
   * @param text what follows the slash; empty for the same again, once
   */
  NumberFormat with(String text) throws WrongFormatException {
    int digits = 0;
    while (digits < text.length() && text.charAt(digits) >= '0' && text.charAt(digits) <= '9') {
      digits++;
    }
    if (digits > MOST_DIGITS) {
      throw new WrongFormatException("at most " + MOST + " units at once");
    }
    int units = digits == 0 ? 1 : Integer.parseInt(text.substring(0, digits));
    if (units > MOST) {
      throw new WrongFormatException("at most " + MOST + " units at once");
    }
    char newLetter = letter;
    int newSize = size;
    for (int index = digits; index < text.length(); index++) {
      char given = text.charAt(index);
      switch (given) {
        case 'x', 'd', 'u', 'o', 'c', 'i' -> newLetter = given;
        case 'b' -> newSize = 1;
        case 'h' -> newSize = 2;
        case 'w' -> newSize = 4;
        case 'g', 'L' -> newSize = 8;
        default -> throw new WrongFormatException("invalid char in format: '" + given + "'");
      }
    }
    return new NumberFormat(units, newLetter, newSize);
  }

  /** Bytes of a unit: characters are bytes, whatever the size. */
  int unit() {
    return letter == 'c' ? 1 : size;
  }

  /** Bytes of all units: words in characters are as long as in numbers. */
  long bytes() {
    return (long) count * size;
  }

  /** Bytes of a line. */
  int line() {
    return letter == 'c' && size == 1 ? 8 : 16;
  }

  /**
   * A unit of memory, as wide as its widest. Of decimals, the reference gives only those of eight
   * bytes a sign.
   *
   * @param value zero-extended
   */
  String shown(long value) {
    int bits = 8 * unit();
    return switch (letter) {
      case 'd' -> padded(String.valueOf(value), (bits * 10 + 32) / 33);
      case 'u' -> padded(Long.toUnsignedString(value), (bits * 10 + 32) / 33);
      case 'o' -> padded(octal(value), (bits + 2) / 3);
      case 'c' -> character(value);
      default -> "0x" + ("%0" + 2 * unit() + "x").formatted(value);
    };
  }

  /** A number alone. */
  String alone(long value) {
    return switch (letter) {
      case 'x' -> value == 0 ? "0" : "0x" + Long.toHexString(value);
      case 'o' -> octal(value);
      case 'u' -> Long.toUnsignedString(value);
      case 'c' -> character(value & 0xff);
      default -> String.valueOf(value);
    };
  }

  private static String padded(String digits, int width) {
    return " ".repeat(Math.max(0, width - digits.length())) + digits;
  }

  private static String octal(long value) {
    return value == 0 ? "0" : "0" + Long.toOctalString(value);
  }

  private static String character(long value) {
    return switch ((int) value) {
      case '\'' -> "'\\''";
      case '\\' -> "'\\\\'";
      case '\n' -> "'\\n'";
      case '\r' -> "'\\r'";
      default ->
          value >= ' ' && value < 0x7f ? "'" + (char) value + "'" : "'\\x%02x'".formatted(value);
    };
  }
}
