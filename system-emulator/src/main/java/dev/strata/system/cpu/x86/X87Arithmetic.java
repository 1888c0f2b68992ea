// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import dev.strata.system.cpu.interpret.Flags;
import dev.strata.system.cpu.softfloat.SoftFloat;
import dev.strata.system.cpu.softfloat.Unpacked;

/** The x87's arithmetic of two operands and its compares (Intel SDM, volume 1, 8.3.5 and 8.3.6). */
final class X87Arithmetic {
  private static final int[] PRECISION = {24, 64, 53, 64};
  private static final int CONDITIONS = X87.C0 | X87.C2 | X87.C3;

  /** What the exponent of a result with an exception that is not masked is moved by. */
  static final int WRAP = 0x6000;

  private final X87 x87;
  private final SoftFloat arithmetic;
  private final Unpacked a;
  private final Unpacked b;
  private final Unpacked result;

  X87Arithmetic(X87 x87) {
    this.x87 = x87;
    arithmetic = x87.arithmetic;
    a = x87.a;
    b = x87.b;
    result = x87.result;
  }

  static int precision(int control) {
    return PRECISION[control >> 8 & 3];
  }

  /** ST(0) with an operand from memory, which is in b; 2 and 3 compare. */
  void withOperand(int which) {
    x87.begin();
    if (which == 2 || which == 3) {
      if (x87.isEmpty(0)) {
        unordered(which - 2);
      } else {
        x87.read(0, a);
        order(true, which - 2);
      }
      return;
    }
    if (x87.isEmpty(0)) {
      missing(0, false);
      return;
    }
    x87.read(0, a);
    compute(which, 0, false);
  }

  /** ST(0) and ST(i), into ST(to). */
  void stack(int which, int to, int i, boolean pops) {
    if (which == 2 || which == 3) {
      compare(i, true, which - 2);
      return;
    }
    x87.begin();
    if (x87.isEmpty(0) || x87.isEmpty(i)) {
      missing(to, pops);
      return;
    }
    x87.read(0, a);
    x87.read(i, b);
    // Subtracts and divides in the order of the encoding, whichever of the two is written.
    compute(which, to, pops);
  }

  private void missing(int to, boolean pops) {
    if (x87.underflows()) {
      result.indefinite();
      x87.write(to, result);
      if (pops) {
        x87.pop();
      }
    }
  }

  private void compute(int which, int to, boolean pops) {
    operate(which);
    if (x87.raiseBefore()) {
      return;
    }
    arithmetic.round(result, precision(x87.state.control), -16382, 16383, WRAP);
    x87.raiseAfter();
    x87.write(to, result);
    if (pops) {
      x87.pop();
    }
  }

  private void operate(int which) {
    if (a.isNaN() || b.isNaN()) {
      nan(a, b);
      return;
    }
    switch (which) {
      case 0 -> arithmetic.add(a, b, result);
      case 1 -> arithmetic.multiply(a, b, result);
      case 4, 5 -> {
        Unpacked from = which == 4 ? a : b;
        Unpacked subtrahend = which == 4 ? b : a;
        subtrahend.negative = !subtrahend.negative;
        arithmetic.add(from, subtrahend, result);
      }
      case 6 -> arithmetic.divide(a, b, result);
      default -> arithmetic.divide(b, a, result);
    }
    denormals();
  }

  private void denormals() {
    if ((a.denormal || b.denormal) && arithmetic.flags == 0) {
      arithmetic.flags |= SoftFloat.DENORMAL;
    }
  }

  /** The NaN that two operands, one of which is none or no number, give (SDM volume 1, 4.8.3.5). */
  void nan(Unpacked x, Unpacked y) {
    boolean signalsX = x.kind == Unpacked.SIGNALING;
    boolean signalsY = y.kind == Unpacked.SIGNALING;
    if (x.kind == Unpacked.UNSUPPORTED || y.kind == Unpacked.UNSUPPORTED) {
      arithmetic.flags |= SoftFloat.INVALID;
      result.indefinite();
      return;
    }
    if (signalsX || signalsY) {
      arithmetic.flags |= SoftFloat.INVALID;
    }
    boolean takesX;
    if (!x.isNaN() || !y.isNaN()) {
      takesX = x.isNaN();
    } else if (signalsX != signalsY) {
      takesX = signalsY;
    } else {
      int order = Long.compareUnsigned(x.high | Unpacked.QUIET_BIT, y.high | Unpacked.QUIET_BIT);
      takesX = order > 0 || (order == 0 && !x.negative);
    }
    result.copy(takesX ? x : y);
    result.kind = Unpacked.QUIET;
  }

  // --- compares ---

  /** Compares ST(0) with ST(i), then pops. */
  void compare(int i, boolean signals, int pops) {
    x87.begin();
    if (x87.isEmpty(0) || x87.isEmpty(i)) {
      unordered(pops);
      return;
    }
    x87.read(0, a);
    x87.read(i, b);
    order(signals, pops);
  }

  /** FTST. */
  void test() {
    x87.begin();
    if (x87.isEmpty(0)) {
      unordered(0);
      return;
    }
    x87.read(0, a);
    b.negative = false;
    b.set(Unpacked.ZERO, 0, 0, 0);
    order(true, 0);
  }

  private void unordered(int pops) {
    if (x87.underflows()) {
      x87.state.status |= CONDITIONS;
      pop(pops);
    }
  }

  private void pop(int pops) {
    for (int i = 0; i < pops; i++) {
      x87.pop();
    }
  }

  /** -1, 0, 1, or 2 where there is no order; flags are set. */
  private int order(boolean signals) {
    if (a.isNaN() || b.isNaN()) {
      boolean invalid = signals || a.kind >= Unpacked.SIGNALING || b.kind >= Unpacked.SIGNALING;
      if (invalid) {
        arithmetic.flags |= SoftFloat.INVALID;
      }
      return 2;
    }
    if (a.denormal || b.denormal) {
      arithmetic.flags |= SoftFloat.DENORMAL;
    }
    return SoftFloat.compare(a, b);
  }

  private void order(boolean signals, int pops) {
    int order = order(signals);
    if (x87.raise(arithmetic.flags)) {
      return;
    }
    int conditions =
        switch (order) {
          case -1 -> X87.C0;
          case 0 -> X87.C3;
          case 1 -> 0;
          default -> CONDITIONS;
        };
    x87.state.status = (x87.state.status & ~CONDITIONS) | conditions;
    pop(pops);
  }

  /** FCOMI and its kin. */
  void compareToFlags(int i, boolean signals, boolean pops) {
    arithmetic.flags = 0; // C1 stays, unless an operand is missing.
    int order = 2;
    if (x87.isEmpty(0) || x87.isEmpty(i)) {
      // AMD sets the flags even where an exception is not masked.
      pops &= x87.underflows();
    } else {
      x87.read(0, a);
      x87.read(i, b);
      order = order(signals);
      pops &= !x87.raise(arithmetic.flags);
    }
    toFlags(x87.cpu.core, order);
    if (pops) {
      x87.pop();
    }
  }

  /** The arithmetic flags of an order, as COMISD sets them too. */
  static void toFlags(Flags flags, int order) {
    flags.flags(flags(order));
  }

  /** The same, by their bits. */
  static int flags(int order) {
    return switch (order) {
      case -1 -> Flags.CARRY;
      case 0 -> Flags.ZERO;
      case 1 -> 0;
      default -> Flags.CARRY | Flags.ZERO | Flags.PARITY;
    };
  }
}
