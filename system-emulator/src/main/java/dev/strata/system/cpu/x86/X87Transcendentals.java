// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import dev.strata.system.cpu.softfloat.SoftFloat;
import dev.strata.system.cpu.softfloat.Unpacked;

/**
 * F2XM1, FYL2X, FYL2XP1, FPTAN, FPATAN, FSIN, FCOS (Intel SDM, volume 1, 8.3.7): computed in double
 * precision, so that some 11 of the result's 64 bits are not those of a real processor.
 */
final class X87Transcendentals {
  private static final double LN2 = 0.6931471805599453;

  private final X87 x87;
  private final X87Functions functions;
  private final X87Arithmetic binary;
  private final SoftFloat arithmetic;
  private final Unpacked a;
  private final Unpacked b;
  private final Unpacked result;
  private final Unpacked scratch = new Unpacked();

  X87Transcendentals(X87 x87, X87Functions functions, X87Arithmetic binary) {
    this.x87 = x87;
    this.functions = functions;
    this.binary = binary;
    arithmetic = x87.arithmetic;
    a = x87.a;
    b = x87.b;
    result = x87.result;
  }

  void run(int which) {
    switch (which) {
      case 0 -> powerOfTwo();
      case 1 -> logarithm(false);
      case 2, 11, 14, 15 -> trigonometric(which);
      case 3 -> arcTangent();
      default -> logarithm(true); // 9
    }
  }

  /** A double with all that fits of a number. */
  private double value(Unpacked from) {
    scratch.copy(from);
    int flags = arithmetic.flags;
    int masked = arithmetic.masked;
    int rounding = arithmetic.rounding;
    arithmetic.masked = 0x3f;
    arithmetic.rounding = SoftFloat.NEAREST;
    arithmetic.round(scratch, 53, -1022, 1023, 0);
    arithmetic.flags = flags;
    arithmetic.masked = masked;
    arithmetic.rounding = rounding;
    return Double.longBitsToDouble(scratch.toDouble());
  }

  /** What {@link #value} has left off. */
  private double rest(Unpacked from, double high) {
    scratch.ofDouble(Double.doubleToRawLongBits(-high));
    arithmetic.add(from, scratch, scratch);
    return value(scratch);
  }

  private void become(double value) {
    result.ofDouble(Double.doubleToRawLongBits(value));
    result.denormal = false;
    if (result.kind == Unpacked.FINITE) {
      arithmetic.flags |= SoftFloat.INEXACT;
    }
  }

  private void powerOfTwo() {
    if (!functions.one() || functions.nanOfOne()) {
      return;
    }
    functions.denormal(a.denormal);
    if (a.kind == Unpacked.ZERO) {
      result.copy(a);
    } else if (a.kind == Unpacked.INFINITE) {
      result.copy(a);
      if (a.negative) {
        result.set(Unpacked.FINITE, 0, Unpacked.ONE, 0);
      }
    } else if (a.exponent < -60) {
      scratch.ofDouble(Double.doubleToRawLongBits(LN2));
      arithmetic.multiply(a, scratch, result);
      arithmetic.flags |= SoftFloat.INEXACT;
    } else {
      become(StrictMath.expm1(value(a) * LN2));
    }
    functions.finish(0, 64);
  }

  private void logarithm(boolean plusOne) {
    if (!functions.two(1, true)) {
      return;
    }
    // ST(1) · log2(ST(0) [+ 1])
    if (a.isNaN() || b.isNaN()) {
      binary.nan(b, a);
    } else if (!plusOne && a.negative && a.kind != Unpacked.ZERO) {
      invalid();
    } else if (!plusOne && a.kind == Unpacked.ZERO) {
      if (b.kind == Unpacked.ZERO) {
        invalid();
      } else {
        if (b.kind == Unpacked.FINITE) {
          arithmetic.flags |= SoftFloat.DIVISION;
        }
        result.copy(b);
        result.negative = !b.negative;
        result.set(Unpacked.INFINITE, 0, Unpacked.ONE, 0);
      }
    } else {
      functions.denormal(a.denormal || b.denormal);
      logarithmOf(plusOne);
    }
    if (functions.finish(1, 64)) {
      x87.pop();
    }
  }

  private void logarithmOf(boolean plusOne) {
    if (a.kind == Unpacked.INFINITE) {
      scratch.copy(a);
    } else if (plusOne && a.kind == Unpacked.ZERO) {
      scratch.copy(a);
    } else if (plusOne) {
      double x = value(a);
      scratch.ofDouble(Double.doubleToRawLongBits(StrictMath.log1p(x) / LN2));
      arithmetic.flags |= SoftFloat.INEXACT;
    } else {
      // log2 = exponent + log2 of the significand, around 1.
      int exponent = a.exponent;
      scratch.copy(a);
      scratch.exponent = 0;
      boolean large = a.high >>> 1 > 0x5a827999fcef3242L; // √2
      if (large) {
        scratch.exponent = -1;
        exponent++;
      }
      b.low = 0;
      Unpacked minusOne = result;
      minusOne.ofDouble(Double.doubleToRawLongBits(-1.0));
      scratch.denormal = false;
      arithmetic.add(scratch, minusOne, scratch);
      double near = scratch.kind == Unpacked.ZERO ? 0 : valueOfScratch();
      double log = exponent + StrictMath.log1p(near) / LN2;
      if (scratch.kind != Unpacked.ZERO) {
        arithmetic.flags |= SoftFloat.INEXACT;
      }
      scratch.ofDouble(Double.doubleToRawLongBits(log));
    }
    scratch.denormal = false;
    arithmetic.multiply(scratch, b, result);
  }

  private double valueOfScratch() {
    result.copy(scratch);
    double value = value(result);
    scratch.copy(result);
    return value;
  }

  private void invalid() {
    arithmetic.flags |= SoftFloat.INVALID;
    result.indefinite();
  }

  private void trigonometric(int which) {
    boolean pushes = which == 2 || which == 11;
    if (pushes ? !functions.oneForTwo() : !functions.one()) {
      return;
    }
    if (a.isNaN()) {
      binary.nan(a, a);
      if (functions.finish(0, 64) && pushes) {
        x87.push(result);
      }
      return;
    }
    x87.state.status &= ~X87.C2;
    if (a.kind == Unpacked.INFINITE) {
      invalid();
      if (functions.finish(0, 64) && pushes) {
        x87.push(result);
      }
      return;
    }
    if (a.kind == Unpacked.FINITE && a.exponent >= 63) {
      x87.state.status |= X87.C2;
      return;
    }
    functions.denormal(a.denormal);
    boolean tiny = a.kind == Unpacked.FINITE && a.exponent < -60;
    double x = a.kind == Unpacked.ZERO || tiny ? 0 : value(a);
    double low = a.kind == Unpacked.ZERO || tiny ? 0 : rest(a, x);
    double sine = StrictMath.sin(x);
    double cosine = StrictMath.cos(x);
    switch (which) {
      case 2 -> odd(tiny, (sine + low * cosine) / (cosine - low * sine));
      case 15 -> become(cosine - low * sine);
      default -> odd(tiny, sine + low * cosine);
    }
    if (a.kind == Unpacked.ZERO) {
      arithmetic.flags &= ~SoftFloat.INEXACT;
    }
    if (functions.finish(0, 64) && pushes) {
      if (which == 2) {
        result.ofLong(1);
      } else {
        result.ofDouble(Double.doubleToRawLongBits(cosine - low * sine));
      }
      x87.push(result);
    }
  }

  private void odd(boolean tiny, double value) {
    if (tiny || a.kind == Unpacked.ZERO) {
      result.copy(a);
      arithmetic.flags |= tiny ? SoftFloat.INEXACT : 0;
    } else {
      become(value);
    }
  }

  private void arcTangent() {
    if (!functions.two(1, true)) {
      return;
    }
    if (a.isNaN() || b.isNaN()) {
      binary.nan(b, a);
    } else {
      functions.denormal(a.denormal || b.denormal);
      int distance =
          a.kind == Unpacked.FINITE && b.kind == Unpacked.FINITE ? b.exponent - a.exponent : 0;
      if (distance < -60 && !a.negative) {
        arithmetic.divide(b, a, result);
        arithmetic.flags |= SoftFloat.INEXACT;
      } else {
        double y = operand(b, Math.clamp(distance, -200, 200));
        double x = operand(a, 0);
        boolean negativeZero = b.kind == Unpacked.ZERO && !a.negative;
        become(StrictMath.atan2(y, x));
        if (negativeZero) {
          arithmetic.flags &= ~SoftFloat.INEXACT;
        }
      }
    }
    if (functions.finish(1, 64)) {
      x87.pop();
    }
  }

  private double operand(Unpacked from, int exponent) {
    double sign = from.negative ? -1 : 1;
    if (from.kind == Unpacked.ZERO) {
      return sign * 0.0;
    }
    if (from.kind == Unpacked.INFINITE) {
      return sign * Double.POSITIVE_INFINITY;
    }
    if (from.exponent == exponent) {
      return value(from);
    }
    result.copy(from);
    result.exponent = exponent;
    return value(result);
  }
}
