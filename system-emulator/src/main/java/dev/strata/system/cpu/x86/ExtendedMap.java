// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import static dev.strata.system.cpu.x86.Slots.RCX;
import static dev.strata.system.cpu.x86.Slots.SINK;
import static dev.strata.system.cpu.x86.Slots.ZERO;

import dev.strata.system.cpu.ir.Op;

/** The opcodes that begin with 0F (Intel SDM, volume 2, appendix A, table A-3). */
final class ExtendedMap {
  private final Operands in;
  private final TransferInstructions transfers;
  private final SystemInstructions system;
  private final BitInstructions bits;
  private final VectorMap vectors;
  private final LongMaps longer;

  ExtendedMap(Operands in, TransferInstructions transfers) {
    this.in = in;
    this.transfers = transfers;
    system = new SystemInstructions(in);
    bits = new BitInstructions(in);
    var code = new VectorCode(in);
    vectors = new VectorMap(in, code);
    longer = new LongMaps(in, bits, code);
  }

  void instruction(int opcode) {
    int wordSize = (opcode & 1) == 0 ? 0 : in.size;
    if (opcode >= 0x40 && opcode < 0x50) {
      if (in.has(Feature.CMOV)) {
        conditionalMove(opcode & 15);
      } else {
        in.undefined();
      }
      return;
    }
    if (opcode >= 0x80 && opcode < 0x90) {
      in.branch(opcode & 15, in.immediate(in.wide ? 2 : in.size));
      return;
    }
    if (opcode >= 0x90 && opcode < 0xa0) {
      in.modrm();
      int t = in.temporary();
      in.out.add(Op.pack(Op.SET, 0, t, ZERO, 0, opcode & 15) | Op.IMMEDIATE);
      in.writeRm(0, t);
      return;
    }
    switch (opcode) {
      case 0x00 -> system.group6();
      case 0x01 -> system.group7();
      case 0x02, 0x03 -> {
        in.modrm();
        in.call(Calls.PROTECTED_ONLY, SINK, ZERO, ZERO, 0);
        int selector = in.readRm(1);
        int t = in.temporary();
        int number = in.temporary();
        in.out.constant(number, in.reg);
        in.call(Calls.SELECTOR_INFO, t, selector, number, opcode - 2);
        in.writeRegister(in.size, in.reg, t);
      }
      case 0x05, 0x07 -> {
        if (!in.has(Feature.SYSCALL)) {
          in.undefined();
        } else if (opcode == 0x05) {
          in.callAndLeave(Calls.SYSCALL, ZERO, ZERO, 0);
        } else {
          in.callAndLeave(Calls.SYSRET, ZERO, ZERO, in.size);
        }
      }
      case 0x06 -> in.callAndLeave(Calls.CLEAR_TS, ZERO, ZERO, 0);
      case 0x08, 0x09 -> in.call(Calls.PRIVILEGED, SINK, ZERO, ZERO, 0);
      case 0x0d, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f -> in.modrm(); // hints, NOP
      case 0x20, 0x21, 0x22, 0x23 -> system.control(opcode);
      case 0x30 -> in.callAndLeave(Calls.WRITE_MSR, ZERO, ZERO, 0);
      case 0x31 -> in.call(Calls.READ_TSC, SINK, ZERO, ZERO, 0);
      case 0x32 -> in.call(Calls.READ_MSR, SINK, ZERO, ZERO, 0);
      case 0x34 -> in.callAndLeave(Calls.SYSENTER, ZERO, ZERO, 0);
      case 0x35 -> in.callAndLeave(Calls.SYSEXIT, ZERO, ZERO, in.size);
      case 0x38 -> longer.instruction38(in.u8());
      case 0x3a -> longer.instruction3a(in.u8());
      case 0xa0, 0xa8 -> in.push(in.stackOperand(), Slots.SELECTOR + (opcode == 0xa0 ? 4 : 5));
      case 0xa1, 0xa9 -> {
        int t = in.top(in.stackOperand(), 0);
        in.call(Calls.LOAD_SEGMENT, SINK, t, ZERO, opcode == 0xa1 ? 4 : 5);
        in.moveStack(1 << in.stackOperand());
        in.jump(0);
      }
      case 0xa2 -> in.call(Calls.CPUID, SINK, ZERO, ZERO, 0);
      case 0xa3, 0xab, 0xb3, 0xbb -> bits.bitTest(opcode >> 3 & 3);
      case 0xba -> bits.bitTestImmediate();
      case 0xa4, 0xac -> {
        in.modrm();
        int t = in.temporary();
        in.out.constant(t, in.u8());
        bits.doubleShift(opcode >> 3 & 1, t);
      }
      case 0xa5, 0xad -> {
        in.modrm();
        bits.doubleShift(opcode >> 3 & 1, RCX);
      }
      case 0xaa -> in.callAndLeave(Calls.RESUME, ZERO, ZERO, 0);
      case 0xae -> system.group15();
      case 0xaf -> {
        in.modrm();
        int b = in.readRm(in.size);
        in.intoRegister(Op.MULTIPLY, in.size, in.reg, in.reg, b, 0);
      }
      case 0xb0, 0xb1 -> bits.compareExchange(wordSize);
      case 0xb2, 0xb4, 0xb5 -> {
        in.modrm();
        if (in.isRegister()) {
          in.undefined();
        } else {
          transfers.loadFarPointer(opcode & 7);
        }
      }
      case 0xb6, 0xb7 -> {
        in.modrm();
        int from = opcode & 1;
        int value = in.readRm(from);
        int t = in.temporary();
        in.out.add(Op.MOVE, from, t, ZERO, value, 0);
        in.writeRegister(in.size, in.reg, t);
      }
      case 0xbe, 0xbf -> {
        in.modrm();
        int value = in.readRm(opcode & 1);
        int t = in.temporary();
        in.out.add(Op.SIGN_EXTEND, opcode & 1, t, ZERO, value, 0);
        in.writeRegister(in.size, in.reg, t);
      }
      case 0xb8, 0xbc, 0xbd -> bits.bitScan(opcode);
      case 0xc0, 0xc1 -> {
        in.modrm();
        int old = in.copy(in.readRmToWrite(wordSize));
        int add = in.copy(in.readRegister(wordSize, in.reg));
        int t = in.temporary();
        in.binary(Op.ADD, wordSize, t, old, add, 0, false);
        if (in.isRegister()) {
          in.writeRegister(wordSize, in.reg, old);
          in.writeRm(wordSize, t);
        } else {
          in.writeRm(wordSize, t);
          in.writeRegister(wordSize, in.reg, old);
        }
        in.binary(Op.ADD, wordSize, SINK, old, add, 0, true);
      }
      case 0xc3 -> {
        in.modrm();
        if (in.isRegister() || !in.has(Feature.SSE2)) {
          in.undefined(); // MOVNTI
        } else {
          in.storeMemory(in.size, in.reg);
        }
      }
      case 0xc7 -> bits.group9();
      case 0xc8, 0xc9, 0xca, 0xcb, 0xcc, 0xcd, 0xce, 0xcf -> {
        int register = (opcode & 7) | (in.rex & 1) << 3;
        if (in.size == 1) {
          int t = in.temporary();
          in.out.constant(t, 0);
          in.writeRegister(1, register, t);
        } else {
          in.out.add(Op.REVERSE_BYTES, in.size, register, register, ZERO, 0);
        }
      }
      default -> vectors.instruction(opcode);
    }
  }

  private void conditionalMove(int condition) {
    in.modrm();
    int value = in.readRm(in.size); // Loaded, and faulting, whether it is taken or not.
    if (in.size >= 2) {
      in.out.add(Op.SELECT, in.size, in.reg, value, ZERO, condition);
    } else {
      int t = in.copy(in.reg);
      in.out.add(Op.SELECT, 1, t, value, ZERO, condition);
      in.writeRegister(1, in.reg, t);
    }
  }
}
