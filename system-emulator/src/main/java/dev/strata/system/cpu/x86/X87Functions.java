// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import dev.strata.system.cpu.softfloat.SoftFloat;
import dev.strata.system.cpu.softfloat.Unpacked;

/** The x87's functions of one operand, its remainders and constants (Intel SDM, volume 1, 8.3). */
final class X87Functions {
  // 1, log2 10, log2 e, pi, log10 2, ln 2, each with the bits that follow.
  private static final long[] CONSTANTS = {
    0x8000000000000000L, 0xd49a784bcd1b8afeL, 0xb8aa3b295c17f0bbL,
    0xc90fdaa22168c234L, 0x9a209a84fbcff798L, 0xb17217f7d1cf79abL
  };
  private static final long[] CONSTANTS_LOW = {
    0,
    0x492bf6ff4dafdb4cL,
    0xbe87fed0691d3e88L,
    0xc4c6628b80dc1cd1L,
    0x8f8959ac0b7c9178L,
    0xc9e3b39803f2f6afL
  };
  private static final int[] EXPONENTS = {0, 1, 0, 1, -2, -1};

  private static final int CONDITIONS = X87.C0 | X87.C2 | X87.C3;

  private final X87 x87;
  private final SoftFloat arithmetic;
  private final Unpacked a;
  private final Unpacked b;
  private final Unpacked result;
  private final X87Transcendentals transcendentals;
  private final X87Arithmetic binary;

  X87Functions(X87 x87, X87Arithmetic binary) {
    this.x87 = x87;
    this.binary = binary;
    arithmetic = x87.arithmetic;
    a = x87.a;
    b = x87.b;
    result = x87.result;
    transcendentals = new X87Transcendentals(x87, this, binary);
  }

  /** FLD1, FLDL2T, FLDL2E, FLDPI, FLDLG2, FLDLN2, FLDZ. */
  void constant(int which) {
    if (x87.pushFaults()) {
      return;
    }
    x87.begin();
    result.negative = false;
    if (which == 6) {
      result.set(Unpacked.ZERO, 0, 0, 0);
    } else {
      result.set(Unpacked.FINITE, EXPONENTS[which], CONSTANTS[which], CONSTANTS_LOW[which]);
      arithmetic.round(result, 64, -16382, 16383, 0); // Inexact, but no exception.
    }
    x87.push(result);
  }

  /** FXAM. */
  void examine() {
    ExtendedState state = x87.state;
    boolean negative = (state.exponent[state.top] & 0x8000) != 0;
    int conditions;
    if (x87.isEmpty(0)) {
      conditions = X87.C3 | X87.C0;
    } else {
      x87.read(0, a);
      conditions =
          switch (a.kind) {
            case Unpacked.ZERO -> X87.C3;
            case Unpacked.FINITE -> a.denormal ? X87.C3 | X87.C2 : X87.C2;
            case Unpacked.INFINITE -> X87.C2 | X87.C0;
            case Unpacked.UNSUPPORTED -> 0;
            default -> X87.C0;
          };
    }
    state.status = (state.status & ~(CONDITIONS | X87.C1)) | conditions | (negative ? X87.C1 : 0);
  }

  /** The escapes D9 F0 to D9 FF. */
  void run(int which) {
    switch (which & 15) {
      case 4 -> extract();
      case 5 -> remainder(true);
      case 6 -> x87.state.top = x87.state.top - 1 & 7;
      case 7 -> x87.state.top = x87.state.top + 1 & 7;
      case 8 -> remainder(false);
      case 10 -> root();
      case 12 -> round();
      case 13 -> scale();
      default -> {
        transcendentals.run(which & 15);
        return;
      }
    }
    if ((which & 14) == 6) {
      x87.state.status &= ~X87.C1;
    }
  }

  /** Reads ST(0), and says whether to go on. */
  boolean one() {
    x87.begin();
    if (x87.isEmpty(0)) {
      if (x87.underflows()) {
        result.indefinite();
        x87.write(0, result);
      }
      return false;
    }
    x87.read(0, a);
    return true;
  }

  /** Reads ST(0) and ST(1). */
  boolean two(int destination, boolean pops) {
    x87.begin();
    if (x87.isEmpty(0) || x87.isEmpty(1)) {
      if (x87.underflows()) {
        result.indefinite();
        x87.write(destination, result);
        if (pops) {
          x87.pop();
        }
      }
      return false;
    }
    x87.read(0, a);
    x87.read(1, b);
    return true;
  }

  /** What a NaN or a pattern that is no number gives as the only operand. */
  boolean nanOfOne() {
    if (!a.isNaN()) {
      return false;
    }
    binary.nan(a, a);
    finish(0, 64);
    return true;
  }

  /** Rounds and writes the result, if no exception forbids it. */
  boolean finish(int to, int precision) {
    if (x87.raiseBefore()) {
      return false;
    }
    arithmetic.round(result, precision, -16382, 16383, X87Arithmetic.WRAP);
    x87.raiseAfter();
    x87.write(to, result);
    return true;
  }

  void denormal(boolean is) {
    if (is && arithmetic.flags == 0) {
      arithmetic.flags |= SoftFloat.DENORMAL;
    }
  }

  private void root() {
    if (!one() || nanOfOne()) {
      return;
    }
    arithmetic.root(a, result);
    denormal(a.denormal);
    finish(0, X87Arithmetic.precision(x87.state.control));
  }

  private void round() {
    if (!one() || nanOfOne()) {
      return;
    }
    result.copy(a);
    denormal(a.denormal);
    if (x87.raiseBefore()) {
      return;
    }
    arithmetic.toIntegral(result);
    x87.raiseAfter();
    x87.write(0, result);
  }

  private void scale() {
    if (!two(0, false)) {
      return;
    }
    if (a.isNaN() || b.isNaN()) {
      binary.nan(a, b);
    } else if (b.kind == Unpacked.INFINITE) {
      boolean grows = !b.negative;
      if (a.kind == (grows ? Unpacked.ZERO : Unpacked.INFINITE)) {
        arithmetic.flags |= SoftFloat.INVALID;
        result.indefinite();
      } else {
        result.copy(a);
        result.set(grows ? Unpacked.INFINITE : Unpacked.ZERO, 0, grows ? Unpacked.ONE : 0, 0);
        denormal(a.denormal);
      }
    } else {
      result.copy(a);
      denormal(a.denormal || b.denormal);
      if (a.kind == Unpacked.FINITE && b.kind == Unpacked.FINITE && b.exponent >= 0) {
        int by = b.exponent > 16 ? 1 << 17 : (int) (b.high >>> (63 - b.exponent));
        result.exponent += b.negative ? -by : by;
      }
    }
    finish(0, 64);
  }

  /** Reads ST(0) for an instruction that pushes a second result; both are NaNs without it. */
  boolean oneForTwo() {
    if (one()) {
      return !noRoomForTwo();
    }
    if ((x87.state.control & SoftFloat.INVALID) != 0) {
      x87.push(result);
    }
    return false;
  }

  private boolean noRoomForTwo() {
    if (!x87.pushFaults()) {
      return false;
    }
    if ((x87.state.control & SoftFloat.INVALID) != 0) {
      x87.write(1, result);
    }
    return true;
  }

  private void extract() {
    if (!oneForTwo()) {
      return;
    }
    if (a.isNaN()) {
      binary.nan(a, a);
      if (finish(0, 64)) {
        x87.push(result);
      }
      return;
    }
    result.copy(a);
    if (a.kind == Unpacked.FINITE) {
      denormal(a.denormal);
      result.exponent = 0;
      b.ofLong(a.exponent);
    } else {
      b.negative = a.kind == Unpacked.ZERO;
      b.set(Unpacked.INFINITE, 0, Unpacked.ONE, 0);
      if (a.kind == Unpacked.ZERO) {
        arithmetic.flags |= SoftFloat.DIVISION;
      }
    }
    if (x87.raise(arithmetic.flags)) {
      return;
    }
    x87.write(0, b);
    x87.push(result);
  }

  // --- FPREM and FPREM1 ---

  private void remainder(boolean nearest) {
    if (!two(0, false)) {
      return;
    }
    int conditions = 0;
    if (a.isNaN() || b.isNaN()) {
      binary.nan(a, b);
    } else if (a.kind == Unpacked.INFINITE || b.kind == Unpacked.ZERO) {
      arithmetic.flags |= SoftFloat.INVALID;
      result.indefinite();
    } else {
      denormal(a.denormal || b.denormal);
      result.copy(a);
      if (a.kind == Unpacked.FINITE && b.kind == Unpacked.FINITE) {
        conditions = reduce(nearest);
      }
    }
    if (x87.raiseBefore()) {
      return;
    }
    x87.state.status = (x87.state.status & ~(CONDITIONS | X87.C1)) | (conditions & ~X87.C1);
    int rounding = arithmetic.rounding;
    finish(0, 64);
    arithmetic.rounding = rounding;
    x87.state.status = (x87.state.status & ~X87.C1) | (conditions & X87.C1);
  }

  private int reduce(boolean nearest) {
    int distance = a.exponent - b.exponent;
    if (distance < -1 || (distance < 0 && !nearest)) {
      return 0;
    }
    long divisor = b.high;
    long rest = a.high;
    long quotient = 0;
    if (distance < 0) {
      if (Long.compareUnsigned(rest, divisor) <= 0) {
        return 0;
      }
      result(-1, (divisor << 1) - rest, true);
      return X87.C1;
    }
    boolean partial = distance >= 64;
    int steps = partial ? (distance & 31) | 32 : distance;
    boolean carry = false;
    for (int i = steps; i >= 0; i--) {
      quotient <<= 1;
      if (carry || Long.compareUnsigned(rest, divisor) >= 0) {
        rest -= divisor;
        quotient |= 1;
      }
      if (i > 0) {
        carry = rest < 0;
        rest <<= 1;
      }
    }
    if (partial) {
      result(distance - steps, rest, false);
      return X87.C2;
    }
    boolean up = false;
    if (nearest) {
      long complement = divisor - rest;
      int order = Long.compareUnsigned(rest, complement);
      up = order > 0 || (order == 0 && (quotient & 1) != 0);
      if (up) {
        rest = complement;
        quotient++;
      }
    }
    result(0, rest, up);
    return ((quotient & 4) != 0 ? X87.C0 : 0)
        | ((quotient & 2) != 0 ? X87.C3 : 0)
        | ((quotient & 1) != 0 ? X87.C1 : 0);
  }

  private void result(int more, long rest, boolean turns) {
    result.negative = a.negative != turns;
    if (rest == 0) {
      result.negative = a.negative;
      result.set(Unpacked.ZERO, 0, 0, 0);
      return;
    }
    int shift = Long.numberOfLeadingZeros(rest);
    result.set(Unpacked.FINITE, b.exponent + more - shift, rest << shift, 0);
  }
}
