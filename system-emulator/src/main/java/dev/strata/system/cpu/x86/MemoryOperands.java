// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import static dev.strata.system.cpu.x86.Slots.BASE;
import static dev.strata.system.cpu.x86.Slots.PC;
import static dev.strata.system.cpu.x86.Slots.RAX;
import static dev.strata.system.cpu.x86.Slots.RBP;
import static dev.strata.system.cpu.x86.Slots.RSP;
import static dev.strata.system.cpu.x86.Slots.T;
import static dev.strata.system.cpu.x86.Slots.ZERO;

import dev.strata.system.cpu.interpret.Interpreter;
import dev.strata.system.cpu.ir.Op;

/**
 * The operand in memory that ModRM, or an instruction itself, names (Intel SDM, volume 2, 2.1.5).
 */
abstract class MemoryOperands extends InstructionBytes {
  int modrm;
  int reg;
  int rm;
  private int base;
  private int index;
  private int scale;
  private int displacement;
  private int baseSegment;
  private boolean relative;

  MemoryOperands(Interpreter core, Features features) {
    super(core, features);
  }

  final void modrm() {
    modrm = u8();
    reg = (modrm >> 3 & 7) | (rex & 4) << 1;
    rm = (modrm & 7) | (rex & 1) << 3;
    if (modrm < 0xc0) {
      memoryOperand();
    }
  }

  final boolean isRegister() {
    return modrm >= 0xc0;
  }

  private void memoryOperand() {
    base = ZERO;
    index = ZERO;
    scale = 0;
    displacement = 0;
    relative = false;
    int byDefault = 3;
    int mod = modrm >> 6;
    int low = modrm & 7;
    if (addressSize == 1) {
      if (mod == 0 && low == 6) {
        displacement = u16();
      } else {
        base = new int[] {3, 3, 5, 5, 6, 7, 5, 3}[low];
        index = low < 4 ? 6 + (low & 1) : ZERO;
        byDefault = base == RBP ? 2 : 3;
        displacement = mod == 1 ? s8() : mod == 2 ? (short) u16() : 0;
      }
      baseSegment = segment < 0 ? byDefault : segment;
      return;
    }
    if (low == 4) {
      int sib = u8();
      int encodedIndex = (sib >> 3 & 7) | (rex & 2) << 2;
      index = encodedIndex == 4 ? ZERO : encodedIndex;
      scale = sib >> 6;
      if ((sib & 7) == 5 && mod == 0) {
        displacement = s32();
      } else {
        base = (sib & 7) | (rex & 1) << 3;
        byDefault = base == RSP || base == RBP ? 2 : 3;
      }
    } else if (mod == 0 && low == 5) {
      displacement = s32();
      relative = wide;
    } else {
      base = rm;
      byDefault = rm == RBP ? 2 : 3;
    }
    if (mod != 0) {
      displacement = mod == 1 ? s8() : s32();
    }
    baseSegment = segment < 0 ? byDefault : segment;
    if (relative) {
      base = PC;
    }
  }

  /** The segment that an instruction without ModRM addresses data with. */
  final int dataSegment() {
    return segment < 0 ? 3 : segment;
  }

  /** An operand at an offset in the instruction itself. */
  final void absolute() {
    modrm = 0;
    base = ZERO;
    index = ZERO;
    scale = 0;
    displacement = 0;
    relative = false;
    baseSegment = dataSegment();
    if (addressSize == 3) {
      int t = temporary();
      out.constant(t, s64());
      index = t;
    } else {
      displacement = addressSize == 2 ? s32() : u16();
    }
  }

  /** The operand of XLAT: rBX + AL. */
  final void translationTable() {
    int t = temporary();
    out.add(Op.pack(Op.AND, 3, t, RAX, 0, 0xff) | Op.IMMEDIATE);
    dataAt(Slots.RBX);
    index = t;
  }

  /** An operand that a register points to. */
  final void dataAt(int register) {
    modrm = 0;
    base = register;
    index = ZERO;
    scale = 0;
    displacement = 0;
    relative = false;
    baseSegment = dataSegment();
  }

  /** The memory operand sees the stack pointer {@code bytes} further. */
  final void afterPop(int bytes) {
    if (!isRegister() && base == RSP) {
      displacement += bytes;
    }
  }

  /** Moves the memory operand by what a slot holds. */
  final void displace(int slot) {
    int offset = offset();
    int t = temporary();
    out.add(Op.ADDRESS, addressSize, t, offset, slot, 0);
    base = t;
    index = ZERO;
    scale = 0;
    displacement = 0;
  }

  private void resolveRelative() {
    // Relative to the end of the instruction: immediates must have been read by now.
    if (relative) {
      relative = false;
      long fromStart = (long) displacement + at;
      if (fromStart == (int) fromStart) {
        displacement = (int) fromStart;
      } else {
        int t = temporary();
        out.constant(t, fromStart);
        index = t;
        displacement = 0;
      }
    }
  }

  /** A slot with the offset of the memory operand. */
  final int offset() {
    resolveRelative();
    int t = temporary();
    out.add(Op.pack(Op.ADDRESS, addressSize, t, base, index, displacement) | (long) scale << 10);
    return t;
  }

  private void linearize(int ofSize, boolean write) {
    resolveRelative();
    if (baseSegment < 0 || (flat && baseSegment < 4 && addressSize > 1)) {
      baseSegment = -1;
      return;
    }
    int offset = offset();
    if (wide) {
      base = offset;
      index = baseSegment < 4 ? ZERO : BASE + baseSegment;
    } else {
      int t = temporary();
      call(Calls.LINEAR, t, offset, ZERO, baseSegment | ofSize << 3 | (write ? 1 << 6 : 0));
      base = t;
      index = ZERO;
    }
    scale = 0;
    displacement = 0;
    baseSegment = -1;
  }

  private long memory(int operation, int ofSize, int slot) {
    boolean wraps = !wide || (addressSize == 2 && base < T);
    return Op.pack(operation, ofSize, slot, base, index, displacement)
        | (long) scale << 10
        | (wraps ? Op.ADDRESS32 : 0);
  }

  /** Loads the memory operand. */
  final int loadMemory(int ofSize) {
    linearize(ofSize, false);
    int t = temporary();
    out.add(memory(Op.LOAD, ofSize, t));
    return t;
  }

  final int loadToWrite(int ofSize) {
    linearize(ofSize, true);
    int t = temporary();
    out.add(memory(Op.LOAD_TO_WRITE, ofSize, t));
    return t;
  }

  final void storeMemory(int ofSize, int slot) {
    linearize(ofSize, true);
    out.add(memory(Op.STORE, ofSize, slot));
  }

  /** The slot of the linear address of the memory operand, checked for that many bytes. */
  final int linear(int ofSize, boolean write) {
    linearize(ofSize, write);
    return address();
  }

  // --- an operand of 16 bytes, by its parts ---

  /** Readies the memory operand, checked for that many bytes, for accesses to parts of it. */
  final void parts(int ofSize, boolean write) {
    linearize(ofSize, write);
    if (displacement > Integer.MAX_VALUE - (1 << ofSize)) {
      base = address();
      index = ZERO;
      scale = 0;
      displacement = 0;
    }
  }

  /** The slot of the address of what has been readied. */
  final int address() {
    int t = temporary();
    boolean wraps = !wide || (addressSize == 2 && base < T);
    out.add(Op.pack(Op.ADDRESS, wraps ? 2 : 3, t, base, index, displacement) | (long) scale << 10);
    return t;
  }

  private void part(int operation, int at, int ofSize, int slot) {
    displacement += at;
    out.add(memory(operation, ofSize, slot));
    displacement -= at;
  }

  /** Loads a part, so many bytes from the beginning on. */
  final int loadPart(int at, int ofSize) {
    int t = temporary();
    part(Op.LOAD, at, ofSize, t);
    return t;
  }

  final void storePart(int at, int ofSize, int slot) {
    part(Op.STORE, at, ofSize, slot);
  }

  /** Faults where stores to two parts in a row would. */
  final void probe(int ofSize) {
    part(Op.PROBE, 0, ofSize, ZERO);
  }

  /** The slot of the linear address of an operand that is not accessed. */
  final int linearUnchecked() {
    int offset = offset();
    int t = temporary();
    if (!wide || baseSegment >= 4) {
      out.add(Op.ADDRESS, wide ? 3 : 2, t, offset, Slots.BASE + baseSegment, 0);
      return t;
    }
    return offset;
  }
}
