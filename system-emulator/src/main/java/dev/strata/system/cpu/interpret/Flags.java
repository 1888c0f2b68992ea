// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.interpret;

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

  static final int EXPLICIT = 0;
  static final int RESULT = 1;
  static final int SUM = 2;
  static final int DIFFERENCE = 3;

  // EXPLICIT: a has all flags. RESULT: of the result; carry, adjust and overflow are in a.
  // SUM, DIFFERENCE: result = a ± b (± carry), not cut.
  int kind;
  int shift; // 64 − bits of the operands
  long a;
  long b;
  long result;

  final void set(int newKind, int newShift, long newA, long newB, long newResult) {
    kind = newKind;
    shift = newShift;
    a = newA;
    b = newB;
    result = newResult;
  }

  /** Sets them all. */
  public final void flags(long value) {
    kind = EXPLICIT;
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

  final boolean carry() {
    return switch (kind) {
      case SUM -> (((a & b) | ((a | b) & ~result)) << shift) < 0;
      case DIFFERENCE -> (((~a & b) | ((~a | b) & result)) << shift) < 0;
      default -> (a & CARRY) != 0;
    };
  }

  final boolean zero() {
    return kind == EXPLICIT ? (a & ZERO) != 0 : result << shift == 0;
  }

  final boolean sign() {
    return kind == EXPLICIT ? (a & SIGN) != 0 : result << shift < 0;
  }

  final boolean overflow() {
    return switch (kind) {
      case SUM -> ((a ^ result) & (b ^ result)) << shift < 0;
      case DIFFERENCE -> ((a ^ b) & (a ^ result)) << shift < 0;
      default -> (a & OVERFLOW) != 0;
    };
  }

  private boolean parity() {
    return kind == EXPLICIT ? (a & PARITY) != 0 : (Integer.bitCount((int) result & 0xff) & 1) == 0;
  }

  private boolean adjust() {
    return kind >= SUM ? ((a ^ b ^ result) & 0x10) != 0 : (a & ADJUST) != 0;
  }

  /** All flags, by their bits. */
  public final long flags() {
    if (kind == EXPLICIT) {
      return a;
    }
    return (carry() ? CARRY : 0)
        | (parity() ? PARITY : 0)
        | (adjust() ? ADJUST : 0)
        | (zero() ? ZERO : 0)
        | (sign() ? SIGN : 0)
        | (overflow() ? OVERFLOW : 0);
  }

  /** Whether a condition, numbered as x86 does, holds. */
  public final boolean holds(int condition) {
    boolean is =
        switch (condition >> 1) {
          case 0 -> overflow();
          case 1 -> carry();
          case 2 -> zero();
          case 3 -> carry() || zero();
          case 4 -> sign();
          case 5 -> parity();
          case 6 -> sign() != overflow();
          default -> zero() || sign() != overflow();
        };
    return is == ((condition & 1) == 0);
  }
}
