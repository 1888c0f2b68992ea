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

  /** BT, BTS, BTR, BTC of a bit that a register names. */
  void bitTest(int which) {
    in.modrm();
    if (in.isRegister()) {
      bit(which, in.rm, in.reg, 0);
      return;
    }
    // The bit string reaches beyond the operand: whole operands away from the address.
    int shifted = in.temporary();
    in.out.add(Op.SIGN_EXTEND, in.size, shifted, ZERO, in.reg, 0);
    in.out.add(Op.pack(Op.SHIFT_ARITHMETIC, 3, shifted, shifted, 0, 3 + in.size) | Op.IMMEDIATE);
    int moved = in.temporary();
    in.out.add(Op.pack(Op.ADDRESS, 3, moved, ZERO, shifted, 0) | (long) in.size << 10);
    in.displace(moved);
    bit(which, which == 0 ? in.loadMemory(in.size) : in.loadToWrite(in.size), in.reg, 0);
  }

  void bitTestImmediate() {
    in.modrm();
    int which = (in.modrm >> 3 & 7) - 4;
    int bit = in.u8();
    if (which < 0) {
      in.undefined();
      return;
    }
    bit(which, which == 0 ? in.readRm(in.size) : in.readRmToWrite(in.size), -1, bit);
  }

  /** Changes the bit in the operand of ModRM, which has been read; the carry is what it was. */
  private void bit(int which, int value, int slot, int immediate) {
    if (which == 0) {
      in.binary(Op.BIT, in.size, SINK, value, slot, immediate, true);
      return;
    }
    int old = in.copy(value);
    int place = in.temporary();
    int one = in.temporary();
    if (slot < 0) {
      in.out.constant(place, immediate & (8 << in.size) - 1);
    } else {
      in.binary(Op.AND, 3, place, slot, -1, (8 << in.size) - 1, false);
    }
    in.out.constant(one, 1);
    in.binary(Op.SHIFT_LEFT, 3, one, one, place, 0, false);
    int t = in.temporary();
    in.binary(which == 3 ? Op.XOR : Op.OR, 3, t, old, one, 0, false);
    if (which == 2) {
      in.binary(Op.XOR, 3, t, t, one, 0, false);
    }
    in.writeRm(in.size, t);
    in.binary(Op.BIT, in.size, SINK, old, place, 0, true);
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
    if (opcode == 0xb8) {
      in.call(Calls.BIT_COUNT, t, value, ZERO, in.size);
      in.writeRegister(in.size, in.reg, t);
    } else if (counts) {
      zeroes(opcode == 0xbd, value, t);
    } else {
      int operation = opcode == 0xbc ? Op.LOWEST_BIT : Op.HIGHEST_BIT;
      in.out.add(Op.MOVE, 3, t, ZERO, in.reg, 0);
      in.binary(operation, in.size, t, value, ZERO, 0, false);
      in.binary(Op.AND, in.size, SINK, value, value, 0, true);
      // Of 0, a register of 64 bits stays whole.
      in.writeRegister(in.size == 2 ? 3 : in.size, in.reg, t);
    }
  }

  /** TZCNT and LZCNT. */
  private void zeroes(boolean leading, int value, int t) {
    int bits = 8 << in.size;
    in.out.constant(t, leading ? -1 : bits);
    in.binary(leading ? Op.HIGHEST_BIT : Op.LOWEST_BIT, in.size, t, value, ZERO, 0, false);
    if (leading) {
      int most = in.temporary();
      in.out.constant(most, bits - 1);
      in.binary(Op.SUBTRACT, 3, t, most, t, 0, false);
    }
    in.writeRegister(in.size, in.reg, t);
    // Carry if all are zeroes: then their number is the power of two that the size is.
    in.binary(Op.AND, in.size, SINK, t, t, 0, true);
    in.binary(Op.BIT, in.size, SINK, t, -1, 3 + in.size, true);
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
