// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import dev.strata.system.cpu.softfloat.SoftFloat;
import dev.strata.system.cpu.softfloat.Unpacked;

/** Between memory and the x87's stack (Intel SDM, volume 1, 8.3.3 and table 8-2). */
final class X87Transfers {
  private static final int FORBIDS_STORE =
      SoftFloat.INVALID | SoftFloat.OVERFLOW | SoftFloat.UNDERFLOW;
  private static final long MOST_DECIMAL = 999_999_999_999_999_999L;

  private final X87 x87;
  private final X86 cpu;

  X87Transfers(X87 x87) {
    this.x87 = x87;
    this.cpu = x87.cpu;
  }

  /** Reads the operand of arithmetic into b: float, int32, double, int16. */
  void operand(int kind, long address) {
    switch (kind) {
      case 0 -> x87.b.ofFloat(cpu.core.load(address, 2));
      case 1 -> x87.b.ofLong((int) cpu.core.load(address, 2));
      case 2 -> x87.b.ofDouble(cpu.core.load(address, 3));
      default -> x87.b.ofLong((short) cpu.core.load(address, 1));
    }
  }

  /** The escapes D9, DB, DD, DF with memory that move something. */
  void run(int opcode, int which, long address) {
    switch (opcode << 3 | which) {
      case 1 << 3 -> loadFloat(address, false);
      case 5 << 3 -> loadFloat(address, true);
      case 1 << 3 | 2, 1 << 3 | 3 -> storeFloat(address, 2, which == 3);
      case 5 << 3 | 2, 5 << 3 | 3 -> storeFloat(address, 3, which == 3);
      case 3 << 3 -> loadInteger((int) cpu.core.load(address, 2));
      case 7 << 3 -> loadInteger((short) cpu.core.load(address, 1));
      case 7 << 3 | 5 -> loadInteger(cpu.core.load(address, 3));
      case 3 << 3 | 1 -> storeInteger(address, 2, true, true);
      case 5 << 3 | 1 -> storeInteger(address, 3, true, true);
      case 7 << 3 | 1 -> storeInteger(address, 1, true, true);
      case 3 << 3 | 2, 3 << 3 | 3 -> storeInteger(address, 2, which == 3, false);
      case 7 << 3 | 2, 7 << 3 | 3 -> storeInteger(address, 1, which == 3, false);
      case 7 << 3 | 7 -> storeInteger(address, 3, true, false);
      case 3 << 3 | 5 -> loadExtended(address);
      case 3 << 3 | 7 -> storeExtended(address);
      case 7 << 3 | 4 -> loadDecimal(address);
      case 7 << 3 | 6 -> storeDecimal(address);
      default -> throw cpu.fault(X86.UNDEFINED_OPCODE, -1);
    }
  }

  private void loadFloat(long address, boolean isDouble) {
    long bits = cpu.core.load(address, isDouble ? 3 : 2);
    if (x87.pushFaults()) {
      return;
    }
    x87.begin();
    Unpacked value = x87.result;
    if (isDouble) {
      value.ofDouble(bits);
    } else {
      value.ofFloat(bits);
    }
    if (value.kind == Unpacked.SIGNALING) {
      x87.arithmetic.flags = SoftFloat.INVALID;
    } else if (value.denormal) {
      x87.arithmetic.flags = SoftFloat.DENORMAL;
    }
    boolean stops = x87.raise(x87.arithmetic.flags);
    if (!stops || value.denormal) { // A denormal number is loaded even where that is not masked.
      x87.push(value);
    }
  }

  private void loadInteger(long value) {
    if (!x87.pushFaults()) {
      x87.result.ofLong(value);
      x87.push(x87.result);
    }
  }

  private void loadExtended(long address) {
    long significand = cpu.core.load(address, 3);
    int exponent = (int) cpu.core.load(address + 8, 1);
    if (!x87.pushFaults()) {
      ExtendedState state = x87.state;
      state.top = state.top - 1 & 7;
      state.significand[state.top] = significand;
      state.exponent[state.top] = exponent;
      state.tags |= 1 << state.top;
    }
  }

  private void storeExtended(long address) {
    long significand;
    int exponent;
    if (x87.isEmpty(0)) {
      // The store may fault: it is tried before the stack fault is told.
      cpu.core.loadToWrite(address, 3);
      cpu.core.loadToWrite(address + 8, 1);
      if (!x87.underflows()) {
        return;
      }
      significand = 3L << 62;
      exponent = 0xffff;
    } else {
      significand = x87.state.significand[x87.state.top];
      exponent = x87.state.exponent[x87.state.top];
    }
    cpu.core.loadToWrite(address + 8, 1);
    cpu.core.store(address, 3, significand);
    cpu.core.store(address + 8, 1, exponent);
    x87.state.status &= ~X87.C1;
    x87.pop();
  }

  private void storeFloat(long address, int size, boolean pops) {
    cpu.core.loadToWrite(address, size);
    Unpacked value = x87.result;
    if (x87.isEmpty(0)) {
      if (!x87.underflows()) {
        return;
      }
      value.indefinite();
    } else {
      x87.begin();
      x87.read(0, value);
      if (value.kind == Unpacked.UNSUPPORTED) {
        x87.arithmetic.flags = SoftFloat.INVALID;
        value.indefinite();
      } else if (value.kind == Unpacked.SIGNALING) {
        x87.arithmetic.flags = SoftFloat.INVALID;
      } else if (size == 2) {
        x87.arithmetic.round(value, 24, -126, 127, 0);
      } else {
        x87.arithmetic.round(value, 53, -1022, 1023, 0);
      }
      if ((x87.arithmetic.flags & ~x87.state.control & FORBIDS_STORE) != 0) {
        x87.raise(x87.arithmetic.flags & ~SoftFloat.INEXACT);
        return;
      }
      x87.raiseAfter();
    }
    cpu.core.store(address, size, size == 2 ? value.toFloat() : value.toDouble());
    if (pops) {
      x87.pop();
    }
  }

  private void storeInteger(long address, int size, boolean pops, boolean truncates) {
    cpu.core.loadToWrite(address, size);
    int bits = 8 << size;
    long value = -1L << (bits - 1);
    if (x87.isEmpty(0)) {
      if (!x87.underflows()) {
        return;
      }
    } else {
      x87.begin();
      if (truncates) {
        x87.arithmetic.rounding = SoftFloat.TO_ZERO;
      }
      x87.read(0, x87.a);
      value = x87.arithmetic.toInteger(x87.a, bits);
      if (x87.raiseBefore()) {
        return;
      }
      x87.raiseAfter();
    }
    cpu.core.store(address, size, value);
    if (pops) {
      x87.pop();
    }
  }

  private void loadDecimal(long address) {
    long digits = cpu.core.load(address, 3);
    int rest = (int) cpu.core.load(address + 8, 1);
    if (x87.pushFaults()) {
      return;
    }
    long value = 0;
    for (int i = 17; i >= 0; i--) {
      long digit = i < 16 ? digits >>> (4 * i) & 15 : rest >> (4 * (i - 16)) & 15;
      value = value * 10 + digit;
    }
    x87.result.ofLong(value);
    x87.result.negative = (rest & 0x8000) != 0;
    x87.push(x87.result);
  }

  private void storeDecimal(long address) {
    cpu.core.loadToWrite(address, 3);
    cpu.core.loadToWrite(address + 8, 1);
    long low = 0xc000000000000000L;
    long high = 0xffff;
    if (x87.isEmpty(0)) {
      if (!x87.underflows()) {
        return;
      }
    } else {
      x87.begin();
      x87.read(0, x87.a);
      boolean negative = x87.a.negative;
      long value = x87.arithmetic.toInteger(x87.a, 64);
      long magnitude = Math.abs(value);
      if (magnitude > MOST_DECIMAL || magnitude < 0) {
        x87.arithmetic.flags = SoftFloat.INVALID;
        x87.arithmetic.roundedUp = false;
      }
      if (x87.raiseBefore()) {
        return;
      }
      x87.raiseAfter();
      if ((x87.arithmetic.flags & SoftFloat.INVALID) == 0) {
        low = 0;
        high = negative ? 0x8000 : 0;
        for (int i = 0; i < 18; i++) {
          long digit = magnitude % 10;
          magnitude /= 10;
          if (i < 16) {
            low |= digit << (4 * i);
          } else {
            high |= digit << (4 * (i - 16));
          }
        }
      }
    }
    cpu.core.store(address, 3, low);
    cpu.core.store(address + 8, 1, high);
    x87.pop();
  }
}
