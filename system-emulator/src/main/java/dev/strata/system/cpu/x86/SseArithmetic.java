// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import dev.strata.system.cpu.softfloat.SoftFloat;
import dev.strata.system.cpu.softfloat.Unpacked;

/**
 * Floating-point elements of SSE and SSE2 under MXCSR (Intel SDM, volume 1, 10.2.3, 11.5 and
 * appendix E). Java's arithmetic does what needs no flag and rounds to nearest; soft float the
 * rest.
 */
final class SseArithmetic {
  private static final int DENORMALS_ARE_ZEROS = 1 << 6;
  private static final int FLUSH_TO_ZERO = 1 << 15;

  private static final int FLOAT_EXPONENT = 0xff << 23;

  private final X86 cpu;
  private final ExtendedState state;
  private final SoftFloat arithmetic = new SoftFloat();
  private final Unpacked a = new Unpacked();
  private final Unpacked b = new Unpacked();
  private final Unpacked result = new Unpacked();
  private boolean isDouble;
  private boolean plain;

  SseArithmetic(X86 cpu, ExtendedState state) {
    this.cpu = cpu;
    this.state = state;
  }

  /** Begins an instruction. */
  void begin(boolean doubles) {
    int mxcsr = state.mxcsr();
    isDouble = doubles;
    plain = state.isPlain();
    arithmetic.flags = 0;
    arithmetic.rounding = mxcsr >> 13 & 3;
    arithmetic.masked = mxcsr >> 7 & 0x3f;
    arithmetic.flushes = (mxcsr & FLUSH_TO_ZERO) != 0;
  }

  void truncate() {
    arithmetic.rounding = SoftFloat.TO_ZERO;
  }

  /** Ends the arithmetic: sets the flags, and faults before anything is written. */
  void end() {
    int flags = arithmetic.flags;
    if (flags == 0) {
      return;
    }
    int unmasked = flags & ~arithmetic.masked;
    if ((unmasked & 7) != 0) {
      flags &= 7; // Found before there are results.
    }
    state.mxcsr(state.mxcsr() | flags);
    if (unmasked != 0) {
      boolean known = (cpu.cr4 & X86.OSXMMEXCPT) != 0;
      throw cpu.fault(known ? X86.SIMD : X86.UNDEFINED_OPCODE, -1);
    }
  }

  private static boolean denormal(int bits) {
    return (bits & FLOAT_EXPONENT) == 0 && bits << 1 != 0;
  }

  /** One element of the operation with that opcode. */
  long operate(int opcode, long x, long y) {
    if (plain) {
      long result = isDouble ? plainDouble(opcode, x, y) : plainFloat(opcode, x, y);
      if (result != PlainFloats.NONE) {
        return result;
      }
    }
    return exactly(opcode, x, y);
  }

  private static long plainDouble(int opcode, long x, long y) {
    return switch (opcode) {
      case 0x58 -> PlainFloats.addDoubles(x, y);
      case 0x59 -> PlainFloats.multiplyDoubles(x, y);
      case 0x5c -> PlainFloats.subtractDoubles(x, y);
      case 0x5e -> PlainFloats.divideDoubles(x, y);
      case 0x51 -> PlainFloats.rootOfDouble(x, y);
      default -> PlainFloats.NONE;
    };
  }

  private static long plainFloat(int opcode, long x, long y) {
    return switch (opcode) {
      case 0x58 -> PlainFloats.addFloats(x, y);
      case 0x59 -> PlainFloats.multiplyFloats(x, y);
      case 0x5c -> PlainFloats.subtractFloats(x, y);
      case 0x5e -> PlainFloats.divideFloats(x, y);
      case 0x51 -> PlainFloats.rootOfFloat(x, y);
      default -> PlainFloats.NONE;
    };
  }

  private void unpack(Unpacked to, long bits) {
    if (isDouble) {
      to.ofDouble(bits);
    } else {
      to.ofFloat(bits);
    }
    if (to.denormal && (state.mxcsr() & DENORMALS_ARE_ZEROS) != 0) {
      to.set(Unpacked.ZERO, 0, 0, 0);
    }
  }

  private long pack(Unpacked value, boolean toDouble) {
    if (toDouble) {
      arithmetic.round(value, 53, -1022, 1023, 0);
      return value.toDouble();
    }
    arithmetic.round(value, 24, -126, 127, 0);
    return value.toFloat();
  }

  private long exactly(int opcode, long x, long y) {
    unpack(a, x);
    unpack(b, y);
    if (opcode == 0x51) {
      a.copy(b);
    }
    if (opcode == 0x5d || opcode == 0x5f) {
      return least(opcode == 0x5d, x, y);
    }
    if (a.isNaN() || b.isNaN()) {
      if (a.kind == Unpacked.SIGNALING || b.kind == Unpacked.SIGNALING) {
        arithmetic.flags |= SoftFloat.INVALID;
      }
      long bits = a.isNaN() && opcode != 0x51 ? x : y;
      return isDouble ? bits | 1L << 51 : (bits | 1L << 22) & 0xffffffffL;
    }
    boolean denormal = a.denormal || b.denormal;
    int before = arithmetic.flags;
    arithmetic.flags = 0;
    switch (opcode) {
      case 0x58 -> arithmetic.add(a, b, result);
      case 0x5c -> {
        b.negative = !b.negative;
        arithmetic.add(a, b, result);
      }
      case 0x59 -> arithmetic.multiply(a, b, result);
      case 0x5e -> arithmetic.divide(a, b, result);
      default -> arithmetic.root(b, result);
    }
    if (denormal && arithmetic.flags == 0) {
      arithmetic.flags = SoftFloat.DENORMAL;
    }
    boolean stops = (arithmetic.flags & ~arithmetic.masked) != 0;
    arithmetic.flags |= before;
    return stops ? 0 : pack(result, isDouble);
  }

  private long least(boolean minimum, long x, long y) {
    if (a.isNaN() || b.isNaN()) {
      arithmetic.flags |= SoftFloat.INVALID;
      return b.kind == Unpacked.ZERO ? zero(b) : y;
    }
    if (a.denormal || b.denormal) {
      arithmetic.flags |= SoftFloat.DENORMAL;
    }
    int order = SoftFloat.compare(a, b);
    boolean first = minimum ? order < 0 : order > 0;
    Unpacked taken = first ? a : b;
    if (taken.kind == Unpacked.ZERO) {
      return zero(taken);
    }
    return first ? x : y;
  }

  /** A zero, which the operand may have become for being denormal. */
  private long zero(Unpacked operand) {
    return !operand.negative ? 0 : isDouble ? Long.MIN_VALUE : 1L << 31;
  }

  /** -1, 0, 1, or 2 where there is no order. */
  int order(long x, long y, boolean signals) {
    unpack(a, x);
    unpack(b, y);
    if (a.isNaN() || b.isNaN()) {
      if (signals || a.kind == Unpacked.SIGNALING || b.kind == Unpacked.SIGNALING) {
        arithmetic.flags |= SoftFloat.INVALID;
      }
      return 2;
    }
    if (a.denormal || b.denormal) {
      arithmetic.flags |= SoftFloat.DENORMAL;
    }
    return SoftFloat.compare(a, b);
  }

  /** Whether a predicate of CMPPS and its kin holds. */
  boolean holds(int predicate, long x, long y) {
    int order = order(x, y, (predicate & 3) == 1 || (predicate & 3) == 2);
    boolean is =
        switch (predicate & 3) {
          case 0 -> order == 0;
          case 1 -> order == -1;
          case 2 -> order <= 0;
          default -> order == 2;
        };
    return is != ((predicate & 4) != 0);
  }

  /** Rounded to an integer as the immediate of ROUNDPS and its kin says. */
  long integral(long bits, int how) {
    unpack(a, bits);
    if (a.isNaN()) {
      if (a.kind == Unpacked.SIGNALING) {
        arithmetic.flags |= SoftFloat.INVALID;
      }
      return isDouble ? bits | 1L << 51 : (bits | 1L << 22) & 0xffffffffL;
    }
    int rounding = arithmetic.rounding;
    int before = arithmetic.flags;
    if ((how & 4) == 0) {
      arithmetic.rounding = how & 3;
    }
    arithmetic.toIntegral(a);
    arithmetic.rounding = rounding;
    if ((how & 8) != 0) {
      arithmetic.flags = before; // The inexact one is not wanted.
    }
    return pack(a, isDouble);
  }

  /** Between float and double; {@link #begin} has told what the source is. */
  long resize(long bits) {
    unpack(a, bits);
    if (a.kind == Unpacked.SIGNALING) {
      arithmetic.flags |= SoftFloat.INVALID;
    }
    int flag = a.denormal ? SoftFloat.DENORMAL : 0;
    arithmetic.flags |= flag;
    return (flag & ~arithmetic.masked) != 0 ? 0 : pack(a, !isDouble);
  }

  /** From an integer; {@link #begin} has told what the result is. */
  long ofInteger(long value) {
    a.ofLong(value);
    return pack(a, isDouble);
  }

  /** To an integer of so many bits. */
  long toInteger(long bits, int ofBits) {
    unpack(a, bits);
    return arithmetic.toInteger(a, ofBits) & -1L >>> (64 - ofBits);
  }

  /** RCPSS and RSQRTSS: more exact than they need be; no flags. */
  static long approximate(boolean root, int bits) {
    float x = Float.intBitsToFloat(bits);
    if (denormal(bits)) {
      x = Math.copySign(0f, x);
    }
    if (Float.isNaN(x)) {
      return (bits | 1L << 22) & 0xffffffffL;
    }
    if (root && x < 0) {
      return 0xffc00000L;
    }
    float v = root ? (float) (1 / Math.sqrt(x)) : 1 / x;
    if (denormal(Float.floatToRawIntBits(v))) {
      v = Math.copySign(0f, v);
    }
    return Float.floatToRawIntBits(v) & 0xffffffffL;
  }
}
