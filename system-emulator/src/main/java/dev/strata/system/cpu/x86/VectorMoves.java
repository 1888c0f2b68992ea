// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import static dev.strata.system.cpu.x86.Slots.ZERO;

import dev.strata.system.cpu.ir.Op;

/** Moves between XMM registers, memory and general registers, decoded to operations. */
final class VectorMoves {
  private static final int NONE = Sse.NONE;
  private static final int P66 = Sse.P66;
  private static final int F3 = Sse.F3;
  private static final int F2 = Sse.F2;

  private final Operands in;
  private final VectorCode code;

  VectorMoves(VectorCode code) {
    this.code = code;
    in = code.in;
  }

  /** An opcode behind 0F; false, and nothing is emitted, if it is none of these. */
  boolean instruction(int opcode, int kind, int immediate) {
    switch (opcode) {
      case 0x10 -> {
        if (kind <= P66) {
          load(false);
        } else {
          loadScalar(kind == F3 ? 2 : 3);
        }
      }
      case 0x11 -> {
        if (kind <= P66) {
          store(false);
        } else {
          storeScalar(kind == F3 ? 2 : 3);
        }
      }
      case 0x28 -> load(true);
      case 0x29, 0x2b -> store(true);
      case 0x6f, 0x7f, 0xe7 -> {
        if (kind == NONE) {
          return false;
        }
        if (opcode == 0x6f) {
          load(kind == P66);
        } else {
          store(kind == P66);
        }
      }
      case 0xf0 -> load(false);
      case 0x12, 0x16 -> {
        if (kind == F3) {
          return false;
        }
        loadHalf(opcode == 0x16 ? 1 : 0, kind == F2);
      }
      case 0x13, 0x17 -> in.storeMemory(3, code.get(code.to(opcode == 0x17 ? 1 : 0)));
      case 0x6e, 0x7e, 0xd6 -> {
        return toOrFromGeneral(opcode, kind);
      }
      case 0x50, 0xd7 -> {
        if (kind != P66) {
          return false;
        }
        var signs = opcode == 0xd7 ? VectorFunction.SIGNS : VectorFunction.SIGNS_OF_WHOLE;
        int t = code.function(signs, code.get(code.from(0)), code.get(code.from(1)));
        in.writeRegister(3, in.reg, t);
      }
      case 0xc4, 0xc5 -> {
        if (kind != P66) {
          return false;
        }
        if (opcode == 0xc4) {
          insert(1, immediate);
        } else {
          in.writeRegister(3, in.reg, element(1, in.rm, immediate));
        }
      }
      default -> {
        return false;
      }
    }
    return true;
  }

  private void load(boolean aligned) {
    code.read(aligned);
    code.moveSource(code.to(0), 0);
    code.moveSource(code.to(1), 1);
  }

  private void store(boolean aligned) {
    if (in.isRegister()) {
      code.move(code.from(0), code.to(0));
      code.move(code.from(1), code.to(1));
    } else {
      code.write(code.to(0), code.to(1), aligned);
    }
  }

  private void loadScalar(int size) {
    int value = code.scalar(size);
    if (!in.isRegister()) {
      code.set(code.to(0), value);
      code.set(code.to(1), ZERO);
    } else {
      setScalar(size, code.to(0), value);
    }
  }

  private void storeScalar(int size) {
    int value = code.get(code.to(0));
    if (in.isRegister()) {
      setScalar(size, code.from(0), value);
    } else {
      in.storeMemory(size, value);
    }
  }

  private void setScalar(int size, int half, int value) {
    if (size == 3) {
      code.set(half, value);
    } else {
      code.combineSlot(VectorFunction.INSERT_LOW, half, half, value);
    }
  }

  /** MOVLPS, MOVHPS, MOVHLPS, MOVLHPS, MOVDDUP. */
  private void loadHalf(int half, boolean both) {
    if (both) {
      int value = code.scalar(3);
      code.set(code.to(0), value);
      code.set(code.to(1), value);
    } else if (in.isRegister()) {
      code.move(code.to(half), code.from(1 - half));
    } else {
      code.set(code.to(half), in.loadMemory(3));
    }
  }

  /** MOVD, MOVQ. */
  private boolean toOrFromGeneral(int opcode, int kind) {
    int size = in.size == 3 ? 3 : 2;
    if (opcode == 0x7e && kind == F3) {
      code.set(code.to(0), code.scalar(3));
      code.set(code.to(1), ZERO);
    } else if (kind != P66) {
      return false;
    } else if (opcode == 0x6e) {
      int value = in.isRegister() ? cut(size, in.rm) : in.loadMemory(size);
      code.set(code.to(0), value);
      code.set(code.to(1), ZERO);
    } else if (opcode == 0x7e) {
      in.writeRm(size, code.get(code.to(0)));
    } else if (in.isRegister()) {
      code.move(code.from(0), code.to(0));
      code.set(code.from(1), ZERO);
    } else {
      in.storeMemory(3, code.get(code.to(0)));
    }
    return true;
  }

  private int cut(int size, int slot) {
    int t = in.temporary();
    in.out.add(Op.MOVE, size, t, ZERO, slot, 0);
    return t;
  }

  // --- elements ---

  /** A slot with an element of 1 << size bytes of a register. */
  private int element(int size, int register, int immediate) {
    int at = (immediate & (16 >> size) - 1) << size;
    int value = code.get(2 * register + (at >> 3));
    return cut(size, code.withConstant(Op.SHIFT_RIGHT, value, 8 * (at & 7)));
  }

  /** PEXTRB, PEXTRW, PEXTRD, PEXTRQ, EXTRACTPS. */
  void extract(int size, int immediate) {
    int value = element(size, in.reg, immediate);
    if (in.isRegister()) {
      in.writeRegister(3, in.rm, value);
    } else {
      in.storeMemory(size, value);
    }
  }

  /** PINSRB, PINSRW, PINSRD, PINSRQ. */
  void insert(int size, int immediate) {
    int value = in.isRegister() ? cut(size, in.rm) : in.loadMemory(size);
    int at = (immediate & (16 >> size) - 1) << size;
    int half = code.to(at >> 3);
    if (size == 3) {
      code.set(half, value);
      return;
    }
    int shift = 8 * (at & 7);
    int mask = in.temporary();
    in.out.constant(mask, ~(-1L >>> (64 - (8 << size)) << shift));
    int kept = in.temporary();
    in.out.add(Op.AND, 3, kept, code.get(half), mask, 0);
    int placed = code.withConstant(Op.SHIFT_LEFT, value, shift);
    int result = in.temporary();
    in.out.add(Op.OR, 3, result, kept, placed, 0);
    code.set(half, result);
  }
}
