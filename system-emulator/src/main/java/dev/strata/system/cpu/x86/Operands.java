// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import static dev.strata.system.cpu.x86.Slots.RBP;
import static dev.strata.system.cpu.x86.Slots.RSP;
import static dev.strata.system.cpu.x86.Slots.SINK;
import static dev.strata.system.cpu.x86.Slots.ZERO;

import dev.strata.system.cpu.interpret.Interpreter;
import dev.strata.system.cpu.ir.Op;

/** The operands of an instruction: registers, what ModRM names, the stack's top. */
final class Operands extends MemoryOperands {
  Operands(Interpreter core, Features features) {
    super(core, features);
  }

  private boolean isHigh(int ofSize, int register) {
    return ofSize == 0 && rex == 0 && register >= 4 && register < 8;
  }

  int readRegister(int ofSize, int register) {
    if (isHigh(ofSize, register)) {
      int t = temporary();
      out.add(Op.EXTRACT_HIGH8, 3, t, register - 4, ZERO, 0);
      return t;
    }
    return register;
  }

  void writeRegister(int ofSize, int register, int slot) {
    if (isHigh(ofSize, register)) {
      out.add(Op.INSERT_HIGH8, 3, register - 4, ZERO, slot, 0);
    } else if (ofSize == 0) {
      out.add(Op.INSERT8, 3, register, ZERO, slot, 0);
    } else if (ofSize == 1) {
      out.add(Op.INSERT16, 3, register, ZERO, slot, 0);
    } else {
      out.add(Op.MOVE, ofSize, register, ZERO, slot, 0);
    }
  }

  /** Reads the operand that ModRM's rm names. */
  int readRm(int ofSize) {
    return isRegister() ? readRegister(ofSize, rm) : loadMemory(ofSize);
  }

  int readRmToWrite(int ofSize) {
    return isRegister() ? readRegister(ofSize, rm) : loadToWrite(ofSize);
  }

  void writeRm(int ofSize, int slot) {
    if (isRegister()) {
      writeRegister(ofSize, rm, slot);
    } else {
      storeMemory(ofSize, slot);
    }
  }

  /** An operand given as slot, or as immediate where {@code slot} is -1. */
  void binary(
      int operation, int ofSize, int destination, int a, int slot, int value, boolean flags) {
    long packed =
        slot < 0
            ? Op.pack(operation, ofSize, destination, a, 0, value) | Op.IMMEDIATE
            : Op.pack(operation, ofSize, destination, a, slot, 0);
    out.add(flags ? packed | Op.FLAGS : packed);
  }

  /** Arithmetic into a register: directly where that is wide, through a scratch slot else. */
  void intoRegister(int operation, int ofSize, int register, int a, int slot, int value) {
    if (ofSize >= 2) {
      binary(operation, ofSize, register, a, slot, value, true);
    } else {
      int t = temporary();
      binary(operation, ofSize, t, a, slot, value, true);
      writeRegister(ofSize, register, t);
    }
  }

  /** Arithmetic on the operand of ModRM: flags only after the store can no longer fault. */
  void intoRm(int operation, int ofSize, int slot, int value) {
    if (isRegister()) {
      intoRegister(operation, ofSize, rm, readRegister(ofSize, rm), slot, value);
      return;
    }
    int old = loadToWrite(ofSize);
    int t = temporary();
    binary(operation, ofSize, t, old, slot, value, false);
    storeMemory(ofSize, t);
    binary(operation, ofSize, SINK, old, slot, value, true);
  }

  /** Registers, and what they are, as {@link VectorOperands#begin} takes them. */
  int registers() {
    return reg | rm << 4 | (isRegister() ? 0 : 1 << 8) | (size == 3 ? 1 << 9 : 0);
  }

  // --- the stack ---

  private int stackSize() {
    return wide ? 3 : stack32 ? 2 : 1;
  }

  /** The size of what push and pop move by default. */
  int stackOperand() {
    return wide && size == 2 ? 3 : size;
  }

  private long stack(int operation, int ofSize, int slot, int displacement, boolean write) {
    if (wide || (flat && stack32)) {
      return Op.pack(operation, ofSize, slot, RSP, ZERO, displacement) | (wide ? 0 : Op.ADDRESS32);
    }
    int t = temporary();
    out.add(Op.ADDRESS, stackSize(), t, RSP, ZERO, displacement);
    int linear = temporary();
    call(Calls.LINEAR, linear, t, ZERO, 2 | ofSize << 3 | (write ? 1 << 6 : 0));
    return Op.pack(operation, ofSize, slot, linear, ZERO, 0) | Op.ADDRESS32;
  }

  void moveStack(int bytes) {
    if (stackSize() == 1) {
      int t = temporary();
      out.add(Op.ADDRESS, 1, t, RSP, ZERO, bytes);
      out.add(Op.INSERT16, 3, RSP, ZERO, t, 0);
    } else {
      out.add(Op.ADDRESS, stackSize(), RSP, RSP, ZERO, bytes);
    }
  }

  void push(int ofSize, int slot) {
    out.add(stack(Op.STORE, ofSize, slot, -(1 << ofSize), true));
    moveStack(-(1 << ofSize));
  }

  /** What is on top, not yet popped. */
  int top(int ofSize, int displacement) {
    int t = temporary();
    out.add(stack(Op.LOAD, ofSize, t, displacement, false));
    return t;
  }

  int pop(int ofSize) {
    int t = top(ofSize, 0);
    moveStack(1 << ofSize);
    return t;
  }

  void leave() {
    int ofSize = stackOperand();
    // The frame is read before the stack pointer moves, as the read may fault.
    int t = temporary();
    int address = temporary();
    out.add(Op.ADDRESS, stackSize(), address, RBP, ZERO, 0);
    if (wide || (flat && stack32)) {
      out.add(Op.pack(Op.LOAD, ofSize, t, address, ZERO, 0) | (wide ? 0 : Op.ADDRESS32));
    } else {
      int linear = temporary();
      call(Calls.LINEAR, linear, address, ZERO, 2 | ofSize << 3);
      out.add(Op.pack(Op.LOAD, ofSize, t, linear, ZERO, 0) | Op.ADDRESS32);
    }
    out.add(Op.ADDRESS, stackSize(), address, RBP, ZERO, 1 << ofSize);
    if (stackSize() == 1) {
      out.add(Op.INSERT16, 3, RSP, ZERO, address, 0);
    } else {
      out.add(Op.MOVE, 3, RSP, ZERO, address, 0);
    }
    writeRegister(ofSize, RBP, t);
  }
}
