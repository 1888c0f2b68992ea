// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import static dev.strata.system.cpu.x86.Slots.RDX;
import static dev.strata.system.cpu.x86.Slots.SINK;
import static dev.strata.system.cpu.x86.Slots.ZERO;

import dev.strata.system.cpu.ir.Op;

/**
 * Instructions with a VEX prefix: those on general registers, BMI1 and BMI2 (Intel SDM, volume 2,
 * 2.3 and table A-4). There is no AVX.
 */
final class VexMap {
  private final Operands in;

  /** The register that the prefix itself names. */
  private int other;

  VexMap(Operands in) {
    this.in = in;
  }

  /** After C4 and the byte behind it. */
  void instruction(int second) {
    if (in.prefix != 0 || in.operand66 || in.rex != 0 || in.locked) {
      in.undefined();
      return;
    }
    if (!in.wide && !in.flat) {
      in.call(Calls.PROTECTED_ONLY, SINK, ZERO, ZERO, 0);
    }
    int third = in.u8();
    in.vex(second, third);
    other = ~third >> 3 & (in.wide ? 15 : 7);
    int opcode = in.u8();
    int map = second & 31;
    boolean vector = (third & 4) != 0;
    in.modrm();
    if (vector || !(map == 2 ? map2(opcode) : map == 3 && opcode == 0xf0 && rotate())) {
      in.undefined();
    }
  }

  private boolean map2(int opcode) {
    return switch (opcode) {
      case 0xf2 -> in.prefix == 0 && !in.operand66 && in.has(Feature.BMI1) && andNot();
      case 0xf3 -> in.prefix == 0 && !in.operand66 && in.has(Feature.BMI1) && lowest();
      case 0xf5 -> in.has(Feature.BMI2) && selections();
      case 0xf6 -> in.prefix == 0xf2 && in.has(Feature.BMI2) && multiply();
      case 0xf7 -> shiftOrExtract();
      default -> false;
    };
  }

  private boolean andNot() {
    int value = in.readRm(in.size);
    int inverted = in.temporary();
    in.binary(Op.XOR, in.size, inverted, other, -1, -1, false);
    in.binary(Op.AND, in.size, in.reg, inverted, value, 0, true);
    return true;
  }

  /** BLSR, BLSMSK, BLSI. */
  private boolean lowest() {
    int which = in.modrm >> 3 & 7;
    if (which < 1 || which > 3) {
      return false;
    }
    manipulate(other, in.readRm(in.size), ZERO, which);
    return true;
  }

  /** BZHI, PEXT, PDEP. */
  private boolean selections() {
    if (in.operand66) {
      return false;
    }
    int value = in.readRm(in.size);
    switch (in.prefix) {
      case 0 -> manipulate(in.reg, value, other, BitManipulation.ZERO_HIGH);
      case 0xf3 -> manipulate(in.reg, value, other, BitManipulation.EXTRACT_PARALLEL);
      default -> manipulate(in.reg, value, other, BitManipulation.DEPOSIT_PARALLEL);
    }
    return true;
  }

  private void manipulate(int to, int value, int control, int which) {
    in.call(Calls.BITS, to, value, control, which | in.size << 3);
  }

  private boolean multiply() {
    int value = in.readRm(in.size);
    int low = in.temporary();
    int high = in.temporary();
    in.binary(Op.MULTIPLY, in.size, low, RDX, value, 0, false);
    manipulate(high, value, RDX, BitManipulation.MULTIPLY_HIGH);
    in.writeRegister(in.size, other, low);
    in.writeRegister(in.size, in.reg, high); // Where both are one register, it has this half.
    return true;
  }

  /** BEXTR, SHLX, SARX, SHRX. */
  private boolean shiftOrExtract() {
    if (in.prefix == 0 && !in.operand66) {
      if (!in.has(Feature.BMI1)) {
        return false;
      }
      manipulate(in.reg, in.readRm(in.size), other, BitManipulation.EXTRACT);
      return true;
    }
    if (!in.has(Feature.BMI2)) {
      return false;
    }
    int operation =
        in.operand66 ? Op.SHIFT_LEFT : in.prefix == 0xf3 ? Op.SHIFT_ARITHMETIC : Op.SHIFT_RIGHT;
    in.binary(operation, in.size, in.reg, in.readRm(in.size), other, 0, false);
    return true;
  }

  /** RORX. */
  private boolean rotate() {
    if (in.prefix != 0xf2 || !in.has(Feature.BMI2)) {
      return false;
    }
    int by = in.u8() & (8 << in.size) - 1;
    int value = in.readRm(in.size);
    if (by == 0) {
      in.writeRegister(in.size, in.reg, value);
      return true;
    }
    int low = in.temporary();
    int high = in.temporary();
    in.binary(Op.SHIFT_RIGHT, in.size, low, value, -1, by, false);
    in.binary(Op.SHIFT_LEFT, in.size, high, value, -1, (8 << in.size) - by, false);
    in.binary(Op.OR, in.size, in.reg, low, high, 0, false);
    return true;
  }
}
