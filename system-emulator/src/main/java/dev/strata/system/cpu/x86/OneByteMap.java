// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import static dev.strata.system.cpu.x86.Slots.RAX;
import static dev.strata.system.cpu.x86.Slots.RCX;
import static dev.strata.system.cpu.x86.Slots.RDX;
import static dev.strata.system.cpu.x86.Slots.SINK;
import static dev.strata.system.cpu.x86.Slots.ZERO;

import dev.strata.system.cpu.ir.Op;

/** The one-byte opcodes (Intel SDM, volume 2, appendix A, table A-2). */
final class OneByteMap {
  private final Operands in;
  private final ArithmeticInstructions arithmetic;
  private final TransferInstructions transfers;
  private final X87Map x87;
  private final ExtendedMap extended;
  private final VexMap vex;

  OneByteMap(Operands in) {
    this.in = in;
    arithmetic = new ArithmeticInstructions(in);
    transfers = new TransferInstructions(in);
    x87 = new X87Map(in);
    extended = new ExtendedMap(in, transfers);
    vex = new VexMap(in);
  }

  void instruction(int opcode) {
    if (opcode < 0x40) {
      if ((opcode & 7) < 6) {
        arithmetic.arithmetic(opcode >> 3, opcode & 7);
      } else if (opcode == 0x0f) {
        extended.instruction(in.u8());
      } else if (in.wide) {
        in.undefined();
      } else if ((opcode & 0x26) == 0x26) {
        arithmetic.callDecimal(opcode >> 3 & 3, 0);
      } else if ((opcode & 7) == 6) {
        transfers.pushSegment(opcode >> 3);
      } else {
        transfers.popSegment(opcode >> 3);
      }
      return;
    }
    int wordSize = (opcode & 1) == 0 ? 0 : in.size;
    switch (opcode) {
      case 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47 ->
          arithmetic.step(Op.INCREMENT, opcode & 7);
      case 0x48, 0x49, 0x4a, 0x4b, 0x4c, 0x4d, 0x4e, 0x4f ->
          arithmetic.step(Op.DECREMENT, opcode & 7);
      case 0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57 ->
          in.push(in.stackOperand(), (opcode & 7) | (in.rex & 1) << 3);
      case 0x58, 0x59, 0x5a, 0x5b, 0x5c, 0x5d, 0x5e, 0x5f ->
          in.writeRegister(
              in.stackOperand(), (opcode & 7) | (in.rex & 1) << 3, in.pop(in.stackOperand()));
      case 0x60 -> arithmetic.legacyCall(Calls.PUSH_ALL);
      case 0x61 -> arithmetic.legacyCall(Calls.POP_ALL);
      case 0x62 -> transfers.bound();
      case 0x63 -> arithmetic.moveSignExtendedOrAdjustRpl();
      case 0x68 -> transfers.pushImmediate(in.immediate(in.size));
      case 0x6a -> transfers.pushImmediate(in.s8());
      case 0x69 -> arithmetic.multiplyImmediate(true);
      case 0x6b -> arithmetic.multiplyImmediate(false);
      case 0x6c, 0x6d, 0x6e, 0x6f -> transfers.string(opcode, wordSize == 3 ? 2 : wordSize);
      case 0x80, 0x81, 0x82, 0x83 -> arithmetic.arithmeticImmediate(opcode, wordSize);
      case 0x84, 0x85 -> {
        in.modrm();
        int a = in.readRm(wordSize);
        in.binary(Op.AND, wordSize, SINK, a, in.readRegister(wordSize, in.reg), 0, true);
      }
      case 0x86, 0x87 -> arithmetic.exchange(wordSize);
      case 0x88, 0x89 -> {
        in.modrm();
        in.writeRm(wordSize, in.readRegister(wordSize, in.reg));
      }
      case 0x8a, 0x8b -> {
        in.modrm();
        in.writeRegister(wordSize, in.reg, in.readRm(wordSize));
      }
      case 0x8c -> transfers.moveFromSegment();
      case 0x8d -> {
        in.modrm();
        if (in.isRegister()) {
          in.undefined();
        } else {
          in.writeRegister(in.size, in.reg, in.offset());
        }
      }
      case 0x8e -> transfers.moveToSegment();
      case 0x8f -> transfers.popRm();
      case 0x90, 0x91, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97 ->
          arithmetic.exchangeAccumulator(opcode & 7);
      case 0x98 -> arithmetic.signExtendAccumulator();
      case 0x99 -> {
        int t = in.temporary();
        in.out.add(Op.SIGN_EXTEND, in.size, t, ZERO, RAX, 0);
        int s = in.temporary();
        in.out.add(Op.pack(Op.SHIFT_ARITHMETIC, 3, s, t, 0, 63) | Op.IMMEDIATE);
        in.writeRegister(in.size, RDX, s);
      }
      case 0x9a -> transfers.farImmediate(Calls.FAR_CALL);
      case 0x9b -> in.call(Calls.X87, SINK, ZERO, ZERO, 0x900);
      case 0x9c -> transfers.pushFlags();
      case 0x9d -> in.callAndLeave(Calls.POP_FLAGS, ZERO, ZERO, in.stackOperand());
      case 0x9e, 0x9f -> {
        if (in.wide && !in.has(Feature.LAHF_LM)) {
          in.undefined();
        } else {
          accumulatorFlags(opcode == 0x9e);
        }
      }
      case 0xa0, 0xa1 -> {
        in.absolute();
        in.writeRegister(wordSize, RAX, in.loadMemory(wordSize));
      }
      case 0xa2, 0xa3 -> {
        in.absolute();
        in.storeMemory(wordSize, RAX);
      }
      case 0xa4, 0xa5, 0xa6, 0xa7, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf ->
          transfers.string(opcode, wordSize);
      case 0xa8, 0xa9 -> in.binary(Op.AND, wordSize, SINK, RAX, -1, in.immediate(wordSize), true);
      case 0xb0, 0xb1, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6, 0xb7 -> {
        int t = in.temporary();
        in.out.constant(t, in.u8());
        in.writeRegister(0, (opcode & 7) | (in.rex & 1) << 3, t);
      }
      case 0xb8, 0xb9, 0xba, 0xbb, 0xbc, 0xbd, 0xbe, 0xbf -> arithmetic.moveImmediate(opcode);
      case 0xc0, 0xc1 -> {
        in.modrm();
        arithmetic.shift(wordSize, -1, in.u8());
      }
      case 0xd0, 0xd1 -> {
        in.modrm();
        arithmetic.shift(wordSize, -1, 1);
      }
      case 0xd2, 0xd3 -> {
        in.modrm();
        arithmetic.shift(wordSize, RCX, 0);
      }
      case 0xc2, 0xc3 -> transfers.returnNear(opcode == 0xc2 ? in.u16() : 0);
      case 0xc4, 0xc5 -> {
        if (in.wide) {
          vex(opcode, in.u8());
          return;
        }
        in.modrm();
        if (in.isRegister()) {
          vex(opcode, in.modrm);
        } else {
          transfers.loadFarPointer(opcode == 0xc4 ? 0 : 3);
        }
      }
      case 0xc6, 0xc7 -> {
        in.modrm();
        if ((in.modrm >> 3 & 7) != 0) {
          in.undefined();
          return;
        }
        int t = in.temporary();
        in.out.constant(t, in.immediate(wordSize));
        in.writeRm(wordSize, t);
      }
      case 0xc8 -> {
        int bytes = in.u16();
        int t = in.temporary();
        in.out.constant(t, bytes);
        int level = in.u8() & 31;
        in.call(Calls.ENTER, SINK, t, ZERO, level | in.stackOperand() << 8);
      }
      case 0xc9 -> in.leave();
      case 0xca, 0xcb -> {
        int t = in.temporary();
        in.out.constant(t, opcode == 0xca ? in.u16() : 0);
        in.callAndLeave(Calls.FAR_RETURN, t, ZERO, in.size);
      }
      case 0xcc -> in.callAndLeave(Calls.INTERRUPT, ZERO, ZERO, 3);
      case 0xcd -> in.callAndLeave(Calls.INTERRUPT, ZERO, ZERO, in.u8());
      case 0xce -> {
        if (in.wide) {
          in.undefined();
        } else {
          in.callAndLeave(Calls.INTO, ZERO, ZERO, 0);
        }
      }
      case 0xcf -> in.callAndLeave(Calls.INTERRUPT_RETURN, ZERO, ZERO, in.size);
      case 0xd4, 0xd5 -> {
        int by = in.u8();
        if (in.wide) {
          in.undefined();
        } else {
          arithmetic.callDecimal(opcode == 0xd4 ? 4 : 5, by);
        }
      }
      case 0xd6 -> {
        if (in.wide) {
          in.undefined();
        } else {
          int t = in.temporary();
          in.out.add(Op.SUBTRACT_BORROW, 0, t, ZERO, ZERO, 0);
          in.writeRegister(0, RAX, t);
        }
      }
      case 0xd7 -> {
        in.translationTable();
        in.writeRegister(0, RAX, in.loadMemory(0));
      }
      case 0xd8, 0xd9, 0xda, 0xdb, 0xdc, 0xdd, 0xde, 0xdf -> x87.instruction(opcode);
      case 0xe0, 0xe1, 0xe2, 0xe3 -> transfers.loop(opcode & 3, in.s8());
      case 0xe4, 0xe5, 0xec, 0xed -> transfers.input(opcode, wordSize == 3 ? 2 : wordSize);
      case 0xe6, 0xe7, 0xee, 0xef -> transfers.output(opcode, wordSize == 3 ? 2 : wordSize);
      case 0xe8 -> {
        int displacement = in.immediate(in.wide ? 2 : in.size);
        in.push(in.wide ? 3 : in.size, in.nextPc(in.wide ? 3 : in.size));
        in.near(displacement);
      }
      case 0xe9 -> in.near(in.immediate(in.wide ? 2 : in.size));
      case 0xea -> transfers.farImmediate(Calls.FAR_JUMP);
      case 0xeb -> in.near(in.s8());
      case 0xf1 -> in.callAndLeave(Calls.INTERRUPT, ZERO, ZERO, 1);
      case 0xf4 -> in.callAndLeave(Calls.HALT, ZERO, ZERO, 0);
      case 0xf5 -> in.call(Calls.CARRY, SINK, ZERO, ZERO, 2);
      case 0xf8, 0xf9 -> in.call(Calls.CARRY, SINK, ZERO, ZERO, opcode & 1);
      case 0xf6, 0xf7 -> arithmetic.unary(wordSize);
      case 0xfa -> in.callAndLeave(Calls.CLEAR_INTERRUPTS, ZERO, ZERO, 0);
      case 0xfb -> in.callAndLeave(Calls.SET_INTERRUPTS, ZERO, ZERO, 0);
      case 0xfc, 0xfd -> in.call(Calls.DIRECTION, SINK, ZERO, ZERO, opcode & 1);
      case 0xfe, 0xff -> transfers.group5(opcode, wordSize);
      default -> {
        if (opcode >= 0x70 && opcode < 0x80) {
          in.branch(opcode & 15, in.s8());
        } else {
          in.undefined();
        }
      }
    }
  }

  /** SAHF and LAHF. */
  private void accumulatorFlags(boolean store) {
    int t = in.temporary();
    if (store) {
      in.out.add(Op.EXTRACT_HIGH8, 3, t, RAX, ZERO, 0);
      in.call(Calls.STORE_FLAGS, SINK, t, ZERO, 0);
    } else {
      in.call(Calls.LOAD_FLAGS, t, ZERO, ZERO, 0);
      in.out.add(Op.INSERT_HIGH8, 3, RAX, ZERO, t, 0);
    }
  }

  private void vex(int opcode, int second) {
    if (opcode == 0xc4) {
      vex.instruction(second);
    } else {
      in.undefined(); // The short form is of vectors only.
    }
  }
}
