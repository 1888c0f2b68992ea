// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import static dev.strata.system.cpu.x86.Slots.RAX;
import static dev.strata.system.cpu.x86.Slots.RDX;
import static dev.strata.system.cpu.x86.Slots.SINK;
import static dev.strata.system.cpu.x86.Slots.ZERO;

import dev.strata.system.cpu.ir.Op;

/** Integer arithmetic and moves among the one-byte opcodes (Intel SDM, volume 1, 5.1). */
final class ArithmeticInstructions {
  private static final int[] ARITHMETIC = {
    Op.ADD, Op.OR, Op.ADD_CARRY, Op.SUBTRACT_BORROW, Op.AND, Op.SUBTRACT, Op.XOR, Op.SUBTRACT
  };

  private final Operands in;

  ArithmeticInstructions(Operands in) {
    this.in = in;
  }

  void arithmetic(int which, int form) {
    int operation = ARITHMETIC[which];
    boolean compare = which == 7;
    int ofSize = (form & 1) == 0 ? 0 : in.size;
    if (form >= 4) {
      int value = in.immediate(ofSize);
      if (compare) {
        in.binary(operation, ofSize, SINK, RAX, -1, value, true);
      } else {
        in.intoRegister(operation, ofSize, RAX, RAX, -1, value);
      }
      return;
    }
    in.modrm();
    if (compare) {
      int a = form < 2 ? in.readRm(ofSize) : in.readRegister(ofSize, in.reg);
      int b = form < 2 ? in.readRegister(ofSize, in.reg) : in.readRm(ofSize);
      in.binary(operation, ofSize, SINK, a, b, 0, true);
    } else if (form < 2) {
      in.intoRm(operation, ofSize, in.readRegister(ofSize, in.reg), 0);
    } else {
      int b = in.readRm(ofSize);
      in.intoRegister(operation, ofSize, in.reg, in.readRegister(ofSize, in.reg), b, 0);
    }
  }

  void arithmeticImmediate(int opcode, int ofSize) {
    if (opcode == 0x82 && in.wide) {
      in.undefined();
      return;
    }
    in.modrm();
    int value = opcode == 0x81 ? in.immediate(ofSize) : in.s8();
    int which = in.modrm >> 3 & 7;
    if (which == 7) {
      in.binary(Op.SUBTRACT, ofSize, SINK, in.readRm(ofSize), -1, value, true);
    } else {
      in.intoRm(ARITHMETIC[which], ofSize, -1, value);
    }
  }

  void step(int operation, int register) {
    in.intoRegister(operation, in.size, register, register, -1, 0);
  }

  void multiplyImmediate(boolean full) {
    in.modrm();
    int value = full ? in.immediate(in.size) : in.s8();
    in.intoRegister(Op.MULTIPLY, in.size, in.reg, in.readRm(in.size), -1, value);
  }

  void shift(int ofSize, int slot, int count) {
    int which = in.modrm >> 3 & 7;
    int operation =
        switch (which) {
          case 4, 6 -> Op.SHIFT_LEFT;
          case 5 -> Op.SHIFT_RIGHT;
          case 7 -> Op.SHIFT_ARITHMETIC;
          default -> -1;
        };
    if (operation >= 0) {
      in.intoRm(operation, ofSize, slot, count & (ofSize == 3 ? 63 : 31));
      return;
    }
    int turns = count & (ofSize == 3 ? 63 : 31);
    if (which <= 1 && ofSize >= 2 && slot < 0 && turns != 0) {
      in.intoRm(which == 0 ? Op.ROTATE_LEFT : Op.ROTATE_RIGHT, ofSize, -1, turns);
      return;
    }
    int by = slot;
    if (slot < 0) {
      by = in.temporary();
      in.out.constant(by, count);
    }
    int was = in.copy(in.readRmToWrite(ofSize));
    int count2 = in.copy(by); // Rotating CL by CL changes it.
    int t = in.temporary();
    // The flags, which the result may depend on, change when the store can no longer fault.
    in.call(Calls.ROTATE, t, was, count2, which | ofSize << 3);
    in.writeRm(ofSize, t);
    in.call(Calls.ROTATE, SINK, was, count2, which | ofSize << 3 | 1 << 6);
  }

  void unary(int ofSize) {
    in.modrm();
    switch (in.modrm >> 3 & 7) {
      case 0, 1 -> {
        int value = in.immediate(ofSize);
        in.binary(Op.AND, ofSize, SINK, in.readRm(ofSize), -1, value, true);
      }
      case 2 -> {
        int old = in.readRmToWrite(ofSize);
        int t = in.temporary();
        in.binary(Op.XOR, ofSize, t, old, -1, -1, false);
        in.writeRm(ofSize, t);
      }
      case 3 -> {
        if (in.isRegister() && ofSize >= 2) {
          in.binary(Op.SUBTRACT, ofSize, in.rm, ZERO, in.rm, 0, true);
        } else {
          int old = in.readRmToWrite(ofSize);
          int copy = in.temporary();
          in.out.add(Op.MOVE, 3, copy, ZERO, old, 0);
          int t = in.temporary();
          in.binary(Op.SUBTRACT, ofSize, t, ZERO, copy, 0, false);
          in.writeRm(ofSize, t);
          in.binary(Op.SUBTRACT, ofSize, SINK, ZERO, copy, 0, true);
        }
      }
      case 4, 5 -> multiplyWhole(ofSize, (in.modrm & 8) != 0);
      default -> in.call(Calls.DIVIDE, SINK, in.readRm(ofSize), ZERO, ofSize | (in.modrm & 8) >> 1);
    }
  }

  private void multiplyWhole(int ofSize, boolean signed) {
    int by = in.readRm(ofSize);
    if (ofSize < 2) {
      in.call(Calls.MULTIPLY_WIDE, SINK, by, ZERO, ofSize | (signed ? 1 << 2 : 0));
      return;
    }
    int high = in.temporary();
    int operation = signed ? Op.HIGH_PRODUCT : Op.HIGH_PRODUCT_UNSIGNED;
    in.binary(operation, ofSize, high, RAX, by, 0, true);
    in.binary(Op.MULTIPLY, ofSize, RAX, RAX, by, 0, false);
    in.out.add(Op.MOVE, 3, RDX, ZERO, high, 0);
  }

  void signExtendAccumulator() {
    int t = in.temporary();
    in.out.add(Op.SIGN_EXTEND, in.size - 1, t, ZERO, RAX, 0);
    in.writeRegister(in.size, RAX, t);
  }

  void exchange(int ofSize) {
    in.modrm();
    int old = in.readRmToWrite(ofSize);
    int t = in.temporary();
    in.out.add(Op.MOVE, 3, t, ZERO, old, 0);
    in.writeRm(ofSize, in.readRegister(ofSize, in.reg));
    in.writeRegister(ofSize, in.reg, t);
  }

  void exchangeAccumulator(int low) {
    int register = low | (in.rex & 1) << 3;
    if (register == RAX) {
      return; // NOP, PAUSE
    }
    int t = in.temporary();
    in.out.add(Op.MOVE, 3, t, ZERO, RAX, 0);
    in.writeRegister(in.size, RAX, register);
    in.writeRegister(in.size, register, t);
  }

  void moveImmediate(int opcode) {
    int register = (opcode & 7) | (in.rex & 1) << 3;
    if (in.size == 3) {
      in.out.constant(register, in.s64());
    } else if (in.size == 2) {
      in.out.constant(register, in.s32() & 0xffffffffL);
    } else {
      int t = in.temporary();
      in.out.constant(t, in.u16());
      in.writeRegister(1, register, t);
    }
  }

  void moveSignExtendedOrAdjustRpl() {
    in.modrm();
    if (in.wide) {
      int value = in.readRm(in.size == 1 ? 1 : 2);
      int t = in.temporary();
      in.out.add(Op.SIGN_EXTEND, in.size == 1 ? 1 : 2, t, ZERO, value, 0);
      in.writeRegister(in.size, in.reg, t);
      return;
    }
    in.call(Calls.PROTECTED_ONLY, SINK, ZERO, ZERO, 0);
    int old = in.readRmToWrite(1);
    int t = in.temporary();
    // First without touching the flags: the store may fault.
    in.call(Calls.ADJUST_RPL, t, old, in.reg, 0);
    in.writeRm(1, t);
    in.call(Calls.ADJUST_RPL, SINK, old, in.reg, 1);
  }

  void legacyCall(int number) {
    if (in.wide) {
      in.undefined();
    } else {
      in.call(number, SINK, ZERO, ZERO, in.size);
    }
  }

  void callDecimal(int which, int by) {
    in.call(Calls.DECIMAL, SINK, ZERO, ZERO, which | by << 8);
  }
}
