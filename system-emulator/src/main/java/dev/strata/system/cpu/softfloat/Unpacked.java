// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.softfloat;

/**
 * A number between memory's formats: ± (high / 2⁶³) · 2^exponent, {@code low} having the bits
 * below. Mutable, so that arithmetic allocates nothing.
 */
public final class Unpacked {
  /** Kind: ± 0. */
  public static final int ZERO = 0;

  /** Kind: a finite number but 0; the top bit of {@code high} is set until it is rounded. */
  public static final int FINITE = 1;

  /** Kind: ± infinity. */
  public static final int INFINITE = 2;

  /** Kind: a quiet NaN; the fraction is in {@code high}. */
  public static final int QUIET = 3;

  /** Kind: a signaling NaN. */
  public static final int SIGNALING = 4;

  /** Kind: an 80-bit pattern that is no number (Intel SDM, volume 1, table 8-3). */
  public static final int UNSUPPORTED = 5;

  /** The integer bit. */
  public static final long ONE = Long.MIN_VALUE;

  /** The bit of a fraction that tells quiet from signaling. */
  public static final long QUIET_BIT = 1L << 62;

  /** One of the kinds. */
  public int kind;

  /** The sign. */
  public boolean negative;

  /** Whether the format had this as a denormal number. */
  public boolean denormal;

  /** Power of two of {@code high}'s top bit. */
  public int exponent;

  /** The significand. */
  public long high;

  /** Bits below it; the lowest one sticks. */
  public long low;

  /** A zero. */
  public Unpacked() {}

  /** Whether this is no number. */
  public boolean isNaN() {
    return kind >= QUIET;
  }

  /** Sets all but the sign. */
  public void set(int newKind, int newExponent, long newHigh, long newLow) {
    kind = newKind;
    exponent = newExponent;
    high = newHigh;
    low = newLow;
    denormal = false;
  }

  /** Sets it to what another one is. */
  public void copy(Unpacked other) {
    kind = other.kind;
    negative = other.negative;
    denormal = other.denormal;
    exponent = other.exponent;
    high = other.high;
    low = other.low;
  }

  /** The NaN that stands for a result that there is not. */
  public void indefinite() {
    negative = true;
    set(QUIET, 0, ONE | QUIET_BIT, 0);
  }

  /** Reads an IEEE double, or a float shifted into its place. */
  private void unpack(int biased, int mostBiased, int bias, long fraction, boolean sign) {
    negative = sign;
    denormal = false;
    low = 0;
    if (biased == mostBiased) {
      kind = fraction == 0 ? INFINITE : (fraction & QUIET_BIT) != 0 ? QUIET : SIGNALING;
      high = ONE | fraction;
      exponent = 0;
    } else if (biased != 0) {
      kind = FINITE;
      high = ONE | fraction;
      exponent = biased - bias;
    } else if (fraction == 0) {
      kind = ZERO;
      high = 0;
      exponent = 0;
    } else {
      kind = FINITE;
      denormal = true;
      int shift = Long.numberOfLeadingZeros(fraction);
      high = fraction << shift;
      exponent = 1 - bias - shift;
    }
  }

  /** Reads a double. */
  public void ofDouble(long bits) {
    unpack((int) (bits >>> 52) & 0x7ff, 0x7ff, 1023, bits << 12 >>> 1, bits < 0);
  }

  /** Reads a float, in the low half. */
  public void ofFloat(long bits) {
    unpack((int) (bits >>> 23) & 0xff, 0xff, 127, bits << 41 >>> 1, (int) bits < 0);
  }

  /** Reads a double extended. */
  public void ofExtended(int signAndExponent, long significand) {
    int biased = signAndExponent & 0x7fff;
    negative = (signAndExponent & 0x8000) != 0;
    denormal = false;
    low = 0;
    high = significand;
    exponent = biased - 16383;
    if (biased == 0x7fff) {
      kind =
          significand >= 0
              ? UNSUPPORTED
              : significand == ONE ? INFINITE : (significand & QUIET_BIT) != 0 ? QUIET : SIGNALING;
    } else if (biased != 0) {
      kind = significand < 0 ? FINITE : UNSUPPORTED;
    } else if (significand == 0) {
      kind = ZERO;
    } else {
      kind = FINITE;
      denormal = true;
      int shift = Long.numberOfLeadingZeros(significand);
      high = significand << shift;
      exponent = -16382 - shift;
    }
  }

  /** Reads an integer. */
  public void ofLong(long value) {
    negative = value < 0;
    if (value == 0) {
      set(ZERO, 0, 0, 0);
    } else {
      long magnitude = Math.abs(value); // 2⁶³ as unsigned for the least one
      int shift = Long.numberOfLeadingZeros(magnitude);
      set(FINITE, 63 - shift, magnitude << shift, 0);
    }
  }

  /** As a double; rounded to one before. NaNs become quiet. */
  public long toDouble() {
    long sign = negative ? Long.MIN_VALUE : 0;
    return switch (kind) {
      case ZERO -> sign;
      case FINITE -> sign | (high < 0 ? (long) (exponent + 1023) << 52 : 0) | high << 1 >>> 12;
      case INFINITE -> sign | 0x7ffL << 52;
      default -> sign | 0xfffL << 51 | high << 1 >>> 12;
    };
  }

  /** As a float, likewise. */
  public long toFloat() {
    long sign = negative ? 1L << 31 : 0;
    return switch (kind) {
      case ZERO -> sign;
      case FINITE -> sign | (high < 0 ? (long) (exponent + 127) << 23 : 0) | high << 1 >>> 41;
      case INFINITE -> sign | 0xffL << 23;
      default -> sign | 0x1ffL << 22 | high << 1 >>> 41;
    };
  }

  /** The sign and the biased exponent of a double extended; {@link #significand} goes with it. */
  public int signAndExponent() {
    int sign = negative ? 0x8000 : 0;
    return switch (kind) {
      case ZERO -> sign;
      case FINITE -> high < 0 ? sign | exponent + 16383 : sign;
      default -> sign | 0x7fff;
    };
  }

  /** The significand of a double extended. */
  public long significand() {
    return switch (kind) {
      case ZERO -> 0;
      case FINITE -> high;
      case INFINITE -> ONE;
      default -> high | ONE | QUIET_BIT;
    };
  }
}
