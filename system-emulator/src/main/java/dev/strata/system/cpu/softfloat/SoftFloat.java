// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.softfloat;

import static dev.strata.system.cpu.softfloat.Unpacked.FINITE;
import static dev.strata.system.cpu.softfloat.Unpacked.INFINITE;
import static dev.strata.system.cpu.softfloat.Unpacked.ONE;
import static dev.strata.system.cpu.softfloat.Unpacked.ZERO;

/**
 * Arithmetic on unpacked numbers: exact, with a bit that sticks, and then rounded once (IEEE 754;
 * Intel SDM, volume 1, 4.8 and 4.9). NaNs are the caller's.
 */
public final class SoftFloat {
  /** Exception: no result. */
  public static final int INVALID = 1;

  /** Exception: an operand is denormal. */
  public static final int DENORMAL = 2;

  /** Exception: a finite number divided by 0. */
  public static final int DIVISION = 4;

  /** Exception: overflow. */
  public static final int OVERFLOW = 8;

  /** Exception: underflow. */
  public static final int UNDERFLOW = 16;

  /** Exception: inexact. */
  public static final int INEXACT = 32;

  /** Rounding: to nearest, ties to even. */
  public static final int NEAREST = 0;

  /** Rounding: to negative infinity. */
  public static final int DOWN = 1;

  /** Rounding: to positive infinity. */
  public static final int UP = 2;

  /** Rounding: to zero. */
  public static final int TO_ZERO = 3;

  /** How to round. */
  public int rounding;

  /** The exceptions that are masked. */
  public int masked;

  /** Whether tiny results become 0 where underflow is masked. */
  public boolean flushes;

  /** Exceptions so far; the caller clears them. */
  public int flags;

  /** Whether the last rounding was away from zero. */
  public boolean roundedUp;

  /** The sum, or the difference where b's sign is turned before. */
  public void add(Unpacked a, Unpacked b, Unpacked to) {
    if (a.kind != FINITE || b.kind != FINITE) {
      addSpecial(a, b, to);
      return;
    }
    Unpacked big = a;
    Unpacked small = b;
    if (b.exponent > a.exponent
        || (b.exponent == a.exponent && Long.compareUnsigned(b.high, a.high) > 0)) {
      big = b;
      small = a;
    }
    boolean negative = big.negative;
    boolean subtracts = a.negative != b.negative;
    long high = big.high;
    long otherHigh = small.high;
    long otherLow = 0;
    int shift = big.exponent - small.exponent;
    if (shift >= 128) {
      otherHigh = 0;
      otherLow = 1;
    } else if (shift >= 64) {
      long out = shift == 64 ? 0 : otherHigh << (128 - shift);
      otherLow = otherHigh >>> (shift - 64) | (out != 0 ? 1 : 0);
      otherHigh = 0;
    } else if (shift > 0) {
      otherLow = otherHigh << (64 - shift);
      otherHigh >>>= shift;
    }
    int exponent = big.exponent;
    if (!subtracts) {
      long sum = high + otherHigh;
      long low = otherLow;
      if (Long.compareUnsigned(sum, high) < 0) {
        low = low >>> 1 | (low & 1) | sum << 63;
        sum = sum >>> 1 | ONE;
        exponent++;
      }
      to.negative = negative;
      to.set(FINITE, exponent, sum, low);
      return;
    }
    long low = -otherLow;
    long difference = high - otherHigh - (otherLow != 0 ? 1 : 0);
    if (difference == 0 && low == 0) {
      to.negative = rounding == DOWN;
      to.set(ZERO, 0, 0, 0);
      return;
    }
    if (difference == 0) {
      difference = low;
      low = 0;
      exponent -= 64;
    }
    int zeros = Long.numberOfLeadingZeros(difference);
    if (zeros > 0) {
      difference = difference << zeros | low >>> (64 - zeros);
      low <<= zeros;
      exponent -= zeros;
    }
    to.negative = negative;
    to.set(FINITE, exponent, difference, low);
  }

  private void addSpecial(Unpacked a, Unpacked b, Unpacked to) {
    if (a.kind == INFINITE && b.kind == INFINITE && a.negative != b.negative) {
      flags |= INVALID;
      to.indefinite();
    } else if (a.kind == INFINITE) {
      to.copy(a);
    } else if (b.kind == INFINITE) {
      to.copy(b);
    } else if (a.kind == ZERO && b.kind == ZERO) {
      boolean negative = a.negative == b.negative ? a.negative : rounding == DOWN;
      to.set(ZERO, 0, 0, 0);
      to.negative = negative;
    } else {
      to.copy(a.kind == ZERO ? b : a);
    }
  }

  /** The product. */
  public void multiply(Unpacked a, Unpacked b, Unpacked to) {
    boolean negative = a.negative != b.negative;
    if (a.kind == FINITE && b.kind == FINITE) {
      long high = Math.unsignedMultiplyHigh(a.high, b.high);
      long low = a.high * b.high;
      int exponent = a.exponent + b.exponent + 1;
      if (high >= 0) {
        high = high << 1 | low >>> 63;
        low <<= 1;
        exponent--;
      }
      to.set(FINITE, exponent, high, low);
    } else if (a.kind == INFINITE || b.kind == INFINITE) {
      if (a.kind == ZERO || b.kind == ZERO) {
        flags |= INVALID;
        to.indefinite();
        return;
      }
      to.set(INFINITE, 0, ONE, 0);
    } else {
      to.set(ZERO, 0, 0, 0);
    }
    to.negative = negative;
  }

  /** The quotient. */
  public void divide(Unpacked a, Unpacked b, Unpacked to) {
    boolean negative = a.negative != b.negative;
    if (a.kind == FINITE && b.kind == FINITE) {
      int exponent = a.exponent - b.exponent;
      long divisor = b.high;
      long remainder = a.high;
      long next = 0;
      if (Long.compareUnsigned(remainder, divisor) >= 0) {
        next = remainder << 63;
        remainder >>>= 1;
      } else {
        exponent--;
      }
      long quotient = 0;
      for (int i = 0; i < 64; i++) {
        boolean carry = remainder < 0;
        remainder = remainder << 1 | next >>> 63;
        next <<= 1;
        quotient <<= 1;
        if (carry || Long.compareUnsigned(remainder, divisor) >= 0) {
          remainder -= divisor;
          quotient |= 1;
        }
      }
      to.set(FINITE, exponent, quotient, below(remainder, divisor));
    } else if (a.kind == b.kind) {
      flags |= INVALID;
      to.indefinite();
      return;
    } else if (a.kind == INFINITE) {
      to.set(INFINITE, 0, ONE, 0);
    } else if (b.kind == ZERO) {
      flags |= DIVISION;
      to.set(INFINITE, 0, ONE, 0);
    } else {
      to.set(ZERO, 0, 0, 0);
    }
    to.negative = negative;
  }

  /** Bits that tell whether a remainder is nothing, or below, at or above the half. */
  private static long below(long remainder, long divisor) {
    if (remainder == 0) {
      return 0;
    }
    int order = remainder < 0 ? 1 : Long.compareUnsigned(remainder << 1, divisor);
    return order < 0 ? 1 : order == 0 ? ONE : ONE | 1;
  }

  /** The square root. */
  public void root(Unpacked a, Unpacked to) {
    if (a.kind == ZERO) {
      to.copy(a);
      return;
    }
    if (a.negative) {
      flags |= INVALID;
      to.indefinite();
      return;
    }
    if (a.kind == INFINITE) {
      to.copy(a);
      return;
    }
    boolean odd = (a.exponent & 1) != 0;
    long high = odd ? a.high : a.high >>> 1;
    long low = odd ? 0 : a.high << 63;
    long root = 0;
    for (long bit = ONE; bit != 0; bit >>>= 1) {
      long trial = root | bit;
      long squareHigh = Math.unsignedMultiplyHigh(trial, trial);
      int order = Long.compareUnsigned(squareHigh, high);
      if (order < 0 || (order == 0 && Long.compareUnsigned(trial * trial, low) <= 0)) {
        root = trial;
      }
    }
    long square = root * root;
    long restHigh =
        high
            - Math.unsignedMultiplyHigh(root, root)
            - (Long.compareUnsigned(low, square) < 0 ? 1 : 0);
    long rest = low - square;
    boolean above = restHigh != 0 || Long.compareUnsigned(rest, root) > 0;
    int exponent = a.exponent >> 1;
    to.negative = false;
    to.set(FINITE, exponent, root, restHigh == 0 && rest == 0 ? 0 : above ? ONE | 1 : 1);
  }

  /** Compares: -1, 0 or 1. Neither is a NaN. */
  public static int compare(Unpacked a, Unpacked b) {
    if (a.kind == ZERO && b.kind == ZERO) {
      return 0;
    }
    int signOfA = a.kind == ZERO ? 0 : a.negative ? -1 : 1;
    int signOfB = b.kind == ZERO ? 0 : b.negative ? -1 : 1;
    if (signOfA != signOfB) {
      return signOfA < signOfB ? -1 : 1;
    }
    int order = a.kind - b.kind;
    if (order == 0 && a.kind == FINITE) {
      order = Integer.compare(a.exponent, b.exponent);
      if (order == 0) {
        order = Long.compareUnsigned(a.high, b.high);
      }
    }
    return Integer.signum(order) * signOfA;
  }

  private boolean roundsUp(boolean negative, boolean odd, long rest) {
    return switch (rounding) {
      case NEAREST -> rest < 0 && (rest != ONE || odd);
      case DOWN -> negative && rest != 0;
      case UP -> !negative && rest != 0;
      default -> false;
    };
  }

  private static long rest(long high, long low, int dropped) {
    return dropped == 0 ? low : high << (64 - dropped) | (low != 0 ? 1 : 0);
  }

  /**
   * Rounds to a format, in which the number then stays unpacked: a denormal one with the least
   * exponent and no top bit.
   *
   * @param precision bits, with the integer bit
   * @param wrap what is added to or taken from the exponent of a result whose overflow or underflow
   *     is not masked
   */
  public void round(Unpacked r, int precision, int least, int most, int wrap) {
    roundedUp = false;
    if (r.kind != FINITE) {
      return;
    }
    int dropped = 64 - precision;
    long rest = rest(r.high, r.low, dropped);
    boolean up = roundsUp(r.negative, (r.high >>> dropped & 1) != 0, rest);
    long kept = r.high >>> dropped << dropped;
    long rounded = up ? kept + (1L << dropped) : kept;
    boolean carries = up && rounded == 0;
    boolean tiny = r.exponent < least && !(r.exponent == least - 1 && carries);
    if (r.exponent < least && (!tiny || (masked & UNDERFLOW) != 0)) {
      if (tiny && flushes) {
        flags |= UNDERFLOW | INEXACT;
        r.set(ZERO, 0, 0, 0);
        return;
      }
      denormalise(r, least - r.exponent);
      rest = rest(r.high, r.low, dropped);
      up = roundsUp(r.negative, (r.high >>> dropped & 1) != 0, rest);
      kept = r.high >>> dropped << dropped;
      rounded = up ? kept + (1L << dropped) : kept;
      if (rest != 0) {
        flags |= tiny ? UNDERFLOW | INEXACT : INEXACT;
      }
      roundedUp = up;
      r.set(rounded == 0 ? ZERO : FINITE, least, rounded, 0);
      return;
    }
    if (tiny) {
      flags |= UNDERFLOW;
      r.exponent += wrap;
    }
    if (carries) {
      rounded = ONE;
      r.exponent++;
    }
    if (r.exponent > most) {
      flags |= OVERFLOW;
      if ((masked & OVERFLOW) != 0) {
        overflow(r, dropped, most);
        return;
      }
      r.exponent -= wrap;
    }
    if (rest != 0) {
      flags |= INEXACT;
    }
    roundedUp = up;
    r.high = rounded;
    r.low = 0;
    if (wrap != 0 && (r.exponent > most || r.exponent < least)) {
      // FSCALE gets further out than the wrap brings back (Intel SDM, volume 1, 8.5.4 and 8.5.5).
      flags |= INEXACT;
      r.set(r.exponent > most ? INFINITE : ZERO, 0, r.exponent > most ? ONE : 0, 0);
    }
  }

  private void overflow(Unpacked r, int dropped, int most) {
    flags |= INEXACT;
    roundedUp = rounding == NEAREST || rounding == (r.negative ? DOWN : UP);
    if (roundedUp) {
      r.set(INFINITE, 0, ONE, 0);
    } else {
      r.set(FINITE, most, -1L << dropped, 0);
    }
  }

  private static void denormalise(Unpacked r, int by) {
    if (by < 64) {
      long out = r.high << (64 - by) | (r.low != 0 ? 1 : 0);
      r.low = out;
      r.high >>>= by;
    } else {
      r.low = by == 64 ? r.high | (r.low != 0 ? 1 : 0) : 1;
      r.high = 0;
    }
  }

  /** Rounds to an integer of 64 bits or fewer, still unpacked. */
  public void toIntegral(Unpacked r) {
    roundedUp = false;
    if (r.kind != FINITE || r.exponent >= 63) {
      return;
    }
    boolean negative = r.negative;
    long magnitude = magnitude(r);
    if (magnitude == 0) {
      r.set(ZERO, 0, 0, 0);
    } else {
      int shift = Long.numberOfLeadingZeros(magnitude);
      r.set(FINITE, 63 - shift, magnitude << shift, 0);
    }
    r.negative = negative;
  }

  private long magnitude(Unpacked r) {
    int dropped = 63 - r.exponent;
    long kept = dropped > 63 ? 0 : r.high >>> dropped;
    long rest =
        dropped < 64
            ? rest(r.high, r.low, dropped)
            : dropped == 64 ? r.high | (r.low != 0 ? 1 : 0) : 1;
    boolean up = roundsUp(r.negative, (kept & 1) != 0, rest);
    if (rest != 0) {
      flags |= INEXACT;
    }
    roundedUp = up;
    return up ? kept + 1 : kept;
  }

  /**
   * The integer that a number rounds to.
   *
   * @return the least integer of {@code bits} bits, and INVALID, where there is none
   */
  public long toInteger(Unpacked r, int bits) {
    roundedUp = false;
    long least = -1L << (bits - 1);
    if (r.kind == ZERO) {
      return 0;
    }
    if (r.kind != FINITE || r.exponent >= bits) {
      flags |= INVALID;
      return least;
    }
    int before = flags;
    long magnitude = magnitude(r);
    boolean fits =
        r.negative
            ? Long.compareUnsigned(magnitude, -least) <= 0
            : Long.compareUnsigned(magnitude, ~least) <= 0;
    if (!fits) {
      flags = before | INVALID;
      roundedUp = false;
      return least;
    }
    return r.negative ? -magnitude : magnitude;
  }
}
