// SPDX-License-Identifier: Apache-2.0
package dev.strata.iotool.command;

import java.math.BigDecimal;
import java.math.RoundingMode;

/** Amounts of bytes, and times, as the reference prints them. */
final class Quantity {
  private static final String UNITS = "KMGTPE";

  private Quantity() {}

  /** {@code 512 bytes}, {@code 1.500 KiB}, {@code 64 KiB}: three decimals, but not of a whole. */
  static String bytes(double bytes) {
    int unit = -1;
    double scaled = bytes;
    while (scaled >= 1024 && unit < UNITS.length() - 1) {
      scaled /= 1024;
      unit++;
    }
    BigDecimal rounded = new BigDecimal(scaled).setScale(3, RoundingMode.HALF_EVEN);
    BigDecimal whole = rounded.setScale(0, RoundingMode.DOWN);
    String number;
    if (rounded.compareTo(whole) == 0) {
      number = whole.toPlainString();
    } else {
      number = unit < 0 ? fixed(scaled, 6) : rounded.toPlainString();
    }
    return unit < 0 ? number + " bytes" : number + " " + UNITS.charAt(unit) + "iB";
  }

  /** As C's {@code %.Nf}. */
  static String fixed(double value, int decimals) {
    return new BigDecimal(value).setScale(decimals, RoundingMode.HALF_EVEN).toPlainString();
  }

  /** {@code 00.08 sec}; {@code 0:02:03.04} from a minute on or if a program is to read it. */
  static String time(long nanos, boolean forProgram) {
    long hundredths = nanos / 10_000_000;
    long seconds = hundredths / 100;
    String rest = two(seconds % 60) + "." + two(hundredths % 100);
    if (seconds < 60 && !forProgram) {
      return rest + " sec";
    }
    return seconds / 3600 + ":" + two(seconds / 60 % 60) + ":" + rest;
  }

  private static String two(long value) {
    return value < 10 ? "0" + value : Long.toString(value);
  }
}
