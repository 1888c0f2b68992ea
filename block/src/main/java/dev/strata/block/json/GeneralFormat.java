// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.json;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;

/**
 * Floating-point text as C's {@code %g} prints it: so many significant digits, trailing zeroes
 * dropped, an exponent of at least two digits below 1e-4 and from 10^precision on.
 *
 * @see "ISO C, fprintf, conversion g"
 */
public final class GeneralFormat {
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
}
