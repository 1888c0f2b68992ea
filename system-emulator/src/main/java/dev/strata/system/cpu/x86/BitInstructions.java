// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import static dev.strata.system.cpu.x86.Slots.RAX;
import static dev.strata.system.cpu.x86.Slots.SINK;
import static dev.strata.system.cpu.x86.Slots.ZERO;

import dev.strata.system.cpu.ir.Op;

/** Bits, double shifts and compare-and-exchange (Intel SDM, volume 1, 5.1.4 to 5.1.6). */
final class BitInstructions {
  private final Operands in;

  BitInstructions(Operands in) {
    this.in = in;
  }

  void bitTest(int which) {
    in.modrm();
    int value;
    int t = in.temporary();
    if (in.isRegister()) {
      in.call(Calls.BIT_TEST, t, in.rm, in.reg, which | in.size << 2 | 1 << 4);
      if (which != 0) {
        in.writeRegister(in.size, in.rm, t);
      }
      return;
    }
    // The bit string reaches beyond the operand: whole operands away from the address.
    int shifted = in.temporary();
    in.out.add(Op.SIGN_EXTEND, in.size, shifted, ZERO, in.reg, 0);
    in.out.add(Op.pack(Op.SHIFT_ARITHMETIC, 3, shifted, shifted, 0, 3 + in.size) | Op.IMMEDIATE);
    int moved = in.temporary();
    in.out.add(Op.pack(Op.ADDRESS, 3, moved, ZERO, shifted, 0) | (long) in.size << 10);
    in.displace(moved);
    value = which == 0 ? in.loadMemory(in.size) : in.loadToWrite(in.size);
    if (which == 0) {
      in.call(Calls.BIT_TEST, t, value, in.reg, which | in.size << 2 | 1 << 4);
    } else {
      in.call(Calls.BIT_TEST, t, value, in.reg, which | in.size << 2);
      in.storeMemory(in.size, t);
      in.call(Calls.BIT_TEST, SINK, value, in.reg, which | in.size << 2 | 1 << 4);
    }
  }

  void bitTestImmediate() {
    in.modrm();
    int which = in.modrm >> 3 & 7;
    int bit = in.temporary();
    in.out.constant(bit, in.u8());
    if (which < 4) {
      in.undefined();
      return;
    }
    which -= 4;
    int t = in.temporary();
    if (which == 0) {
      in.call(Calls.BIT_TEST, t, in.readRm(in.size), bit, in.size << 2 | 1 << 4);
      return;
    }
    int value = in.copy(in.readRmToWrite(in.size));
    in.call(Calls.BIT_TEST, t, value, bit, which | in.size << 2);
    in.writeRm(in.size, t);
    in.call(Calls.BIT_TEST, SINK, value, bit, which | in.size << 2 | 1 << 4);
  }

  void doubleShift(int right, int by) {
    int count = in.copy(by);
    int old = in.copy(in.readRmToWrite(in.size));
    int filler = in.copy(in.reg);
    int t = in.temporary();
    in.out.add(Op.MOVE, 3, Slots.ARGUMENT, ZERO, filler, 0);
    in.call(Calls.DOUBLE_SHIFT, t, old, count, right | in.size << 1);
    in.writeRm(in.size, t);
    in.call(Calls.DOUBLE_SHIFT, SINK, old, count, right | in.size << 1 | 1 << 3);
  }

  void compareExchange(int ofSize) {
    in.modrm();
    int old = in.copy(in.readRmToWrite(ofSize));
    int accumulator = in.copy(RAX);
    int t = in.temporary();
    in.out.add(Op.MOVE, 3, Slots.ARGUMENT, ZERO, in.readRegister(ofSize, in.reg), 0);
    in.call(Calls.COMPARE_EXCHANGE, t, old, RAX, ofSize);
    if (in.isRegister() && ofSize == 2) {
      in.writeRegister(3, in.rm, t); // Where they differ, the register's upper half stays, too.
    } else {
      in.writeRm(ofSize, t); // The old value where they differ: the write cycle happens either way.
    }
    int differs = in.temporary();
    in.call(Calls.COMPARE_EXCHANGE, differs, old, accumulator, ofSize | 1 << 2);
    in.binary(Op.SUBTRACT, ofSize, SINK, accumulator, old, 0, true);
    in.writeRegister(3, RAX, differs);
  }

  /** BSF, BSR, TZCNT, LZCNT, POPCNT. */
  void bitScan(int opcode) {
    boolean repeated = in.prefix == 0xf3;
    if (opcode == 0xb8 && (!repeated || !in.has(Feature.POPCNT))) {
      in.undefined();
      return;
    }
    in.modrm();
    int value = in.readRm(in.size);
    int t = in.temporary();
    boolean counts = repeated && in.has(opcode == 0xbc ? Feature.BMI1 : Feature.ABM);
    int kind = opcode == 0xb8 ? 4 : (opcode & 1) | (counts ? 2 : 0);
    in.out.add(Op.MOVE, 3, Slots.ARGUMENT, ZERO, in.reg, 0);
    in.call(Calls.BIT_SCAN, t, value, ZERO, kind | in.size << 3);
    if (in.size == 2 && kind < 2) {
      in.out.add(Op.MOVE, 3, in.reg, ZERO, t, 0); // Of 0, the register stays whole.
    } else {
      in.writeRegister(in.size, in.reg, t);
    }
  }

  /** CMPXCHG8B, CMPXCHG16B, RDRAND, RDSEED. */
  void group9() {
    in.modrm();
    int which = in.modrm >> 3 & 7;
    if (in.isRegister()) {
      random(which);
      return;
    }
    boolean wide = in.size == 3;
    if (which != 1 || !in.has(wide ? Feature.CX16 : Feature.CX8)) {
      in.undefined();
      return;
    }
    int half = wide ? 3 : 2;
    int address = in.linear(half + 1, true);
    in.call(Calls.COMPARE_EXCHANGE_WIDE, SINK, address, ZERO, half);
  }

  private void random(int which) {
    if (in.prefix != 0
        || in.locked
        || !(which == 6 ? in.has(Feature.RDRAND) : which == 7 && in.has(Feature.RDSEED))) {
      in.undefined();
      return;
    }
    int t = in.temporary();
    in.call(Calls.RANDOM, t, ZERO, ZERO, 0);
    in.writeRegister(in.size, in.rm, t);
  }

  /** CRC32. */
  void checksum(int opcode) {
    if (!in.has(Feature.SSE42)) {
      in.undefined();
      return;
    }
    in.modrm();
    int ofSize = opcode == 0xf0 ? 0 : in.size;
    int value = in.readRm(ofSize);
    in.call(Calls.CRC32, in.reg, in.reg, value, ofSize);
  }

  /** MOVBE. */
  void moveBigEndian(boolean store) {
    in.modrm();
    if (in.prefix != 0 || in.isRegister() || !in.has(Feature.MOVBE)) {
      in.undefined();
    } else if (store) {
      in.storeMemory(in.size, reversed(in.reg));
    } else {
      in.writeRegister(in.size, in.reg, reversed(in.loadMemory(in.size)));
    }
  }

  private int reversed(int slot) {
    int t = in.temporary();
    if (in.size >= 2) {
      in.out.add(Op.REVERSE_BYTES, in.size, t, slot, ZERO, 0);
      return t;
    }
    int upper = in.temporary();
    in.binary(Op.SHIFT_LEFT, 1, upper, slot, -1, 8, false);
    in.binary(Op.SHIFT_RIGHT, 1, t, slot, -1, 8, false);
    in.binary(Op.OR, 1, t, t, upper, 0, false);
    return t;
  }

  /** ADCX and ADOX. */
  void addWithOwnCarry() {
    boolean overflow = in.prefix == 0xf3;
    if ((in.prefix != 0 && !overflow)
        || (in.prefix == 0 && !in.operand66)
        || !in.has(Feature.ADX)) {
      in.undefined();
      return;
    }
    in.modrm();
    int size = (in.rex & 8) != 0 ? 3 : 2; // 66 is no prefix of the operand's size here.
    int value = in.readRm(size);
    in.call(Calls.OWN_CARRY, in.reg, in.reg, value, size | (overflow ? 4 : 0));
  }
}
