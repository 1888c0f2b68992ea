// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.option;

import static dev.strata.block.Errno.EINVAL;
import static dev.strata.block.Errno.ERANGE;

import dev.strata.block.BlockException;
import dev.strata.block.json.GeneralFormat;
import org.jspecify.annotations.Nullable;

/**
 * Sizes as users write and read them: {@code 64k}, {@code 1.5G}, {@code 0x200}; {@code 1.5 GiB}.
 *
 * <p>A size is decimal digits, optionally with a fraction, or hexadecimal digits after {@code 0x};
 * then at most one of the suffixes B, K, M, G, T, P and E (powers of 1024), in either case. White
 * space and a plus sign may precede. A fraction needs a suffix that makes it whole bytes or more;
 * what is less than a byte is cut off.
 */
public final class Size {
  private static final String UNITS = "KMGTPE";

  private Size() {}

  /**
   * The size in bytes, 0 to 2^64 - 1, as an unsigned number.
   *
   * @throws BlockException EINVAL when {@code text} is no size, ERANGE when it is 2^64 or more; the
   *     message is the system's words only, callers have their own
   */
  public static long parse(String text) throws BlockException {
    return parse(text, 0);
  }

  /**
   * As {@link #parse(String)}, for places where a number without a suffix counts in another unit.
   *
   * @param defaultShift the power of two that a missing suffix means, 0 to 60
   */
  public static long parse(String text, int defaultShift) throws BlockException {
    int length = text.length();
    int i = skipSpace(text);
    boolean negative = i < length && text.charAt(i) == '-';
    if (negative || (i < length && text.charAt(i) == '+')) {
      i++;
    }
    boolean hexadecimal =
        i + 2 < length
            && text.charAt(i) == '0'
            && (text.charAt(i + 1) | 0x20) == 'x'
            && digit(text.charAt(i + 2), 16) >= 0;
    int radix = hexadecimal ? 16 : 10;
    i += hexadecimal ? 2 : 0;
    int digitsStart = i;
    long whole = 0;
    boolean overflow = false;
    for (; i < length && digit(text.charAt(i), radix) >= 0; i++) {
      int digit = digit(text.charAt(i), radix);
      overflow |= Long.compareUnsigned(whole, Long.divideUnsigned(-1L - digit, radix)) > 0;
      whole = whole * radix + digit;
    }
    // The reference takes nothing behind digits that overflow, not even a suffix.
    if (i == digitsStart || (overflow && i < length)) {
      throw BlockException.of(EINVAL);
    }
    double fraction = 0;
    if (!hexadecimal && i < length && text.charAt(i) == '.') {
      int fractionStart = i++;
      while (i < length && digit(text.charAt(i), 10) >= 0) {
        i++;
      }
      if (i > fractionStart + 1) {
        fraction = Double.parseDouble("0" + text.substring(fractionStart, i));
      }
    }
    int shift = defaultShift;
    if (i < length) {
      shift = shift(text.charAt(i));
      i++;
    }
    if (shift < 0 || i < length) {
      throw BlockException.of(EINVAL);
    }
    // A negative decimal number that overflows is out of range to the reference, a hexadecimal one
    // is invalid.
    if (negative && (hexadecimal || !overflow)) {
      throw BlockException.of(EINVAL);
    }
    if (overflow) {
      throw BlockException.of(ERANGE);
    }
    return scale(whole, fraction, shift);
  }

  private static long scale(long whole, double fraction, int shift) throws BlockException {
    // A fraction that rounds to one is dropped, as it is by the reference: 1.99999999999999999999G.
    if (fraction > 0 && fraction < 1 && shift == 0) {
      throw BlockException.of(EINVAL);
    }
    if (whole != 0 && Long.numberOfLeadingZeros(whole) < shift) {
      throw BlockException.of(ERANGE);
    }
    long bytes = whole << shift;
    long rest = fraction < 1 ? (long) (fraction * (1L << shift)) : 0;
    if (Long.compareUnsigned(bytes, -1L - rest) > 0) {
      throw BlockException.of(ERANGE);
    }
    return bytes + rest;
  }

  /**
   * The warning the reference prints for a suffix on a hexadecimal size, or null: {@code text} must
   * be one that {@link #parse} takes.
   */
  public static @Nullable String deprecation(String text) {
    int i = skipSpace(text);
    char last = text.isEmpty() ? '0' : text.charAt(text.length() - 1);
    boolean hexadecimal =
        i + 1 < text.length() && text.charAt(i) == '0' && (text.charAt(i + 1) | 0x20) == 'x';
    return hexadecimal && digit(last, 16) < 0
        ? "Using a multiplier suffix on hex numbers is deprecated: " + text
        : null;
  }

  /**
   * {@code bytes} for people: three significant digits in the largest binary unit that keeps them
   * below 1000: {@code 0 B}, {@code 196 KiB}, {@code 0.977 MiB}, {@code 1.5 GiB}.
   *
   * @param bytes unsigned
   */
  public static String human(long bytes) {
    double value = (double) (bytes >>> 1) * 2.0 + (bytes & 1);
    int unit = -1;
    while (value >= 1000 && unit < UNITS.length() - 1) {
      value /= 1024;
      unit++;
    }
    String number = GeneralFormat.of(value, 3);
    return unit < 0 ? number + " B" : number + " " + UNITS.charAt(unit) + "iB";
  }

  private static int skipSpace(String text) {
    int i = 0;
    while (i < text.length() && (text.charAt(i) == ' ' || isControlSpace(text.charAt(i)))) {
      i++;
    }
    return i;
  }

  private static boolean isControlSpace(char c) {
    return c >= '\t' && c <= '\r';
  }

  /** The power of two of a suffix, or -1. */
  private static int shift(char suffix) {
    return switch (suffix) {
      case 'B', 'b' -> 0;
      case 'K', 'k' -> 10;
      case 'M', 'm' -> 20;
      case 'G', 'g' -> 30;
      case 'T', 't' -> 40;
      case 'P', 'p' -> 50;
      case 'E', 'e' -> 60;
      default -> -1;
    };
  }

  private static int digit(char c, int radix) {
    return c < 0x80 ? Character.digit(c, radix) : -1;
  }
}
