// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import static dev.strata.system.cpu.x86.Slots.PC;
import static dev.strata.system.cpu.x86.Slots.RAX;
import static dev.strata.system.cpu.x86.Slots.RCX;
import static dev.strata.system.cpu.x86.Slots.RDX;
import static dev.strata.system.cpu.x86.Slots.SINK;
import static dev.strata.system.cpu.x86.Slots.ZERO;

import dev.strata.system.cpu.ir.Op;

/**
 * Branches, the stack, segment registers, strings and ports among the one-byte opcodes (Intel SDM,
 * volume 1, 5.1.7 to 5.1.12).
 */
final class TransferInstructions {
  private final Operands in;

  TransferInstructions(Operands in) {
    this.in = in;
  }

  void pushSegment(int which) {
    in.push(in.stackOperand(), Slots.SELECTOR + which);
  }

  void popSegment(int which) {
    int t = in.top(in.stackOperand(), 0);
    // The selector may fault: then the stack pointer has not moved.
    in.call(Calls.LOAD_SEGMENT, SINK, t, ZERO, which);
    in.moveStack(1 << in.stackOperand());
    endAfterSegment();
  }

  private void endAfterSegment() {
    in.jump(0);
  }

  void moveFromSegment() {
    in.modrm();
    int which = in.modrm >> 3 & 7;
    if (which > 5) {
      in.undefined();
    } else if (in.isRegister()) {
      in.writeRegister(in.size, in.rm, Slots.SELECTOR + which);
    } else {
      in.storeMemory(1, Slots.SELECTOR + which);
    }
  }

  void moveToSegment() {
    in.modrm();
    int which = in.modrm >> 3 & 7;
    if (which > 5 || which == 1) {
      in.undefined();
      return;
    }
    in.call(Calls.LOAD_SEGMENT, SINK, in.readRm(1), ZERO, which);
    endAfterSegment();
  }

  void pushImmediate(int value) {
    int t = in.temporary();
    in.out.constant(t, value);
    in.push(in.stackOperand(), t);
  }

  void popRm() {
    int ofSize = in.stackOperand();
    in.modrm();
    if ((in.modrm >> 3 & 7) != 0) {
      in.undefined();
      return;
    }
    // An address with rSP sees it already popped (SDM, POP).
    in.afterPop(1 << ofSize);
    int t = in.top(ofSize, 0);
    if (in.isRegister()) {
      in.moveStack(1 << ofSize);
      in.writeRegister(ofSize, in.rm, t);
    } else {
      in.storeMemory(ofSize, t);
      in.moveStack(1 << ofSize);
    }
  }

  void pushFlags() {
    int t = in.temporary();
    in.call(Calls.PUSH_FLAGS, t, ZERO, ZERO, 0);
    in.push(in.stackOperand(), t);
  }

  void bound() {
    if (in.wide) {
      in.undefined();
      return;
    }
    in.modrm();
    if (in.isRegister()) {
      in.undefined();
      return;
    }
    int address = in.linear(in.size + 1, false);
    in.call(Calls.BOUND, SINK, address, in.reg, in.size);
  }

  void farImmediate(int number) {
    if (in.wide) {
      in.undefined();
      return;
    }
    int offset = in.temporary();
    in.out.constant(offset, in.size == 1 ? in.u16() : in.s32() & 0xffffffffL);
    int selector = in.temporary();
    in.out.constant(selector, in.u16());
    in.callAndLeave(number, selector, offset, in.size);
  }

  void returnNear(int bytes) {
    int ofSize = in.stackOperand();
    int target = in.top(ofSize, 0);
    in.moveStack((1 << ofSize) + bytes);
    in.jumpTo(ofSize, target);
  }

  void loop(int which, int displacement) {
    // Counts in rCX of the address's size; LOOPNE, LOOPE, LOOP, JCXZ.
    int t = in.temporary();
    in.out.add(Op.ADDRESS, in.addressSize, t, RCX, ZERO, which == 3 ? 0 : -1);
    if (which == 3) {
      in.out.add(Op.BRANCH_IF, in.wide ? 3 : 2, PC, t, ZERO, in.at);
      in.near(displacement);
      return;
    }
    in.writeRegister(in.addressSize, RCX, t);
    int goOn = t;
    if (which < 2) {
      goOn = in.temporary();
      in.out.constant(goOn, 0);
      in.out.add(Op.SELECT, 3, goOn, t, ZERO, 5 - which); // conditions 5 (not zero), 4 (zero)
    }
    in.out.add(Op.BRANCH_IF, in.wide ? 3 : in.size, PC, goOn, ZERO, in.at + displacement);
    in.jump(0);
  }

  private int port(int opcode) {
    int t = in.temporary();
    if (opcode < 0xe8) {
      in.out.constant(t, in.u8());
    } else {
      in.out.add(Op.ADDRESS, 1, t, RDX, ZERO, 0);
    }
    return t;
  }

  void input(int opcode, int ofSize) {
    int port = port(opcode);
    int t = in.temporary();
    in.call(Calls.IN, t, port, ZERO, ofSize);
    in.writeRegister(ofSize, RAX, t);
    in.jump(0);
  }

  void output(int opcode, int ofSize) {
    in.call(Calls.OUT, SINK, port(opcode), RAX, ofSize);
    in.jump(0); // It may have changed memory's layout, or asked for a stop.
  }

  void string(int opcode, int ofSize) {
    int segment = in.dataSegment();
    int t = in.temporary();
    in.out.constant(t, in.prefix == 0 ? 0 : in.prefix == 0xf3 ? StringInstructions.REPEAT : 2);
    in.callAndLeave(
        Calls.STRING, t, ZERO, opcode | ofSize << 8 | in.addressSize << 10 | segment << 12);
  }

  void group5(int opcode, int ofSize) {
    in.modrm();
    int which = in.modrm >> 3 & 7;
    if (opcode == 0xfe && which > 1) {
      in.undefined();
      return;
    }
    switch (which) {
      case 0 -> in.intoRm(Op.INCREMENT, ofSize, -1, 0);
      case 1 -> in.intoRm(Op.DECREMENT, ofSize, -1, 0);
      case 2 -> {
        int target = in.readRm(in.stackOperand());
        int t = in.temporary();
        in.out.add(Op.MOVE, 3, t, ZERO, target, 0);
        in.push(in.stackOperand(), in.nextPc(in.stackOperand()));
        in.jumpTo(in.stackOperand(), t);
      }
      case 4 -> in.jumpTo(in.stackOperand(), in.readRm(in.stackOperand()));
      case 3, 5 -> {
        if (in.isRegister()) {
          in.undefined();
          return;
        }
        int address = in.linear(3, false);
        int offset = in.temporary();
        int selector = in.temporary();
        boolean wraps = !in.wide;
        in.out.add(
            Op.pack(Op.LOAD, in.size, offset, address, ZERO, 0) | (wraps ? Op.ADDRESS32 : 0));
        in.out.add(
            Op.pack(Op.LOAD, 1, selector, address, ZERO, 1 << in.size)
                | (wraps ? Op.ADDRESS32 : 0));
        in.callAndLeave(which == 3 ? Calls.FAR_CALL : Calls.FAR_JUMP, selector, offset, in.size);
      }
      case 6 -> in.push(in.stackOperand(), in.readRm(in.stackOperand()));
      default -> in.undefined();
    }
  }

  void loadFarPointer(int which) {
    int address = in.linear(3, false);
    int offset = in.temporary();
    int selector = in.temporary();
    long wraps = in.wide ? 0 : Op.ADDRESS32;
    in.out.add(Op.pack(Op.LOAD, in.size, offset, address, ZERO, 0) | wraps);
    in.out.add(Op.pack(Op.LOAD, 1, selector, address, ZERO, 1 << in.size) | wraps);
    in.call(Calls.LOAD_SEGMENT, SINK, selector, ZERO, which);
    in.writeRegister(in.size, in.reg, offset);
    in.jump(0);
  }
}
