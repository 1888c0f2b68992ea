// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.json;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import org.jspecify.annotations.Nullable;

/**
 * Floating-point text as C's {@code %g} prints it: so many significant digits, trailing zeroes
 * dropped, an exponent of at least two digits below 1e-4 and from 10^precision on.
 *
 * @see "ISO C, fprintf, conversion g"
 */
public final class GeneralFormat {
  /** Up to this precision a double of at least 1 times a power of ten is exact in 63 bits. */
  private static final int MAX_SHORT = 4;

  private static final int[] POWERS = {1, 10, 100, 1000, 10_000};

  private GeneralFormat() {}

  /** {@code value} with at most {@code precision} significant digits, at least 1. */
  public static String of(double value, int precision) {
    if (Double.isNaN(value)) {
      return "nan";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "inf" : "-inf";
    }
    if (value == 0) {
      return 1 / value < 0 ? "-0" : "0";
    }
    if (precision <= MAX_SHORT && value >= 1 && value < POWERS[precision]) {
      String text = inLong(value, precision);
      if (text != null) {
        return text;
      }
    }
    // The decimal of the double is exact, so this rounds half to even of exact ties only, as C
    // does.
    BigDecimal rounded =
        new BigDecimal(value)
            .round(new MathContext(precision, RoundingMode.HALF_EVEN))
            .stripTrailingZeros();
    int exponent = rounded.precision() - rounded.scale() - 1;
    if (exponent >= -4 && exponent < precision) {
      return rounded.toPlainString();
    }
    String digits = rounded.unscaledValue().abs().toString();
    var out = new StringBuilder();
    if (rounded.signum() < 0) {
      out.append('-');
    }
    out.append(digits.charAt(0));
    if (digits.length() > 1) {
      out.append('.').append(digits, 1, digits.length());
    }
    out.append('e').append(exponent < 0 ? '-' : '+');
    int magnitude = Math.abs(exponent);
    if (magnitude < 10) {
      out.append('0');
    }
    return out.append(magnitude).toString();
  }

  /** As {@link #of}, for sizes; without loading what calculates with large numbers. */
  private static @Nullable String inLong(double value, int precision) {
    int decimals = precision - 1;
    while (decimals > 0 && value >= POWERS[precision - decimals]) {
      decimals--;
    }
    int shift = 52 - Math.getExponent(value);
    long mantissa = (Double.doubleToRawLongBits(value) & ((1L << 52) - 1)) | (1L << 52);
    long exact = mantissa * POWERS[decimals];
    long digits = exact >>> shift;
    long rest = exact & ((1L << shift) - 1);
    long half = 1L << shift >>> 1;
    if (rest > half || (rest == half && (digits & 1) == 1)) {
      digits++;
    }
    if (digits >= POWERS[precision]) {
      return null; // rounded up to one digit more
    }
    while (decimals > 0 && digits % 10 == 0) {
      digits /= 10;
      decimals--;
    }
    String text = Long.toString(digits);
    int point = text.length() - decimals;
    return decimals == 0 ? text : text.substring(0, point) + "." + text.substring(point);
  }
}
