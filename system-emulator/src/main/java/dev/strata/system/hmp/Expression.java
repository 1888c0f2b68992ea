// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.hmp;

import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a monitor is told to compute: numbers of 64 bits, registers, the operators of C, in its
 * order but that sums come before the operators on bits.
 */
final class Expression {
  private static final int DEEPEST = 64; // of parentheses and signs

  private final String text;
  private final Function<String, @Nullable Long> registers;
  private int at;
  private int depth;

  /** Why there is no value. */
  @SuppressWarnings("serial")
  static final class WrongExpressionException extends Exception {
    WrongExpressionException(String why) {
      super(why);
    }
  }

  private Expression(String text, Function<String, @Nullable Long> registers) {
    this.text = text;
    this.registers = registers;
  }

  /**
   * The value.
   *
   * @param command whose argument the text is, for messages
   * @param registers the value of a register by its name, or null if there is none
   */
  static long value(String command, String text, Function<String, @Nullable Long> registers)
      throws WrongExpressionException {
    var expression = new Expression(text, registers);
    long value = expression.bits();
    if (expression.peek() != 0) {
      throw new WrongExpressionException(command + ": extraneous characters at the end of line");
    }
    return value;
  }

  /** The next character that is no space; 0 at the end. */
  private char peek() {
    while (at < text.length() && text.charAt(at) == ' ') {
      at++;
    }
    return at < text.length() ? text.charAt(at) : 0;
  }

  private long bits() throws WrongExpressionException {
    long value = sum();
    while (true) {
      char operator = peek();
      if (operator != '&' && operator != '|' && operator != '^') {
        return value;
      }
      at++;
      long other = sum();
      value = operator == '&' ? value & other : operator == '|' ? value | other : value ^ other;
    }
  }

  private long sum() throws WrongExpressionException {
    long value = product();
    while (peek() == '+' || peek() == '-') {
      boolean plus = peek() == '+';
      at++;
      long other = product();
      value = plus ? value + other : value - other;
    }
    return value;
  }

  private long product() throws WrongExpressionException {
    long value = single();
    while (true) {
      char operator = peek();
      if (operator != '*' && operator != '/' && operator != '%') {
        return value;
      }
      at++;
      long other = single();
      if (operator == '*') {
        value *= other;
      } else if (other == 0) {
        throw new WrongExpressionException("division by zero");
      } else {
        value = operator == '/' ? value / other : value % other;
      }
    }
  }

  private long single() throws WrongExpressionException {
    if (++depth > DEEPEST) {
      throw new WrongExpressionException("expression too deep");
    }
    char first = peek();
    long value =
        switch (first) {
          case '+' -> {
            at++;
            yield single();
          }
          case '-' -> {
            at++;
            yield -single();
          }
          case '~' -> {
            at++;
            yield ~single();
          }
          case '(' -> {
            at++;
            long inside = bits();
            if (peek() != ')') {
              throw new WrongExpressionException("')' expected");
            }
            at++;
            yield inside;
          }
          case '$' -> register();
          case '\'' -> character();
          case 0 -> throw new WrongExpressionException("unexpected end of expression");
          default -> number();
        };
    depth--;
    return value;
  }

  private long register() throws WrongExpressionException {
    int start = ++at;
    while (at < text.length() && isPartOfName(text.charAt(at))) {
      at++;
    }
    Long value = registers.apply(text.substring(start, at));
    if (value == null) {
      throw new WrongExpressionException("unknown register");
    }
    return value;
  }

  private static boolean isPartOfName(char letter) {
    return Character.isLetterOrDigit(letter) || letter == '_' || letter == '.';
  }

  private long character() throws WrongExpressionException {
    if (at + 1 >= text.length()) {
      throw new WrongExpressionException("character constant expected");
    }
    char value = text.charAt(at + 1);
    if (at + 2 >= text.length() || text.charAt(at + 2) != '\'') {
      throw new WrongExpressionException("missing terminating ' character");
    }
    at += 3;
    return value;
  }

  private long number() throws WrongExpressionException {
    int start = at;
    int radix = 10;
    if (text.charAt(at) == '0') {
      boolean hexadecimal = text.startsWith("0x", at) || text.startsWith("0X", at);
      radix = hexadecimal ? 16 : 8;
      at += hexadecimal ? 2 : 0;
    }
    int digits = at;
    while (at < text.length() && Character.digit(text.charAt(at), radix) >= 0) {
      at++;
    }
    if (at == digits) {
      throw new WrongExpressionException("invalid char '" + text.charAt(start) + "' in expression");
    }
    try {
      return Long.parseUnsignedLong(text, digits, at, radix);
    } catch (NumberFormatException e) {
      throw new WrongExpressionException("number too large");
    }
  }
}
