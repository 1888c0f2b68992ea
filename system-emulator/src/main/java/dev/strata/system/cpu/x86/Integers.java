// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import static dev.strata.system.cpu.x86.Slots.RAX;
import static dev.strata.system.cpu.x86.Slots.RDX;

import dev.strata.system.cpu.interpret.Flags;

/** Integer instructions that are no single operation. */
final class Integers {
  private static final int DIVIDE_ERROR = 0;

  private final X86 cpu;
  private final Flags flags;

  Integers(X86 cpu) {
    this.cpu = cpu;
    this.flags = cpu.core;
  }

  private static long mask(int size) {
    return -1L >>> (64 - (8 << size));
  }

  private static long extend(long value, int size) {
    int shift = 64 - (8 << size);
    return value << shift >> shift;
  }

  private void set(int register, int size, long value) {
    long[] r = cpu.r;
    r[register] =
        size >= 2 ? value & mask(size) : (r[register] & ~mask(size)) | (value & mask(size));
  }

  /** MUL and IMUL of the accumulator; bit 2 of {@code kind}: signed. */
  void multiply(long operand, int kind) {
    int size = kind & 3;
    boolean signed = (kind & 4) != 0;
    long a = signed ? extend(cpu.r[RAX], size) : cpu.r[RAX] & mask(size);
    long b = signed ? extend(operand, size) : operand & mask(size);
    long low = a * b;
    boolean fits;
    if (size == 3) {
      long high = signed ? Math.multiplyHigh(a, b) : Math.unsignedMultiplyHigh(a, b);
      fits = signed ? high == low >> 63 : high == 0;
      cpu.r[RAX] = low;
      cpu.r[RDX] = high;
    } else {
      fits = signed ? low == extend(low, size) : (low & mask(size)) == low;
      if (size == 0) {
        set(RAX, 1, low);
      } else {
        set(RAX, size, low);
        set(RDX, size, low >>> (8 << size));
      }
    }
    flags.flags(size, low, fits ? 0 : Flags.CARRY | Flags.OVERFLOW);
  }

  /** DIV and IDIV; flags stay (the manual leaves them undefined). */
  void divide(long operand, int kind) {
    int size = kind & 3;
    boolean signed = (kind & 4) != 0;
    long by = signed ? extend(operand, size) : operand & mask(size);
    if (by == 0) {
      throw cpu.fault(DIVIDE_ERROR, -1);
    }
    if (size == 3) {
      divideWide(by, signed);
      return;
    }
    int bits = 8 << size;
    long dividend =
        size == 0
            ? cpu.r[RAX] & 0xffff
            : (cpu.r[RDX] & mask(size)) << bits | (cpu.r[RAX] & mask(size));
    long quotient;
    long rest;
    if (signed) {
      dividend = extend(dividend, size + 1);
      quotient = dividend / by;
      rest = dividend % by;
      if ((dividend == Long.MIN_VALUE && by == -1) || quotient != extend(quotient, size)) {
        throw cpu.fault(DIVIDE_ERROR, -1);
      }
    } else {
      quotient = Long.divideUnsigned(dividend, by);
      rest = Long.remainderUnsigned(dividend, by);
      if (Long.compareUnsigned(quotient, mask(size)) > 0) {
        throw cpu.fault(DIVIDE_ERROR, -1);
      }
    }
    if (size == 0) {
      set(RAX, 1, (quotient & 0xff) | (rest & 0xff) << 8);
    } else {
      set(RAX, size, quotient);
      set(RDX, size, rest);
    }
  }

  private void divideWide(long by, boolean signed) {
    long high = cpu.r[RDX];
    long low = cpu.r[RAX];
    boolean negative = signed && high < 0;
    if (negative) {
      low = -low;
      high = ~high + (low == 0 ? 1 : 0);
    }
    boolean negativeBy = signed && by < 0;
    long divisor = negativeBy ? -by : by;
    if (Long.compareUnsigned(high, divisor) >= 0) {
      throw cpu.fault(DIVIDE_ERROR, -1);
    }
    long quotient;
    long rest;
    if (high == 0) {
      quotient = Long.divideUnsigned(low, divisor);
      rest = Long.remainderUnsigned(low, divisor);
    } else {
      quotient = quotient(high, low, divisor);
      rest = low - quotient * divisor;
    }
    if (signed) {
      boolean minus = negative != negativeBy;
      if (minus ? Long.compareUnsigned(quotient, Long.MIN_VALUE) > 0 : quotient < 0) {
        throw cpu.fault(DIVIDE_ERROR, -1);
      }
      quotient = minus ? -quotient : quotient;
      rest = negative ? -rest : rest;
    }
    cpu.r[RAX] = quotient;
    cpu.r[RDX] = rest;
  }

  /**
   * The quotient of high × 2^64 + low, of which {@code high} is less than the divisor: two digits
   * of 32 bits (Knuth, The Art of Computer Programming, volume 2, 4.3.1, algorithm D).
   */
  private static long quotient(long high, long low, long divisor) {
    int left = Long.numberOfLeadingZeros(divisor);
    long by = divisor << left;
    long above = left == 0 ? high : high << left | low >>> -left;
    long below = low << left;
    long first = digit(above, below >>> 32, by);
    long between = (above << 32 | below >>> 32) - first * by;
    return first << 32 | digit(between, below & 0xffffffffL, by);
  }

  /** The quotient, less than 2^32, of rest × 2^32 + next; the divisor's top bit is set. */
  private static long digit(long rest, long next, long by) {
    long top = by >>> 32;
    long lower = by & 0xffffffffL;
    long digit = Long.divideUnsigned(rest, top);
    long left = rest - digit * top;
    // At most 2 too much, by what the divisor's lower half has been left out for.
    while (digit >>> 32 != 0 || Long.compareUnsigned(digit * lower, left << 32 | next) > 0) {
      digit--;
      left += top;
      if (left >>> 32 != 0) {
        break;
      }
    }
    return digit;
  }

  /** ROL, ROR, RCL, RCR: bits 0–1 of {@code kind}; 3–4 the size; 6 to set the flags. */
  long rotate(long operand, long by, int kind) {
    int size = kind >> 3 & 3;
    int bits = 8 << size;
    int count = (int) by & (size == 3 ? 63 : 31);
    long value = operand & mask(size);
    long before = flags.flags();
    boolean carry = (before & Flags.CARRY) != 0;
    if (count == 0) {
      return value;
    }
    long result;
    boolean left = (kind & 1) == 0;
    if ((kind & 2) == 0) {
      int n = count % bits;
      int turn = left ? n : (bits - n) % bits;
      result = turn == 0 ? value : (value << turn | value >>> (bits - turn)) & mask(size);
      carry = left ? (result & 1) != 0 : (result >>> (bits - 1) & 1) != 0;
    } else {
      result = value;
      int n = count % (bits + 1);
      if (n == 0 && (kind & 1 << 6) != 0) {
        n = 0;
      }
      for (int i = 0; i < n; i++) {
        boolean out = left ? (result >>> (bits - 1) & 1) != 0 : (result & 1) != 0;
        result =
            left
                ? (result << 1 & mask(size)) | (carry ? 1 : 0)
                : result >>> 1 | (carry ? 1L << (bits - 1) : 0);
        carry = out;
      }
    }
    if ((kind & 1 << 6) != 0) {
      boolean top = (result >>> (bits - 1) & 1) != 0;
      boolean second = (result >>> (bits - 2) & 1) != 0;
      boolean overflow = left ? top != carry : top != second;
      flags.flags(
          (before & ~(Flags.CARRY | Flags.OVERFLOW))
              | (carry ? Flags.CARRY : 0)
              | (overflow ? Flags.OVERFLOW : 0));
    }
    return result;
  }

  /** SHLD and SHRD: bit 0 right, 1–2 the size, 3 to set the flags. */
  long doubleShift(long operand, long by, int kind) {
    int size = kind >> 1 & 3;
    int bits = 8 << size;
    int count = (int) by & (size == 3 ? 63 : 31);
    long value = operand & mask(size);
    if (count == 0) {
      return value;
    }
    long filler = cpu.r[Slots.ARGUMENT] & mask(size);
    long result;
    boolean carry;
    if (size == 1) {
      // Above 16 the result is undefined; this is what a 48-bit shifter gives.
      if ((kind & 1) == 0) {
        long all = value << 32 | filler << 16 | value;
        result = all << count >>> 32 & 0xffff;
        carry = (all << (count - 1) >>> 47 & 1) != 0;
      } else {
        long all = value << 32 | filler << 16 | value;
        result = all >>> count & 0xffff;
        carry = (all >>> (count - 1) & 1) != 0;
      }
    } else if ((kind & 1) == 0) {
      result = (value << count | filler >>> (bits - count)) & mask(size);
      carry = (value >>> (bits - count) & 1) != 0;
    } else {
      result = (value >>> count | filler << (bits - count)) & mask(size);
      carry = (value >>> (count - 1) & 1) != 0;
    }
    if ((kind & 8) != 0) {
      boolean overflow = ((value ^ result) >>> (bits - 1) & 1) != 0;
      flags.flags(size, result, (carry ? Flags.CARRY : 0) | (overflow ? Flags.OVERFLOW : 0));
    }
    return result;
  }

  /** POPCNT of 8 << size bits. */
  long bitCount(long operand, int size) {
    long value = operand & mask(size);
    flags.flags(value == 0 ? Flags.ZERO : 0);
    return Long.bitCount(value);
  }

  /** DAA, DAS, AAA, AAS, AAM, AAD (SDM volume 2). */
  void decimal(int kind) {
    int al = (int) cpu.r[RAX] & 0xff;
    int ah = (int) cpu.r[RAX] >> 8 & 0xff;
    long before = flags.flags();
    boolean carry = (before & Flags.CARRY) != 0;
    boolean adjust = (before & Flags.ADJUST) != 0 || (al & 15) > 9;
    int by = kind >> 8 & 0xff;
    switch (kind & 7) {
      case 0, 1 -> {
        int sign = (kind & 7) == 0 ? 1 : -1;
        boolean high = carry || al > 0x99;
        boolean borrow = sign < 0 && adjust && al < 6;
        int result = al + (adjust ? 6 * sign : 0) + (high ? 0x60 * sign : 0);
        set(RAX, 0, result);
        flags.flags(0, result, (high || borrow ? Flags.CARRY : 0) | (adjust ? Flags.ADJUST : 0));
      }
      case 2, 3 -> {
        int sign = (kind & 7) == 2 ? 1 : -1;
        int ax = (int) cpu.r[RAX] & 0xffff;
        if (adjust) {
          ax += sign * 0x106;
        }
        set(RAX, 1, ax & 0xff0f);
        flags.flags(0, ax & 15, adjust ? Flags.CARRY | Flags.ADJUST : 0);
      }
      case 4 -> {
        if (by == 0) {
          throw cpu.fault(DIVIDE_ERROR, -1);
        }
        set(RAX, 1, (al / by) << 8 | al % by);
        flags.flags(0, al % by, 0);
      }
      default -> {
        int result = al + ah * by & 0xff;
        set(RAX, 1, result);
        flags.flags(0, result, 0);
      }
    }
  }

  long compareExchange(long old, long accumulator, int kind) {
    int size = kind & 3;
    boolean equal = ((old ^ accumulator) & mask(size)) == 0;
    if ((kind & 4) == 0) {
      return equal ? cpu.r[Slots.ARGUMENT] & mask(size) : old;
    }
    if (equal) {
      return cpu.r[RAX];
    }
    return size >= 2 ? old & mask(size) : (cpu.r[RAX] & ~mask(size)) | (old & mask(size));
  }

  /** CMPXCHG8B and CMPXCHG16B. */
  void compareExchangeWide(long address, int half) {
    if (half == 3 && (address & 15) != 0) {
      throw cpu.generalProtection(0);
    }
    long low = cpu.core.loadToWrite(address, half);
    long high = cpu.core.loadToWrite(address + (1 << half), half);
    boolean equal = low == (cpu.r[RAX] & mask(half)) && high == (cpu.r[RDX] & mask(half));
    cpu.core.store(address, half, equal ? cpu.r[Slots.RBX] : low);
    cpu.core.store(address + (1 << half), half, equal ? cpu.r[Slots.RCX] : high);
    if (!equal) {
      cpu.r[RAX] = low;
      cpu.r[RDX] = high;
    }
    flags.flags((flags.flags() & ~Flags.ZERO) | (equal ? Flags.ZERO : 0));
  }
}
