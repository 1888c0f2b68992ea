// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.json;

/**
 * A JSON number, exact for -2^63 to 2^64 - 1, a double beyond that and with a fraction or exponent.
 *
 * @param kind what {@code bits} are
 * @param bits the whole number, or the double's {@link Double#doubleToRawLongBits bits}
 */
public record JsonNumber(Kind kind, long bits) implements JsonValue {

  /** How a number is held. */
  public enum Kind {
    /** -2^63 to 2^63 - 1. */
    SIGNED,
    /** 2^63 to 2^64 - 1. */
    UNSIGNED,
    /** Any other. */
    DOUBLE
  }

  /** A signed whole number. */
  public static JsonNumber of(long value) {
    return new JsonNumber(Kind.SIGNED, value);
  }

  /** An unsigned whole number, 0 to 2^64 - 1. */
  public static JsonNumber ofUnsigned(long bits) {
    return new JsonNumber(bits >= 0 ? Kind.SIGNED : Kind.UNSIGNED, bits);
  }

  /** A double. */
  public static JsonNumber of(double value) {
    return new JsonNumber(Kind.DOUBLE, Double.doubleToRawLongBits(value));
  }

  /**
   * Whether this is a whole number from 0 to 2^64 - 1, held exactly: {@code bits} is it, unsigned.
   */
  public boolean isUnsigned() {
    return kind == Kind.UNSIGNED || (kind == Kind.SIGNED && bits >= 0);
  }

  /** Whether this is a whole number from -2^63 to 2^63 - 1, held exactly: {@code bits} is it. */
  public boolean isSigned() {
    return kind == Kind.SIGNED;
  }

  /** The nearest double. */
  public double doubleValue() {
    return switch (kind) {
      case SIGNED -> (double) bits;
      case UNSIGNED -> (double) (bits >>> 1) * 2.0 + (bits & 1);
      case DOUBLE -> Double.longBitsToDouble(bits);
    };
  }

  @Override
  public String toString() {
    return switch (kind) {
      case SIGNED -> Long.toString(bits);
      case UNSIGNED -> Long.toUnsignedString(bits);
      case DOUBLE -> GeneralFormat.of(Double.longBitsToDouble(bits), 17);
    };
  }
}
