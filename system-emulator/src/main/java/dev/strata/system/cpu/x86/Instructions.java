// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import static dev.strata.system.cpu.x86.Slots.PC;
import static dev.strata.system.cpu.x86.Slots.RAX;
import static dev.strata.system.cpu.x86.Slots.RCX;
import static dev.strata.system.cpu.x86.Slots.RDX;
import static dev.strata.system.cpu.x86.Slots.SINK;
import static dev.strata.system.cpu.x86.Slots.ZERO;

import dev.strata.system.cpu.interpret.Interpreter;
import dev.strata.system.cpu.ir.Op;

/** The one-byte opcodes (Intel SDM, volume 2, appendix A, table A-2). */
final class Instructions extends ExtendedInstructions {
  private static final int[] ARITHMETIC = {
    Op.ADD, Op.OR, Op.ADD_CARRY, Op.SUBTRACT_BORROW, Op.AND, Op.SUBTRACT, Op.XOR, Op.SUBTRACT
  };

  Instructions(Interpreter core) {
    super(core);
  }

  @Override
  void instruction(int opcode) {
    if (opcode < 0x40) {
      if ((opcode & 7) < 6) {
        arithmetic(opcode >> 3, opcode & 7);
      } else if (opcode == 0x0f) {
        extended(u8());
      } else if (wide) {
        undefined();
      } else if ((opcode & 0x26) == 0x26) {
        callDecimal(opcode >> 3 & 3, 0);
      } else if ((opcode & 7) == 6) {
        pushSegment(opcode >> 3);
      } else {
        popSegment(opcode >> 3);
      }
      return;
    }
    int wordSize = (opcode & 1) == 0 ? 0 : size;
    switch (opcode) {
      case 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47 -> step(Op.INCREMENT, opcode & 7);
      case 0x48, 0x49, 0x4a, 0x4b, 0x4c, 0x4d, 0x4e, 0x4f -> step(Op.DECREMENT, opcode & 7);
      case 0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57 ->
          push(stackOperand(), (opcode & 7) | (rex & 1) << 3);
      case 0x58, 0x59, 0x5a, 0x5b, 0x5c, 0x5d, 0x5e, 0x5f ->
          writeRegister(stackOperand(), (opcode & 7) | (rex & 1) << 3, pop(stackOperand()));
      case 0x60 -> legacyCall(Calls.PUSH_ALL);
      case 0x61 -> legacyCall(Calls.POP_ALL);
      case 0x62 -> bound();
      case 0x63 -> moveSignExtendedOrAdjustRpl();
      case 0x68 -> pushImmediate(immediate(size));
      case 0x6a -> pushImmediate(s8());
      case 0x69 -> multiplyImmediate(true);
      case 0x6b -> multiplyImmediate(false);
      case 0x6c, 0x6d, 0x6e, 0x6f -> string(opcode, wordSize == 3 ? 2 : wordSize);
      case 0x80, 0x81, 0x82, 0x83 -> arithmeticImmediate(opcode, wordSize);
      case 0x84, 0x85 -> {
        modrm();
        int a = readRm(wordSize);
        binary(Op.AND, wordSize, SINK, a, readRegister(wordSize, reg), 0, true);
      }
      case 0x86, 0x87 -> exchange(wordSize);
      case 0x88, 0x89 -> {
        modrm();
        writeRm(wordSize, readRegister(wordSize, reg));
      }
      case 0x8a, 0x8b -> {
        modrm();
        writeRegister(wordSize, reg, readRm(wordSize));
      }
      case 0x8c -> moveFromSegment();
      case 0x8d -> {
        modrm();
        if (isRegister()) {
          undefined();
        } else {
          writeRegister(size, reg, offset());
        }
      }
      case 0x8e -> moveToSegment();
      case 0x8f -> popRm();
      case 0x90, 0x91, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97 -> exchangeAccumulator(opcode & 7);
      case 0x98 -> signExtendAccumulator();
      case 0x99 -> {
        int t = temporary();
        out.add(Op.SIGN_EXTEND, size, t, ZERO, RAX, 0);
        int s = temporary();
        out.add(Op.pack(Op.SHIFT_ARITHMETIC, 3, s, t, 0, 63) | Op.IMMEDIATE);
        writeRegister(size, RDX, s);
      }
      case 0x9a -> farImmediate(Calls.FAR_CALL);
      case 0x9b -> call(Calls.X87, SINK, ZERO, ZERO, 0x900);
      case 0x9c -> pushFlags();
      case 0x9d -> callAndLeave(Calls.POP_FLAGS, ZERO, ZERO, stackOperand());
      case 0x9e -> {
        int ah = temporary();
        out.add(Op.EXTRACT_HIGH8, 3, ah, RAX, ZERO, 0);
        call(Calls.STORE_FLAGS, SINK, ah, ZERO, 0);
      }
      case 0x9f -> {
        int t = temporary();
        call(Calls.LOAD_FLAGS, t, ZERO, ZERO, 0);
        out.add(Op.INSERT_HIGH8, 3, RAX, ZERO, t, 0);
      }
      case 0xa0, 0xa1 -> {
        absolute();
        writeRegister(wordSize, RAX, loadMemory(wordSize));
      }
      case 0xa2, 0xa3 -> {
        absolute();
        storeMemory(wordSize, RAX);
      }
      case 0xa4, 0xa5, 0xa6, 0xa7, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf -> string(opcode, wordSize);
      case 0xa8, 0xa9 -> binary(Op.AND, wordSize, SINK, RAX, -1, immediate(wordSize), true);
      case 0xb0, 0xb1, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6, 0xb7 -> {
        int t = temporary();
        out.constant(t, u8());
        writeRegister(0, (opcode & 7) | (rex & 1) << 3, t);
      }
      case 0xb8, 0xb9, 0xba, 0xbb, 0xbc, 0xbd, 0xbe, 0xbf -> moveImmediate(opcode);
      case 0xc0, 0xc1 -> {
        modrm();
        shift(wordSize, -1, u8());
      }
      case 0xd0, 0xd1 -> {
        modrm();
        shift(wordSize, -1, 1);
      }
      case 0xd2, 0xd3 -> {
        modrm();
        shift(wordSize, RCX, 0);
      }
      case 0xc2, 0xc3 -> returnNear(opcode == 0xc2 ? u16() : 0);
      case 0xc4, 0xc5 -> {
        if (wide) {
          vex(opcode);
        } else {
          modrm();
          if (isRegister()) {
            vexAfterModrm(opcode);
          } else {
            loadFarPointer(opcode == 0xc4 ? 0 : 3);
          }
        }
      }
      case 0xc6, 0xc7 -> {
        modrm();
        if ((modrm >> 3 & 7) != 0) {
          undefined();
          return;
        }
        int t = temporary();
        out.constant(t, immediate(wordSize));
        writeRm(wordSize, t);
      }
      case 0xc8 -> {
        int bytes = u16();
        int t = temporary();
        out.constant(t, bytes);
        int level = u8() & 31;
        call(Calls.ENTER, SINK, t, ZERO, level | stackOperand() << 8);
      }
      case 0xc9 -> leave();
      case 0xca, 0xcb -> {
        int t = temporary();
        out.constant(t, opcode == 0xca ? u16() : 0);
        callAndLeave(Calls.FAR_RETURN, t, ZERO, size);
      }
      case 0xcc -> callAndLeave(Calls.INTERRUPT, ZERO, ZERO, 3);
      case 0xcd -> callAndLeave(Calls.INTERRUPT, ZERO, ZERO, u8());
      case 0xce -> {
        if (wide) {
          undefined();
        } else {
          callAndLeave(Calls.INTO, ZERO, ZERO, 0);
        }
      }
      case 0xcf -> callAndLeave(Calls.INTERRUPT_RETURN, ZERO, ZERO, size);
      case 0xd4, 0xd5 -> {
        int by = u8();
        if (wide) {
          undefined();
        } else {
          callDecimal(opcode == 0xd4 ? 4 : 5, by);
        }
      }
      case 0xd6 -> {
        if (wide) {
          undefined();
        } else {
          int t = temporary();
          out.add(Op.SUBTRACT_BORROW, 0, t, ZERO, ZERO, 0);
          writeRegister(0, RAX, t);
        }
      }
      case 0xd7 -> {
        translationTable();
        writeRegister(0, RAX, loadMemory(0));
      }
      case 0xd8, 0xd9, 0xda, 0xdb, 0xdc, 0xdd, 0xde, 0xdf -> x87(opcode);
      case 0xe0, 0xe1, 0xe2, 0xe3 -> loop(opcode & 3, s8());
      case 0xe4, 0xe5, 0xec, 0xed -> input(opcode, wordSize == 3 ? 2 : wordSize);
      case 0xe6, 0xe7, 0xee, 0xef -> output(opcode, wordSize == 3 ? 2 : wordSize);
      case 0xe8 -> {
        int displacement = immediate(wide ? 2 : size);
        push(wide ? 3 : size, nextPc(wide ? 3 : size));
        near(displacement);
      }
      case 0xe9 -> near(immediate(wide ? 2 : size));
      case 0xea -> farImmediate(Calls.FAR_JUMP);
      case 0xeb -> near(s8());
      case 0xf1 -> callAndLeave(Calls.INTERRUPT, ZERO, ZERO, 1);
      case 0xf4 -> callAndLeave(Calls.HALT, ZERO, ZERO, 0);
      case 0xf5 -> call(Calls.CARRY, SINK, ZERO, ZERO, 2);
      case 0xf8, 0xf9 -> call(Calls.CARRY, SINK, ZERO, ZERO, opcode & 1);
      case 0xf6, 0xf7 -> unary(wordSize);
      case 0xfa -> callAndLeave(Calls.CLEAR_INTERRUPTS, ZERO, ZERO, 0);
      case 0xfb -> callAndLeave(Calls.SET_INTERRUPTS, ZERO, ZERO, 0);
      case 0xfc, 0xfd -> call(Calls.DIRECTION, SINK, ZERO, ZERO, opcode & 1);
      case 0xfe, 0xff -> group5(opcode, wordSize);
      default -> {
        if (opcode >= 0x70 && opcode < 0x80) {
          branch(opcode & 15, s8());
        } else {
          undefined();
        }
      }
    }
  }

  private void arithmetic(int which, int form) {
    int operation = ARITHMETIC[which];
    boolean compare = which == 7;
    int ofSize = (form & 1) == 0 ? 0 : size;
    if (form >= 4) {
      int value = immediate(ofSize);
      if (compare) {
        binary(operation, ofSize, SINK, RAX, -1, value, true);
      } else {
        intoRegister(operation, ofSize, RAX, RAX, -1, value);
      }
      return;
    }
    modrm();
    if (compare) {
      int a = form < 2 ? readRm(ofSize) : readRegister(ofSize, reg);
      int b = form < 2 ? readRegister(ofSize, reg) : readRm(ofSize);
      binary(operation, ofSize, SINK, a, b, 0, true);
    } else if (form < 2) {
      intoRm(operation, ofSize, readRegister(ofSize, reg), 0);
    } else {
      int b = readRm(ofSize);
      intoRegister(operation, ofSize, reg, readRegister(ofSize, reg), b, 0);
    }
  }

  private void arithmeticImmediate(int opcode, int ofSize) {
    if (opcode == 0x82 && wide) {
      undefined();
      return;
    }
    modrm();
    int value = opcode == 0x81 ? immediate(ofSize) : s8();
    int which = modrm >> 3 & 7;
    if (which == 7) {
      binary(Op.SUBTRACT, ofSize, SINK, readRm(ofSize), -1, value, true);
    } else {
      intoRm(ARITHMETIC[which], ofSize, -1, value);
    }
  }

  private void step(int operation, int register) {
    intoRegister(operation, size, register, register, -1, 0);
  }

  private void legacyCall(int number) {
    if (wide) {
      undefined();
    } else {
      call(number, SINK, ZERO, ZERO, size);
    }
  }

  private void callDecimal(int which, int by) {
    call(Calls.DECIMAL, SINK, ZERO, ZERO, which | by << 8);
  }

  private void pushSegment(int which) {
    push(stackOperand(), Slots.SELECTOR + which);
  }

  private void popSegment(int which) {
    int t = top(stackOperand(), 0);
    // The selector may fault: then the stack pointer has not moved.
    call(Calls.LOAD_SEGMENT, SINK, t, ZERO, which);
    moveStack(1 << stackOperand());
    endAfterSegment();
  }

  private void endAfterSegment() {
    jump(0);
  }

  private void bound() {
    if (wide) {
      undefined();
      return;
    }
    modrm();
    if (isRegister()) {
      undefined();
      return;
    }
    int address = linear(size + 1, false);
    call(Calls.BOUND, SINK, address, reg, size);
  }

  private void moveSignExtendedOrAdjustRpl() {
    modrm();
    if (wide) {
      int value = readRm(size == 1 ? 1 : 2);
      int t = temporary();
      out.add(Op.SIGN_EXTEND, size == 1 ? 1 : 2, t, ZERO, value, 0);
      writeRegister(size, reg, t);
      return;
    }
    call(Calls.PROTECTED_ONLY, SINK, ZERO, ZERO, 0);
    int old = readRmToWrite(1);
    int t = temporary();
    // First without touching the flags: the store may fault.
    call(Calls.ADJUST_RPL, t, old, reg, 0);
    writeRm(1, t);
    call(Calls.ADJUST_RPL, SINK, old, reg, 1);
  }

  private void pushImmediate(int value) {
    int t = temporary();
    out.constant(t, value);
    push(stackOperand(), t);
  }

  private void multiplyImmediate(boolean full) {
    modrm();
    int value = full ? immediate(size) : s8();
    intoRegister(Op.MULTIPLY, size, reg, readRm(size), -1, value);
  }

  private void exchange(int ofSize) {
    modrm();
    int old = readRmToWrite(ofSize);
    int t = temporary();
    out.add(Op.MOVE, 3, t, ZERO, old, 0);
    writeRm(ofSize, readRegister(ofSize, reg));
    writeRegister(ofSize, reg, t);
  }

  private void moveFromSegment() {
    modrm();
    int which = modrm >> 3 & 7;
    if (which > 5) {
      undefined();
    } else if (isRegister()) {
      writeRegister(size, rm, Slots.SELECTOR + which);
    } else {
      storeMemory(1, Slots.SELECTOR + which);
    }
  }

  private void moveToSegment() {
    modrm();
    int which = modrm >> 3 & 7;
    if (which > 5 || which == 1) {
      undefined();
      return;
    }
    call(Calls.LOAD_SEGMENT, SINK, readRm(1), ZERO, which);
    endAfterSegment();
  }

  private void popRm() {
    int ofSize = stackOperand();
    modrm();
    if ((modrm >> 3 & 7) != 0) {
      undefined();
      return;
    }
    // An address with rSP sees it already popped (SDM, POP).
    afterPop(1 << ofSize);
    int t = top(ofSize, 0);
    if (isRegister()) {
      moveStack(1 << ofSize);
      writeRegister(ofSize, rm, t);
    } else {
      storeMemory(ofSize, t);
      moveStack(1 << ofSize);
    }
  }

  private void exchangeAccumulator(int low) {
    int register = low | (rex & 1) << 3;
    if (register == RAX) {
      return; // NOP, PAUSE
    }
    int t = temporary();
    out.add(Op.MOVE, 3, t, ZERO, RAX, 0);
    writeRegister(size, RAX, register);
    writeRegister(size, register, t);
  }

  private void signExtendAccumulator() {
    int t = temporary();
    out.add(Op.SIGN_EXTEND, size - 1, t, ZERO, RAX, 0);
    writeRegister(size, RAX, t);
  }

  private void farImmediate(int number) {
    if (wide) {
      undefined();
      return;
    }
    int offset = temporary();
    out.constant(offset, size == 1 ? u16() : s32() & 0xffffffffL);
    int selector = temporary();
    out.constant(selector, u16());
    callAndLeave(number, selector, offset, size);
  }

  private void pushFlags() {
    int t = temporary();
    call(Calls.PUSH_FLAGS, t, ZERO, ZERO, 0);
    push(stackOperand(), t);
  }

  private void moveImmediate(int opcode) {
    int register = (opcode & 7) | (rex & 1) << 3;
    if (size == 3) {
      out.constant(register, s64());
    } else if (size == 2) {
      out.constant(register, s32() & 0xffffffffL);
    } else {
      int t = temporary();
      out.constant(t, u16());
      writeRegister(1, register, t);
    }
  }

  private void shift(int ofSize, int slot, int count) {
    int which = modrm >> 3 & 7;
    int operation =
        switch (which) {
          case 4, 6 -> Op.SHIFT_LEFT;
          case 5 -> Op.SHIFT_RIGHT;
          case 7 -> Op.SHIFT_ARITHMETIC;
          default -> -1;
        };
    if (operation >= 0) {
      intoRm(operation, ofSize, slot, count & (ofSize == 3 ? 63 : 31));
      return;
    }
    int by = slot;
    if (slot < 0) {
      by = temporary();
      out.constant(by, count);
    }
    int was = copy(readRmToWrite(ofSize));
    int count2 = copy(by); // Rotating CL by CL changes it.
    int t = temporary();
    // The flags, which the result may depend on, change when the store can no longer fault.
    call(Calls.ROTATE, t, was, count2, which | ofSize << 3);
    writeRm(ofSize, t);
    call(Calls.ROTATE, SINK, was, count2, which | ofSize << 3 | 1 << 6);
  }

  private void returnNear(int bytes) {
    int ofSize = stackOperand();
    int target = top(ofSize, 0);
    moveStack((1 << ofSize) + bytes);
    jumpTo(ofSize, target);
  }

  private void loop(int which, int displacement) {
    // Counts in rCX of the address's size; LOOPNE, LOOPE, LOOP, JCXZ.
    int t = temporary();
    out.add(Op.ADDRESS, addressSize, t, RCX, ZERO, which == 3 ? 0 : -1);
    if (which == 3) {
      out.add(Op.BRANCH_IF, wide ? 3 : 2, PC, t, ZERO, at);
      near(displacement);
      return;
    }
    writeRegister(addressSize, RCX, t);
    int goOn = t;
    if (which < 2) {
      goOn = temporary();
      out.constant(goOn, 0);
      out.add(Op.SELECT, 3, goOn, t, ZERO, 5 - which); // conditions 5 (not zero), 4 (zero)
    }
    out.add(Op.BRANCH_IF, wide ? 3 : size, PC, goOn, ZERO, at + displacement);
    jump(0);
  }

  private int port(int opcode) {
    int t = temporary();
    if (opcode < 0xe8) {
      out.constant(t, u8());
    } else {
      out.add(Op.ADDRESS, 1, t, RDX, ZERO, 0);
    }
    return t;
  }

  private void input(int opcode, int ofSize) {
    int port = port(opcode);
    int t = temporary();
    call(Calls.IN, t, port, ZERO, ofSize);
    writeRegister(ofSize, RAX, t);
    jump(0);
  }

  private void output(int opcode, int ofSize) {
    call(Calls.OUT, SINK, port(opcode), RAX, ofSize);
    jump(0); // It may have changed memory's layout, or asked for a stop.
  }

  private void string(int opcode, int ofSize) {
    int segment = dataSegment();
    int t = temporary();
    out.constant(t, prefix == 0 ? 0 : prefix == 0xf3 ? StringInstructions.REPEAT : 2);
    callAndLeave(Calls.STRING, t, ZERO, opcode | ofSize << 8 | addressSize << 10 | segment << 12);
  }

  private void unary(int ofSize) {
    modrm();
    switch (modrm >> 3 & 7) {
      case 0, 1 -> {
        int value = immediate(ofSize);
        binary(Op.AND, ofSize, SINK, readRm(ofSize), -1, value, true);
      }
      case 2 -> {
        int old = readRmToWrite(ofSize);
        int t = temporary();
        binary(Op.XOR, ofSize, t, old, -1, -1, false);
        writeRm(ofSize, t);
      }
      case 3 -> {
        if (isRegister() && ofSize >= 2) {
          binary(Op.SUBTRACT, ofSize, rm, ZERO, rm, 0, true);
        } else {
          int old = readRmToWrite(ofSize);
          int copy = temporary();
          out.add(Op.MOVE, 3, copy, ZERO, old, 0);
          int t = temporary();
          binary(Op.SUBTRACT, ofSize, t, ZERO, copy, 0, false);
          writeRm(ofSize, t);
          binary(Op.SUBTRACT, ofSize, SINK, ZERO, copy, 0, true);
        }
      }
      case 4, 5 -> call(Calls.MULTIPLY_WIDE, SINK, readRm(ofSize), ZERO, ofSize | (modrm & 8) >> 1);
      default -> call(Calls.DIVIDE, SINK, readRm(ofSize), ZERO, ofSize | (modrm & 8) >> 1);
    }
  }

  private void group5(int opcode, int ofSize) {
    modrm();
    int which = modrm >> 3 & 7;
    if (opcode == 0xfe && which > 1) {
      undefined();
      return;
    }
    switch (which) {
      case 0 -> intoRm(Op.INCREMENT, ofSize, -1, 0);
      case 1 -> intoRm(Op.DECREMENT, ofSize, -1, 0);
      case 2 -> {
        int target = readRm(stackOperand());
        int t = temporary();
        out.add(Op.MOVE, 3, t, ZERO, target, 0);
        push(stackOperand(), nextPc(stackOperand()));
        jumpTo(stackOperand(), t);
      }
      case 4 -> jumpTo(stackOperand(), readRm(stackOperand()));
      case 3, 5 -> {
        if (isRegister()) {
          undefined();
          return;
        }
        int address = linear(3, false);
        int offset = temporary();
        int selector = temporary();
        boolean wraps = !wide;
        out.add(Op.pack(Op.LOAD, size, offset, address, ZERO, 0) | (wraps ? Op.ADDRESS32 : 0));
        out.add(
            Op.pack(Op.LOAD, 1, selector, address, ZERO, 1 << size) | (wraps ? Op.ADDRESS32 : 0));
        callAndLeave(which == 3 ? Calls.FAR_CALL : Calls.FAR_JUMP, selector, offset, size);
      }
      case 6 -> push(stackOperand(), readRm(stackOperand()));
      default -> undefined();
    }
  }
}
