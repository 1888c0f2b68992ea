// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

/**
 * Scalar floating point where Java's arithmetic is SSE's: MXCSR rounds to nearest, and the inexact
 * flag is set already and masked, so that a plain result changes nothing but itself (Intel SDM,
 * volume 1, 11.5.2). Pure functions, that translated code calls; floats are in the low 32 bits.
 */
public final class PlainFloats {
  private PlainFloats() {}

  /**
   * Instead of a result, where a flag may have to be set: a signaling NaN, which is none. An
   * operation on 32 bits has it in 64.
   */
  public static final long NONE = 0x7ff0000000000001L;

  private static final long DOUBLE_EXPONENT = 0x7ffL << 52;
  private static final int FLOAT_EXPONENT = 0xff << 23;

  /** Not 0 if a result is {@link #NONE}, or floating point is {@code careful}, which is not 0. */
  public static long isCareful(long result, long careful) {
    return result == NONE ? 1 : careful;
  }

  private static boolean denormal(long bits) {
    return (bits & DOUBLE_EXPONENT) == 0 && bits << 1 != 0;
  }

  private static boolean denormal(int bits) {
    return (bits & FLOAT_EXPONENT) == 0 && bits << 1 != 0;
  }

  /** A result; what is smaller may have been larger before it was rounded. */
  private static long plain(double value, boolean mayBeZero) {
    long bits = Double.doubleToRawLongBits(value);
    long exponent = bits & DOUBLE_EXPONENT;
    boolean isPlain = exponent > 1L << 52 && exponent != DOUBLE_EXPONENT;
    return isPlain || (mayBeZero && bits << 1 == 0) ? bits : NONE;
  }

  private static long plain(float value, boolean mayBeZero) {
    int bits = Float.floatToRawIntBits(value);
    int exponent = bits & FLOAT_EXPONENT;
    boolean isPlain = exponent > 1 << 23 && exponent != FLOAT_EXPONENT;
    return isPlain || (mayBeZero && bits << 1 == 0) ? bits & 0xffffffffL : NONE;
  }

  // --- doubles ---

  /** ADDSD. */
  public static long addDoubles(long x, long y) {
    if (denormal(x) || denormal(y)) {
      return NONE;
    }
    return plain(Double.longBitsToDouble(x) + Double.longBitsToDouble(y), true);
  }

  /** SUBSD. */
  public static long subtractDoubles(long x, long y) {
    if (denormal(x) || denormal(y)) {
      return NONE;
    }
    return plain(Double.longBitsToDouble(x) - Double.longBitsToDouble(y), true);
  }

  /** MULSD. */
  public static long multiplyDoubles(long x, long y) {
    if (denormal(x) || denormal(y)) {
      return NONE;
    }
    boolean zero = x << 1 == 0 || y << 1 == 0;
    return plain(Double.longBitsToDouble(x) * Double.longBitsToDouble(y), zero);
  }

  /** DIVSD. */
  public static long divideDoubles(long x, long y) {
    if (denormal(x) || denormal(y)) {
      return NONE;
    }
    return plain(Double.longBitsToDouble(x) / Double.longBitsToDouble(y), x << 1 == 0);
  }

  /** SQRTSD, of the second. */
  public static long rootOfDouble(long x, long y) {
    return denormal(y) ? NONE : plain(Math.sqrt(Double.longBitsToDouble(y)), true);
  }

  /** The flags of COMISD; without an order there are none here. */
  public static long orderDoubles(long x, long y) {
    if (denormal(x) || denormal(y)) {
      return NONE;
    }
    return order(Double.longBitsToDouble(x), Double.longBitsToDouble(y));
  }

  private static long order(double a, double b) {
    return a > b ? 0 : a < b ? 1 : a == b ? 0x40 : NONE; // nothing, carry, zero
  }

  // --- floats ---

  /** ADDSS. */
  public static long addFloats(long x, long y) {
    if (denormal((int) x) || denormal((int) y)) {
      return NONE;
    }
    return plain(Float.intBitsToFloat((int) x) + Float.intBitsToFloat((int) y), true);
  }

  /** SUBSS. */
  public static long subtractFloats(long x, long y) {
    if (denormal((int) x) || denormal((int) y)) {
      return NONE;
    }
    return plain(Float.intBitsToFloat((int) x) - Float.intBitsToFloat((int) y), true);
  }

  /** MULSS. */
  public static long multiplyFloats(long x, long y) {
    if (denormal((int) x) || denormal((int) y)) {
      return NONE;
    }
    boolean zero = (int) x << 1 == 0 || (int) y << 1 == 0;
    return plain(Float.intBitsToFloat((int) x) * Float.intBitsToFloat((int) y), zero);
  }

  /** DIVSS. */
  public static long divideFloats(long x, long y) {
    if (denormal((int) x) || denormal((int) y)) {
      return NONE;
    }
    boolean zero = (int) x << 1 == 0;
    return plain(Float.intBitsToFloat((int) x) / Float.intBitsToFloat((int) y), zero);
  }

  /** SQRTSS, of the second. */
  public static long rootOfFloat(long x, long y) {
    return denormal((int) y) ? NONE : plain((float) Math.sqrt(Float.intBitsToFloat((int) y)), true);
  }

  /** The flags of COMISS. */
  public static long orderFloats(long x, long y) {
    if (denormal((int) x) || denormal((int) y)) {
      return NONE;
    }
    return order(Float.intBitsToFloat((int) x), Float.intBitsToFloat((int) y));
  }

  // --- conversions, of the second ---

  /** CVTSI2SD. */
  public static long integerToDouble(long x, long y) {
    return Double.doubleToRawLongBits(y);
  }

  /** CVTSI2SS. */
  public static long integerToFloat(long x, long y) {
    return Float.floatToRawIntBits(y) & 0xffffffffL;
  }

  /** CVTSS2SD. */
  public static long floatToDouble(long x, long y) {
    return denormal((int) y) ? NONE : plain((double) Float.intBitsToFloat((int) y), true);
  }

  /** CVTSD2SS. */
  public static long doubleToFloat(long x, long y) {
    return denormal(y) ? NONE : plain((float) Double.longBitsToDouble(y), y << 1 == 0);
  }

  /** CVTTSD2SI of 32 bits. */
  public static long doubleToInt(long x, long y) {
    return toInt(Double.longBitsToDouble(y));
  }

  /** CVTTSD2SI of 64 bits. */
  public static long doubleToLong(long x, long y) {
    return toLong(Double.longBitsToDouble(y));
  }

  /** CVTTSS2SI of 32 bits. */
  public static long floatToInt(long x, long y) {
    return toInt(Float.intBitsToFloat((int) y));
  }

  /** CVTTSS2SI of 64 bits. */
  public static long floatToLong(long x, long y) {
    return toLong(Float.intBitsToFloat((int) y));
  }

  /** CVTSD2SI of 32 bits. */
  public static long roundToInt(long x, long y) {
    return toInt(Math.rint(Double.longBitsToDouble(y)));
  }

  /** CVTSD2SI of 64 bits. */
  public static long roundToLong(long x, long y) {
    return toLong(Math.rint(Double.longBitsToDouble(y)));
  }

  /** CVTSS2SI of 32 bits. */
  public static long roundFloatToInt(long x, long y) {
    return toInt(Math.rint(Float.intBitsToFloat((int) y)));
  }

  /** CVTSS2SI of 64 bits. */
  public static long roundFloatToLong(long x, long y) {
    return toLong(Math.rint(Float.intBitsToFloat((int) y)));
  }

  private static long toInt(double value) {
    long integer = (long) value;
    return !Double.isNaN(value) && integer == (int) integer ? integer & 0xffffffffL : NONE;
  }

  // The lowest number is what Java, too, has instead of those beyond.
  private static long toLong(double value) {
    long integer = (long) value;
    boolean inside = !Double.isNaN(value) && integer != Long.MIN_VALUE && integer != Long.MAX_VALUE;
    return inside ? integer : NONE;
  }
}
