// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import static dev.strata.system.cpu.x86.Slots.RAX;
import static dev.strata.system.cpu.x86.Slots.RCX;
import static dev.strata.system.cpu.x86.Slots.SINK;
import static dev.strata.system.cpu.x86.Slots.ZERO;

import dev.strata.system.cpu.interpret.Interpreter;
import dev.strata.system.cpu.ir.Op;

/** The opcodes that begin with 0F (Intel SDM, volume 2, appendix A, table A-3). */
abstract class ExtendedInstructions extends VectorInstructions {
  ExtendedInstructions(Interpreter core) {
    super(core);
  }

  final void extended(int opcode) {
    int wordSize = (opcode & 1) == 0 ? 0 : size;
    if (opcode >= 0x40 && opcode < 0x50) {
      conditionalMove(opcode & 15);
      return;
    }
    if (opcode >= 0x80 && opcode < 0x90) {
      branch(opcode & 15, immediate(wide ? 2 : size));
      return;
    }
    if (opcode >= 0x90 && opcode < 0xa0) {
      modrm();
      int t = temporary();
      out.add(Op.pack(Op.SET, 0, t, ZERO, 0, opcode & 15) | Op.IMMEDIATE);
      writeRm(0, t);
      return;
    }
    switch (opcode) {
      case 0x00 -> group6();
      case 0x01 -> group7();
      case 0x02, 0x03 -> {
        modrm();
        call(Calls.PROTECTED_ONLY, SINK, ZERO, ZERO, 0);
        int selector = readRm(1);
        int t = temporary();
        int number = temporary();
        out.constant(number, reg);
        call(Calls.SELECTOR_INFO, t, selector, number, opcode - 2);
        writeRegister(size, reg, t);
      }
      case 0x05 -> callAndLeave(Calls.SYSCALL, ZERO, ZERO, 0);
      case 0x06 -> callAndLeave(Calls.CLEAR_TS, ZERO, ZERO, 0);
      case 0x07 -> callAndLeave(Calls.SYSRET, ZERO, ZERO, size);
      case 0x08, 0x09 -> call(Calls.PRIVILEGED, SINK, ZERO, ZERO, 0);
      case 0x0d, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f -> modrm(); // hints, NOP
      case 0x20, 0x21, 0x22, 0x23 -> control(opcode);
      case 0x30 -> callAndLeave(Calls.WRITE_MSR, ZERO, ZERO, 0);
      case 0x31 -> call(Calls.READ_TSC, SINK, ZERO, ZERO, 0);
      case 0x32 -> call(Calls.READ_MSR, SINK, ZERO, ZERO, 0);
      case 0x34 -> callAndLeave(Calls.SYSENTER, ZERO, ZERO, 0);
      case 0x35 -> callAndLeave(Calls.SYSEXIT, ZERO, ZERO, size);
      case 0xa0, 0xa8 -> push(stackOperand(), Slots.SELECTOR + (opcode == 0xa0 ? 4 : 5));
      case 0xa1, 0xa9 -> {
        int t = top(stackOperand(), 0);
        call(Calls.LOAD_SEGMENT, SINK, t, ZERO, opcode == 0xa1 ? 4 : 5);
        moveStack(1 << stackOperand());
        jump(0);
      }
      case 0xa2 -> call(Calls.CPUID, SINK, ZERO, ZERO, 0);
      case 0xa3, 0xab, 0xb3, 0xbb -> bitTest(opcode >> 3 & 3);
      case 0xba -> bitTestImmediate();
      case 0xa4, 0xac -> {
        modrm();
        int t = temporary();
        out.constant(t, u8());
        doubleShift(opcode >> 3 & 1, t);
      }
      case 0xa5, 0xad -> {
        modrm();
        doubleShift(opcode >> 3 & 1, RCX);
      }
      case 0xae -> group15();
      case 0xaf -> {
        modrm();
        int b = readRm(size);
        intoRegister(Op.MULTIPLY, size, reg, reg, b, 0);
      }
      case 0xb0, 0xb1 -> compareExchange(wordSize);
      case 0xb2, 0xb4, 0xb5 -> {
        modrm();
        if (isRegister()) {
          undefined();
        } else {
          loadFarPointer(opcode & 7);
        }
      }
      case 0xb6, 0xb7 -> {
        modrm();
        int from = opcode & 1;
        int value = readRm(from);
        int t = temporary();
        out.add(Op.MOVE, from, t, ZERO, value, 0);
        writeRegister(size, reg, t);
      }
      case 0xbe, 0xbf -> {
        modrm();
        int value = readRm(opcode & 1);
        int t = temporary();
        out.add(Op.SIGN_EXTEND, opcode & 1, t, ZERO, value, 0);
        writeRegister(size, reg, t);
      }
      case 0xb8, 0xbc, 0xbd -> bitScan(opcode);
      case 0xc0, 0xc1 -> {
        modrm();
        int old = copy(readRmToWrite(wordSize));
        int add = copy(readRegister(wordSize, reg));
        int t = temporary();
        binary(Op.ADD, wordSize, t, old, add, 0, false);
        if (isRegister()) {
          writeRegister(wordSize, reg, old);
          writeRm(wordSize, t);
        } else {
          writeRm(wordSize, t);
          writeRegister(wordSize, reg, old);
        }
        binary(Op.ADD, wordSize, SINK, old, add, 0, true);
      }
      case 0xc3 -> {
        modrm();
        if (isRegister()) {
          undefined();
        } else {
          storeMemory(size, reg);
        }
      }
      case 0xc7 -> group9();
      case 0xc8, 0xc9, 0xca, 0xcb, 0xcc, 0xcd, 0xce, 0xcf -> {
        int register = (opcode & 7) | (rex & 1) << 3;
        if (size == 1) {
          int t = temporary();
          out.constant(t, 0);
          writeRegister(1, register, t);
        } else {
          out.add(Op.REVERSE_BYTES, size, register, register, ZERO, 0);
        }
      }
      default -> vector(opcode);
    }
  }

  private void conditionalMove(int condition) {
    modrm();
    int value = readRm(size); // Loaded, and faulting, whether it is taken or not.
    if (size >= 2) {
      out.add(Op.SELECT, size, reg, value, ZERO, condition);
    } else {
      int t = copy(reg);
      out.add(Op.SELECT, 1, t, value, ZERO, condition);
      writeRegister(1, reg, t);
    }
  }

  private void group6() {
    modrm();
    int which = modrm >> 3 & 7;
    if (which > 5) {
      undefined();
      return;
    }
    call(Calls.PROTECTED_ONLY, SINK, ZERO, ZERO, 0);
    if (which < 2) {
      int t = temporary();
      call(Calls.SYSTEM_TABLE, t, ZERO, ZERO, which);
      if (isRegister()) {
        writeRegister(size, rm, t);
      } else {
        storeMemory(1, t);
      }
    } else if (which < 4) {
      call(Calls.SYSTEM_TABLE, SINK, readRm(1), ZERO, which);
    } else {
      call(Calls.SELECTOR_INFO, SINK, readRm(1), ZERO, which - 2);
    }
  }

  private void group7() {
    modrm();
    int which = modrm >> 3 & 7;
    if (isRegister()) {
      switch (modrm) {
        case 0xca, 0xcb -> call(Calls.ALIGN_CHECK_FLAG, SINK, ZERO, ZERO, modrm & 1);
        case 0xd0 -> call(Calls.GET_EXTENDED_CONTROL, SINK, ZERO, ZERO, 0);
        case 0xf8 -> {
          if (wide) {
            callAndLeave(Calls.SWAP_GS, ZERO, ZERO, 0);
          } else {
            undefined();
          }
        }
        case 0xf9 -> call(Calls.READ_TSC, SINK, ZERO, ZERO, 1);
        default -> {
          if (which == 4) {
            int t = temporary();
            call(Calls.READ_CONTROL, t, ZERO, ZERO, 16);
            writeRegister(size, rm, t);
          } else if (which == 6) {
            callAndLeave(Calls.WRITE_CONTROL, rm, ZERO, 16);
          } else {
            undefined();
          }
        }
      }
      return;
    }
    switch (which) {
      case 0, 1 -> {
        int address = linear(3, true);
        int limit = temporary();
        int base = temporary();
        call(Calls.SYSTEM_TABLE, limit, ZERO, ZERO, 4 + which * 2);
        call(Calls.SYSTEM_TABLE, base, ZERO, ZERO, 5 + which * 2);
        long wraps = wide ? 0 : Op.ADDRESS32;
        out.add(Op.pack(Op.STORE, 1, limit, address, ZERO, 0) | wraps);
        out.add(Op.pack(Op.STORE, wide ? 3 : 2, base, address, ZERO, 2) | wraps);
      }
      case 2, 3 -> {
        int address = linear(3, false);
        int limit = temporary();
        int base = temporary();
        long wraps = wide ? 0 : Op.ADDRESS32;
        out.add(Op.pack(Op.LOAD, 1, limit, address, ZERO, 0) | wraps);
        out.add(Op.pack(Op.LOAD, wide ? 3 : 2, base, address, ZERO, 2) | wraps);
        if (size == 1 && !wide) {
          out.add(Op.pack(Op.AND, 3, base, base, 0, 0xffffff) | Op.IMMEDIATE);
        }
        call(Calls.SYSTEM_TABLE, SINK, limit, base, 8 + which - 2);
      }
      case 4 -> {
        int t = temporary();
        call(Calls.READ_CONTROL, t, ZERO, ZERO, 16);
        storeMemory(1, t);
      }
      case 6 -> callAndLeave(Calls.WRITE_CONTROL, readRm(1), ZERO, 16);
      case 7 -> {
        int t = linearUnchecked();
        callAndLeave(Calls.INVALIDATE_PAGE, t, ZERO, 0);
      }
      default -> undefined();
    }
  }

  private void control(int opcode) {
    modrm();
    boolean debug = (opcode & 1) != 0;
    if ((opcode & 2) == 0) {
      int t = temporary();
      call(debug ? Calls.READ_DEBUG : Calls.READ_CONTROL, t, ZERO, ZERO, reg);
      out.add(Op.MOVE, wide ? 3 : 2, rm, ZERO, t, 0);
    } else {
      callAndLeave(debug ? Calls.WRITE_DEBUG : Calls.WRITE_CONTROL, rm, ZERO, reg);
    }
  }

  private void bitTest(int which) {
    modrm();
    int value;
    int t = temporary();
    if (isRegister()) {
      call(Calls.BIT_TEST, t, rm, reg, which | size << 2 | 1 << 4);
      if (which != 0) {
        writeRegister(size, rm, t);
      }
      return;
    }
    // The bit string reaches beyond the operand: whole operands away from the address.
    int shifted = temporary();
    out.add(Op.SIGN_EXTEND, size, shifted, ZERO, reg, 0);
    out.add(Op.pack(Op.SHIFT_ARITHMETIC, 3, shifted, shifted, 0, 3 + size) | Op.IMMEDIATE);
    int moved = temporary();
    out.add(Op.pack(Op.ADDRESS, 3, moved, ZERO, shifted, 0) | (long) size << 10);
    displace(moved);
    value = which == 0 ? loadMemory(size) : loadToWrite(size);
    if (which == 0) {
      call(Calls.BIT_TEST, t, value, reg, which | size << 2 | 1 << 4);
    } else {
      call(Calls.BIT_TEST, t, value, reg, which | size << 2);
      storeMemory(size, t);
      call(Calls.BIT_TEST, SINK, value, reg, which | size << 2 | 1 << 4);
    }
  }

  private void bitTestImmediate() {
    modrm();
    int which = modrm >> 3 & 7;
    int bit = temporary();
    out.constant(bit, u8());
    if (which < 4) {
      undefined();
      return;
    }
    which -= 4;
    int t = temporary();
    if (which == 0) {
      call(Calls.BIT_TEST, t, readRm(size), bit, size << 2 | 1 << 4);
      return;
    }
    int value = copy(readRmToWrite(size));
    call(Calls.BIT_TEST, t, value, bit, which | size << 2);
    writeRm(size, t);
    call(Calls.BIT_TEST, SINK, value, bit, which | size << 2 | 1 << 4);
  }

  private void doubleShift(int right, int by) {
    int count = copy(by);
    int old = copy(readRmToWrite(size));
    int filler = copy(reg);
    int t = temporary();
    out.add(Op.MOVE, 3, Slots.ARGUMENT, ZERO, filler, 0);
    call(Calls.DOUBLE_SHIFT, t, old, count, right | size << 1);
    writeRm(size, t);
    call(Calls.DOUBLE_SHIFT, SINK, old, count, right | size << 1 | 1 << 3);
  }

  private void compareExchange(int ofSize) {
    modrm();
    int old = copy(readRmToWrite(ofSize));
    int accumulator = copy(RAX);
    int t = temporary();
    out.add(Op.MOVE, 3, Slots.ARGUMENT, ZERO, readRegister(ofSize, reg), 0);
    call(Calls.COMPARE_EXCHANGE, t, old, RAX, ofSize);
    if (isRegister() && ofSize == 2) {
      writeRegister(3, rm, t); // Where they differ, the register's upper half stays, too.
    } else {
      writeRm(ofSize, t); // The old value where they differ: the write cycle happens either way.
    }
    int differs = temporary();
    call(Calls.COMPARE_EXCHANGE, differs, old, accumulator, ofSize | 1 << 2);
    binary(Op.SUBTRACT, ofSize, SINK, accumulator, old, 0, true);
    writeRegister(3, RAX, differs);
  }

  private void bitScan(int opcode) {
    if (opcode == 0xb8 && prefix != 0xf3) {
      undefined();
      return;
    }
    modrm();
    int value = readRm(size);
    int t = temporary();
    int kind = opcode == 0xb8 ? 4 : (opcode & 1) | (prefix == 0xf3 ? 2 : 0);
    out.add(Op.MOVE, 3, Slots.ARGUMENT, ZERO, reg, 0);
    call(Calls.BIT_SCAN, t, value, ZERO, kind | size << 3);
    if (size == 2 && kind < 2) {
      out.add(Op.MOVE, 3, reg, ZERO, t, 0); // Of 0, the register stays whole.
    } else {
      writeRegister(size, reg, t);
    }
  }

  private void group9() {
    modrm();
    int which = modrm >> 3 & 7;
    if (which == 1 && !isRegister()) {
      int half = size == 3 ? 3 : 2;
      int address = linear(half + 1, true);
      call(Calls.COMPARE_EXCHANGE_WIDE, SINK, address, ZERO, half);
    } else {
      undefined();
    }
  }

  private void group15() {
    modrm();
    int which = modrm >> 3 & 7;
    if (isRegister()) {
      if (prefix == 0xf3 && wide && which < 4) {
        int t = temporary();
        call(Calls.BIT_FIELD, t, rm, ZERO, which | size << 2);
        if (which < 2) {
          out.add(Op.MOVE, size, rm, ZERO, t, 0);
        }
      } else if (which < 5) {
        undefined();
      }
      return; // LFENCE, MFENCE, SFENCE
    }
    switch (which) {
      case 0, 1 -> {
        int address = linear(0, which == 0);
        call(Calls.X87_STATE, SINK, address, ZERO, which | size << 4);
      }
      case 2 -> {
        int value = loadMemory(2);
        call(Calls.X87_STATE, SINK, value, ZERO, 2);
      }
      case 3 -> {
        int t = temporary();
        call(Calls.X87_STATE, t, ZERO, ZERO, 3);
        storeMemory(2, t);
      }
      case 7 -> loadMemory(0); // CLFLUSH
      default -> undefined();
    }
  }

  final void loadFarPointer(int which) {
    int address = linear(3, false);
    int offset = temporary();
    int selector = temporary();
    long wraps = wide ? 0 : Op.ADDRESS32;
    out.add(Op.pack(Op.LOAD, size, offset, address, ZERO, 0) | wraps);
    out.add(Op.pack(Op.LOAD, 1, selector, address, ZERO, 1 << size) | wraps);
    call(Calls.LOAD_SEGMENT, SINK, selector, ZERO, which);
    writeRegister(size, reg, offset);
    jump(0);
  }
}
