// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.interpret;

import dev.strata.system.cpu.ir.Op;

/**
 * The flags, kept as what they follow from until someone asks. Numbered as x86 has them in its
 * register.
 */
public class Flags {
  /** Carry. */
  public static final int CARRY = 1;

  /** Even parity of the low byte. */
  public static final int PARITY = 4;

  /** Carry out of bit 3. */
  public static final int ADJUST = 0x10;

  /** Zero. */
  public static final int ZERO = 0x40;

  /** Sign. */
  public static final int SIGN = 0x80;

  /** Overflow. */
  public static final int OVERFLOW = 0x800;

  /** All of them. */
  public static final int ALL = 0x8d5;

  /** Flags are in the first number. */
  public static final int EXPLICIT = 0;

  /** Zero, sign and parity of the third; the rest in the first. */
  public static final int RESULT = 1;

  /** Of third = first + second (+ carry), not cut. */
  public static final int SUM = 2;

  /** Of third = first − second (− carry), not cut. */
  public static final int DIFFERENCE = 3;

  private int form; // a kind, and 64 − bits of the operands above it
  long a;
  long b;
  long result;

  final void set(int newKind, int newShift, long newA, long newB, long newResult) {
    form(newKind | newShift << 2, newA, newB, newResult);
  }

  /** Sets what they follow from: one of the kinds, and 64 − the operands' bits above it. */
  public final void form(int newForm, long newA, long newB, long newResult) {
    form = newForm;
    a = newA;
    b = newB;
    result = newResult;
  }

  /** What the flags follow from: one of the kinds, and 64 − the operands' bits above it. */
  public final int form() {
    return form;
  }

  /** The first number that they follow from. */
  public final long first() {
    return a;
  }

  /** The second. */
  public final long second() {
    return b;
  }

  /** The third. */
  public final long third() {
    return result;
  }

  /** Sets them all. */
  public final void flags(long value) {
    form = EXPLICIT;
    a = value & ALL;
  }

  /** Sign, zero and parity of a result of 8 << size bits; the others from {@code rest}. */
  public final void flags(int size, long newResult, long rest) {
    set(RESULT, 64 - (8 << size), rest, 0, newResult);
  }

  /** As after subtracting {@code newB} from {@code newA}, of 1 << size bytes. */
  public final void compared(int size, long newA, long newB) {
    set(DIFFERENCE, 64 - (8 << size), newA, newB, newA - newB);
  }

  /** Sets the carry, 0 or 1; zero, sign and parity stay, overflow and adjust may not. */
  final void carry(long value) {
    form(formWithCarry(form), withCarry(form, a, value), b, result);
  }

  final boolean carry() {
    return carry(form, a, b, result) != 0;
  }

  /** All flags, by their bits. */
  public final long flags() {
    return flags(form, a, b, result);
  }

  /** Whether a condition, numbered as x86 does, holds. */
  public final boolean holds(int condition) {
    return holds(condition, form, a, b, result);
  }

  /** Whether a condition or its opposite, the even number, holds: told as BRANCH knows how. */
  final boolean holds(int how, int condition) {
    int shift = form >>> 2;
    return switch (how) {
      case Op.BY_ZERO -> result << shift == 0;
      case Op.BY_SIGN -> result << shift < 0;
      case Op.BY_SIGN_OR_ZERO -> result << shift <= 0;
      case Op.BY_BELOW -> (a << shift) + Long.MIN_VALUE < (b << shift) + Long.MIN_VALUE;
      case Op.BY_BELOW_OR_EQUAL -> (a << shift) + Long.MIN_VALUE <= (b << shift) + Long.MIN_VALUE;
      case Op.BY_LESS -> a << shift < b << shift;
      case Op.BY_LESS_OR_EQUAL -> a << shift <= b << shift;
      default -> holds(condition & ~1);
    };
  }

  // --- the same of numbers that are kept elsewhere ---

  // Without branches, so that the JIT moves what only a fault or an exit looks at out of the way.

  /** Whether a condition holds. */
  public static boolean holds(int condition, int form, long a, long b, long result) {
    return holds(condition, form & 3, form >>> 2, a, b, result);
  }

  /** All flags, by their bits. */
  public static long flags(int form, long a, long b, long result) {
    int kind = form & 3;
    int shift = form >>> 2;
    if (kind == EXPLICIT) {
      return a;
    }
    long top = result << shift;
    return carry(kind, shift, a, b, result)
        | (~Integer.bitCount((int) result & 0xff) & 1L) << 2
        | ((kind >= SUM ? a ^ b ^ result : a) & ADJUST)
        | (~(top | -top) >>> 63) << 6
        | (top >>> 63) << 7
        | overflows(kind, shift, a, b, result) << 11;
  }

  /** The carry, 0 or 1. */
  public static long carry(int form, long a, long b, long result) {
    return carry(form & 3, form >>> 2, a, b, result);
  }

  /** The carry of a sum of 64 − {@code shift} bits. */
  public static long carryOfSum(int shift, long a, long b, long result) {
    return (((a & b) | ((a | b) & ~result)) << shift) >>> 63;
  }

  /** The borrow of a difference. */
  public static long carryOfDifference(int shift, long a, long b, long result) {
    return (((~a & b) | ((~a | b) & result)) << shift) >>> 63;
  }

  /** Carry, adjust and overflow after adding 1, as RESULT keeps them. */
  public static long incremented(long carry, int shift, long result) {
    return carry | ((~result & 15) + 1 & ADJUST) | ((~(result - 1) & result) << shift >>> 63) << 11;
  }

  /** The same after subtracting 1 from {@code x}. */
  public static long decremented(long carry, int shift, long x, long result) {
    return carry | ((result & 15) + 1 & ADJUST) | ((x & ~result) << shift >>> 63) << 11;
  }

  /** The same after shifting {@code x} left by {@code n}, which is not 0. */
  public static long shiftedLeft(int shift, long x, int n, long result) {
    long out = (shift == 0 ? x >>> -n : x << n >>> (64 - shift)) & 1;
    return out | (out ^ result << shift >>> 63) << 11;
  }

  /** The same after a logical shift right of {@code x}, cut to its size. */
  public static long shiftedRight(int shift, long x, int n) {
    return (x >> (n - 1) & 1) | (x << shift >>> 63) << 11;
  }

  /** The same after an arithmetic shift right of {@code x}, sign-extended. */
  public static long shiftedArithmetic(long x, int n) {
    return x >> (n - 1) & 1;
  }

  /** The same after a signed product of {@code x} and {@code y}, sign-extended. */
  public static long multiplied(int shift, long x, long y, long result) {
    long lost =
        shift == 0 ? Math.multiplyHigh(x, y) ^ result >> 63 : result << shift >> shift ^ result;
    return (lost | -lost) >> 63 & (CARRY | OVERFLOW);
  }

  /**
   * The same after a product of {@code x} and {@code y}, sign-extended or cut, of which both halves
   * are kept.
   */
  public static long multipliedWhole(boolean signed, int shift, long x, long y) {
    long product = x * y;
    long high = shift == 0 ? highProduct(signed, x, y) : product >> 32;
    long lost = signed ? high ^ product << shift >> 63 : shift == 0 ? high : high & 0xffffffffL;
    return (lost | -lost) >> 63 & (CARRY | OVERFLOW);
  }

  /** The upper 64 bits of a product. */
  public static long highProduct(boolean signed, long x, long y) {
    return signed ? Math.multiplyHigh(x, y) : Math.unsignedMultiplyHigh(x, y);
  }

  /** What flags follow from when one has set their carry; see {@link #withCarry}. */
  public static int formWithCarry(int form) {
    return (form & 3) == EXPLICIT ? form : (form & ~3) | RESULT;
  }

  /** The first number then: the third stays. */
  public static long withCarry(int form, long a, long carry) {
    return (form & 3) == EXPLICIT ? (a & ~CARRY) | carry : carry;
  }

  /** All flags after turning left, from all before. */
  public static long rotatedLeft(long before, int shift, long result) {
    long carry = result & 1;
    long top = result << shift >>> 63;
    return (before & ~(CARRY | OVERFLOW)) | carry | (carry ^ top) << 11;
  }

  /** All flags after turning right. */
  public static long rotatedRight(long before, int shift, long result) {
    long top = result << shift >>> 63;
    long second = result << shift << 1 >>> 63;
    return (before & ~(CARRY | OVERFLOW)) | top | (second ^ top) << 11;
  }

  private static long carry(int kind, int shift, long a, long b, long result) {
    return switch (kind) {
      case SUM -> carryOfSum(shift, a, b, result);
      case DIFFERENCE -> carryOfDifference(shift, a, b, result);
      default -> a & CARRY;
    };
  }

  private static boolean zero(int kind, int shift, long a, long result) {
    return kind == EXPLICIT ? (a & ZERO) != 0 : result << shift == 0;
  }

  private static boolean sign(int kind, int shift, long a, long result) {
    return kind == EXPLICIT ? (a & SIGN) != 0 : result << shift < 0;
  }

  private static boolean overflow(int kind, int shift, long a, long b, long result) {
    return overflows(kind, shift, a, b, result) != 0;
  }

  private static long overflows(int kind, int shift, long a, long b, long result) {
    return switch (kind) {
      case SUM -> ((a ^ result) & (b ^ result)) << shift >>> 63;
      case DIFFERENCE -> ((a ^ b) & (a ^ result)) << shift >>> 63;
      default -> (a & OVERFLOW) >>> 11;
    };
  }

  private static boolean parity(int kind, long a, long result) {
    return kind == EXPLICIT ? (a & PARITY) != 0 : (Integer.bitCount((int) result & 0xff) & 1) == 0;
  }

  private static boolean holds(int condition, int kind, int shift, long a, long b, long result) {
    boolean is =
        switch (condition >> 1) {
          case 0 -> overflow(kind, shift, a, b, result);
          case 1 -> carry(kind, shift, a, b, result) != 0;
          case 2 -> zero(kind, shift, a, result);
          case 3 -> carry(kind, shift, a, b, result) != 0 || zero(kind, shift, a, result);
          case 4 -> sign(kind, shift, a, result);
          case 5 -> parity(kind, a, result);
          case 6 -> sign(kind, shift, a, result) != overflow(kind, shift, a, b, result);
          default ->
              zero(kind, shift, a, result)
                  || sign(kind, shift, a, result) != overflow(kind, shift, a, b, result);
        };
    return is == ((condition & 1) == 0);
  }
}
