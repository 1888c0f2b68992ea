// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.option;

import static dev.strata.block.Errno.EINVAL;
import static dev.strata.block.Errno.ERANGE;

import dev.strata.block.BlockException;

/**
 * Whole numbers as C's {@code strtoull} reads them in base 0: decimal, octal after {@code 0},
 * hexadecimal after {@code 0x}; a minus sign wraps around.
 */
final class UnsignedNumber {
  private UnsignedNumber() {}

  /** The number, as 64 bits; EINVAL when {@code text} is none, ERANGE beyond 2^64 - 1. */
  static long parse(String text) throws BlockException {
    int length = text.length();
    int i = 0;
    while (i < length
        && (text.charAt(i) == ' ' || (text.charAt(i) >= '\t' && text.charAt(i) <= '\r'))) {
      i++;
    }
    boolean negative = i < length && text.charAt(i) == '-';
    if (negative || (i < length && text.charAt(i) == '+')) {
      i++;
    }
    int radix = 10;
    if (i < length && text.charAt(i) == '0') {
      boolean hexadecimal = i + 2 < length && (text.charAt(i + 1) | 0x20) == 'x';
      radix = hexadecimal ? 16 : 8;
      i += hexadecimal ? 2 : 0;
    }
    if (i == length) {
      throw BlockException.of(EINVAL);
    }
    long value = 0;
    boolean overflow = false;
    for (; i < length; i++) {
      char c = text.charAt(i);
      int digit = c < 0x80 ? Character.digit(c, radix) : -1;
      if (digit < 0) {
        throw BlockException.of(EINVAL);
      }
      overflow |= Long.compareUnsigned(value, Long.divideUnsigned(-1L - digit, radix)) > 0;
      value = value * radix + digit;
    }
    if (overflow) {
      throw BlockException.of(ERANGE);
    }
    return negative ? -value : value;
  }
}
