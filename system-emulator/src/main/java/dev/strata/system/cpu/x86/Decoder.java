// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import static dev.strata.system.cpu.x86.Slots.BASE;
import static dev.strata.system.cpu.x86.Slots.PC;
import static dev.strata.system.cpu.x86.Slots.RAX;
import static dev.strata.system.cpu.x86.Slots.RBP;
import static dev.strata.system.cpu.x86.Slots.RSP;
import static dev.strata.system.cpu.x86.Slots.SINK;
import static dev.strata.system.cpu.x86.Slots.T;
import static dev.strata.system.cpu.x86.Slots.ZERO;

import dev.strata.system.cpu.GuestFault;
import dev.strata.system.cpu.interpret.Interpreter;
import dev.strata.system.cpu.ir.Block;
import dev.strata.system.cpu.ir.BlockBuilder;
import dev.strata.system.cpu.ir.Op;

/**
 * Prefixes, ModRM and immediates, and the operations that reach operands (Intel SDM, volume 2,
 * chapter 2). What the instructions do is in the subclasses.
 */
abstract class Decoder {
  /** Bits of a decoding mode: 0–1 code size (0: 16, 1: 32, 2: 64 bits). */
  static final int STACK32 = 4;

  /** Data segments start at 0 and have no limit. */
  static final int FLAT = 8;

  private static final int MOST_BYTES = 15;
  private static final int MOST_INSTRUCTIONS = 64;

  final Interpreter core;
  final BlockBuilder out = new BlockBuilder();

  // The block.
  boolean wide; // 64-bit code
  private int codeBits;
  private boolean stack32;
  private boolean flat;
  private long start; // linear
  boolean ends;

  // The instruction.
  int at; // from the block's start
  private int first;
  int prefix; // 0, 0xf3 or 0xf2
  boolean operand66;
  int rex;
  int size; // log2 of the operand's bytes
  int addressSize;
  private int segment; // -1: the default one
  int modrm;
  int reg;
  int rm;
  private int temporary;

  // The memory operand.
  private int eaBase;
  private int eaIndex;
  private int eaScale;
  private int eaDisplacement;
  private int eaSegment;
  private boolean relative;

  Decoder(Interpreter core) {
    this.core = core;
  }

  abstract void instruction(int opcode);

  final Block decode(long linear, int mode) {
    start = linear;
    codeBits = mode & 3;
    wide = codeBits == 2;
    stack32 = (mode & STACK32) != 0;
    flat = wide || (mode & FLAT) != 0;
    out.clear();
    at = 0;
    ends = false;
    int count = 0;
    int room = 4096 - (int) (linear & 4095);
    while (!ends) {
      first = at;
      int operations = out.count();
      out.instruction(at);
      try {
        one();
      } catch (GuestFault f) {
        if (first == 0) {
          throw f;
        }
        // The fault is the next block's, if it gets that far.
        out.truncate(operations);
        at = first;
        jump(0);
        break;
      }
      count++;
      if (!ends
          && ((mode & Interpreter.ALONE) != 0
              || count == MOST_INSTRUCTIONS
              || out.count() > BlockBuilder.MOST - 128
              || at > room - MOST_BYTES)) {
        jump(0);
      }
    }
    return out.build(at, mode);
  }

  private void one() {
    prefix = 0;
    operand66 = false;
    rex = 0;
    segment = -1;
    temporary = T;
    boolean address67 = false;
    int opcode;
    while (true) {
      opcode = u8();
      switch (opcode) {
        case 0x26, 0x2e, 0x36, 0x3e -> {
          if (!wide) {
            segment = opcode >> 3 & 3;
          }
        }
        case 0x64, 0x65 -> segment = opcode & 7;
        case 0x66 -> operand66 = true;
        case 0x67 -> address67 = true;
        case 0xf0 -> {} // One processor: each instruction is atomic.
        case 0xf2, 0xf3 -> prefix = opcode;
        default -> {
          if (wide && (opcode & 0xf0) == 0x40) {
            rex = opcode;
            opcode = u8();
            if (isLegacyPrefix(opcode) || (opcode & 0xf0) == 0x40) {
              rex = 0; // Only right before the opcode does it count.
              at--;
              continue;
            }
          }
          size =
              wide ? (rex & 8) != 0 ? 3 : operand66 ? 1 : 2 : (codeBits == 1) != operand66 ? 2 : 1;
          addressSize = wide ? address67 ? 2 : 3 : (codeBits == 1) != address67 ? 2 : 1;
          instruction(opcode);
          return;
        }
      }
    }
  }

  private static boolean isLegacyPrefix(int b) {
    return switch (b) {
      case 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3 -> true;
      default -> false;
    };
  }

  // --- the bytes ---

  final int u8() {
    if (at - first >= MOST_BYTES) {
      throw core.fault.with(X86.GENERAL_PROTECTION, 0);
    }
    return core.fetch(start + at++ & (wide ? -1L : 0xffffffffL));
  }

  final int s8() {
    return (byte) u8();
  }

  final int u16() {
    int low = u8();
    return low | u8() << 8;
  }

  final int s32() {
    int low = u16();
    return low | u16() << 16;
  }

  final long s64() {
    long low = s32() & 0xffffffffL;
    return low | (long) s32() << 32;
  }

  /** An immediate of the operand's size, 32 bits at most, sign-extended. */
  final int immediate(int ofSize) {
    return ofSize == 0 ? s8() : ofSize == 1 ? (short) u16() : s32();
  }

  // --- operands ---

  final int temporary() {
    return temporary++;
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
    eaBase = ZERO;
    eaIndex = ZERO;
    eaScale = 0;
    eaDisplacement = 0;
    relative = false;
    int byDefault = 3;
    int mod = modrm >> 6;
    int low = modrm & 7;
    if (addressSize == 1) {
      if (mod == 0 && low == 6) {
        eaDisplacement = u16();
      } else {
        eaBase = new int[] {3, 3, 5, 5, 6, 7, 5, 3}[low];
        eaIndex = low < 4 ? 6 + (low & 1) : ZERO;
        byDefault = eaBase == RBP ? 2 : 3;
        eaDisplacement = mod == 1 ? s8() : mod == 2 ? (short) u16() : 0;
      }
      eaSegment = segment < 0 ? byDefault : segment;
      return;
    }
    if (low == 4) {
      int sib = u8();
      int index = (sib >> 3 & 7) | (rex & 2) << 2;
      int base = (sib & 7) | (rex & 1) << 3;
      eaIndex = index == 4 ? ZERO : index;
      eaScale = sib >> 6;
      if ((sib & 7) == 5 && mod == 0) {
        eaDisplacement = s32();
      } else {
        eaBase = base;
        byDefault = base == RSP || base == RBP ? 2 : 3;
      }
    } else if (mod == 0 && low == 5) {
      eaDisplacement = s32();
      relative = wide;
    } else {
      eaBase = rm;
      byDefault = rm == RBP ? 2 : 3;
    }
    if (mod != 0) {
      eaDisplacement = mod == 1 ? s8() : s32();
    }
    eaSegment = segment < 0 ? byDefault : segment;
    if (relative) {
      eaBase = PC;
    }
  }

  private void resolveRelative() {
    // Relative to the end of the instruction: immediates must have been read by now.
    if (relative) {
      relative = false;
      long displacement = (long) eaDisplacement + at;
      if (displacement == (int) displacement) {
        eaDisplacement = (int) displacement;
      } else {
        int t = temporary();
        out.constant(t, displacement);
        eaIndex = t;
        eaDisplacement = 0;
      }
    }
  }

  /** A slot with the offset of the memory operand. */
  final int offset() {
    resolveRelative();
    int t = temporary();
    out.add(
        Op.pack(Op.ADDRESS, addressSize, t, eaBase, eaIndex, eaDisplacement)
            | (long) eaScale << 10);
    return t;
  }

  private void linearize(int ofSize, boolean write) {
    resolveRelative();
    if (eaSegment < 0 || (flat && eaSegment < 4 && addressSize > 1)) {
      eaSegment = -1;
      return;
    }
    int offset = offset();
    if (wide) {
      eaBase = offset;
      eaIndex = eaSegment < 4 ? ZERO : BASE + eaSegment;
    } else {
      int t = temporary();
      call(Calls.LINEAR, t, offset, ZERO, eaSegment | ofSize << 3 | (write ? 1 << 6 : 0));
      eaBase = t;
      eaIndex = ZERO;
    }
    eaScale = 0;
    eaDisplacement = 0;
    eaSegment = -1;
  }

  private long memory(int operation, int ofSize, int slot, int more) {
    boolean wraps = !wide || (addressSize == 2 && eaBase < T);
    return Op.pack(operation, ofSize, slot, eaBase, eaIndex, eaDisplacement + more)
        | (long) eaScale << 10
        | (wraps ? Op.ADDRESS32 : 0);
  }

  /** Loads the memory operand. */
  final int loadMemory(int ofSize) {
    linearize(ofSize, false);
    int t = temporary();
    out.add(memory(Op.LOAD, ofSize, t, 0));
    return t;
  }

  /** Loads {@code more} bytes behind an operand of which {@code fix} has been told. */
  final int loadMemory(int ofSize, int more) {
    int t = temporary();
    out.add(memory(Op.LOAD, ofSize, t, more));
    return t;
  }

  final int loadToWrite(int ofSize) {
    linearize(ofSize, true);
    int t = temporary();
    out.add(memory(Op.LOAD_TO_WRITE, ofSize, t, 0));
    return t;
  }

  final void storeMemory(int ofSize, int slot) {
    linearize(ofSize, true);
    out.add(memory(Op.STORE, ofSize, slot, 0));
  }

  final void storeMemory(int ofSize, int slot, int more) {
    out.add(memory(Op.STORE, ofSize, slot, more));
  }

  /** The slot of the linear address of the memory operand, checked for that many bytes. */
  final int linear(int ofSize, boolean write) {
    linearize(ofSize, write);
    int t = temporary();
    boolean wraps = !wide || (addressSize == 2 && eaBase < T);
    out.add(
        Op.pack(Op.ADDRESS, wraps ? 2 : 3, t, eaBase, eaIndex, eaDisplacement)
            | (long) eaScale << 10);
    return t;
  }

  /** The memory operand sees the stack pointer {@code bytes} further. */
  final void afterPop(int bytes) {
    if (!isRegister() && eaBase == RSP) {
      eaDisplacement += bytes;
    }
  }

  /** Moves the memory operand by what a slot holds. */
  final void displace(int slot) {
    int offset = offset();
    int t = temporary();
    out.add(Op.ADDRESS, addressSize, t, offset, slot, 0);
    eaBase = t;
    eaIndex = ZERO;
    eaScale = 0;
    eaDisplacement = 0;
  }

  /** The slot of the linear address of an operand that is not accessed. */
  final int linearUnchecked() {
    int offset = offset();
    int t = temporary();
    if (!wide || eaSegment >= 4) {
      out.add(Op.ADDRESS, wide ? 3 : 2, t, offset, Slots.BASE + eaSegment, 0);
      return t;
    }
    return offset;
  }

  final int copy(int slot) {
    int t = temporary();
    out.add(Op.MOVE, 3, t, ZERO, slot, 0);
    return t;
  }

  private boolean isHigh(int ofSize, int register) {
    return ofSize == 0 && rex == 0 && register >= 4 && register < 8;
  }

  final int readRegister(int ofSize, int register) {
    if (isHigh(ofSize, register)) {
      int t = temporary();
      out.add(Op.EXTRACT_HIGH8, 3, t, register - 4, ZERO, 0);
      return t;
    }
    return register;
  }

  final void writeRegister(int ofSize, int register, int slot) {
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
  final int readRm(int ofSize) {
    return isRegister() ? readRegister(ofSize, rm) : loadMemory(ofSize);
  }

  final int readRmToWrite(int ofSize) {
    return isRegister() ? readRegister(ofSize, rm) : loadToWrite(ofSize);
  }

  final void writeRm(int ofSize, int slot) {
    if (isRegister()) {
      writeRegister(ofSize, rm, slot);
    } else {
      storeMemory(ofSize, slot);
    }
  }

  /** An operand given as slot, or as immediate where {@code slot} is -1. */
  final void binary(
      int operation, int ofSize, int destination, int a, int slot, int value, boolean flags) {
    long packed =
        slot < 0
            ? Op.pack(operation, ofSize, destination, a, 0, value) | Op.IMMEDIATE
            : Op.pack(operation, ofSize, destination, a, slot, 0);
    out.add(flags ? packed | Op.FLAGS : packed);
  }

  /** Arithmetic into a register: directly where that is wide, through a scratch slot else. */
  final void intoRegister(int operation, int ofSize, int register, int a, int slot, int value) {
    if (ofSize >= 2) {
      binary(operation, ofSize, register, a, slot, value, true);
    } else {
      int t = temporary();
      binary(operation, ofSize, t, a, slot, value, true);
      writeRegister(ofSize, register, t);
    }
  }

  /** Arithmetic on the operand of ModRM: flags only after the store can no longer fault. */
  final void intoRm(int operation, int ofSize, int slot, int value) {
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

  // --- the stack ---

  private int stackSize() {
    return wide ? 3 : stack32 ? 2 : 1;
  }

  /** The size of what push and pop move by default. */
  final int stackOperand() {
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

  final void moveStack(int bytes) {
    if (stackSize() == 1) {
      int t = temporary();
      out.add(Op.ADDRESS, 1, t, RSP, ZERO, bytes);
      out.add(Op.INSERT16, 3, RSP, ZERO, t, 0);
    } else {
      out.add(Op.ADDRESS, stackSize(), RSP, RSP, ZERO, bytes);
    }
  }

  final void push(int ofSize, int slot) {
    out.add(stack(Op.STORE, ofSize, slot, -(1 << ofSize), true));
    moveStack(-(1 << ofSize));
  }

  /** What is on top, not yet popped. */
  final int top(int ofSize, int displacement) {
    int t = temporary();
    out.add(stack(Op.LOAD, ofSize, t, displacement, false));
    return t;
  }

  final int pop(int ofSize) {
    int t = top(ofSize, 0);
    moveStack(1 << ofSize);
    return t;
  }

  final void leave() {
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

  // --- leaving ---

  private int pcSize() {
    return wide ? 3 : 2;
  }

  /** Goes to {@code displacement} from the end of the instruction, whatever the operand's size. */
  final void jump(int displacement) {
    out.add(Op.JUMP, pcSize(), PC, ZERO, ZERO, at + displacement);
    ends = true;
  }

  /** A relative jump of the guest: cut to 16 bits by a 16-bit operand. */
  final void near(int displacement) {
    out.add(Op.JUMP, wide ? 3 : size, PC, ZERO, ZERO, at + displacement);
    ends = true;
  }

  final void branch(int condition, int displacement) {
    out.add(Op.BRANCH, wide ? 3 : size, PC, condition, ZERO, at + displacement);
    jump(0);
  }

  /** The address of the next instruction, cut to the size of a return address. */
  final int nextPc(int ofSize) {
    int t = temporary();
    out.add(Op.ADDRESS, wide ? 3 : ofSize, t, PC, ZERO, at);
    return t;
  }

  final void jumpTo(int ofSize, int slot) {
    out.add(Op.JUMP_TO, wide ? 3 : ofSize, PC, slot, ZERO, 0);
    ends = true;
  }

  final void call(int number, int destination, int a, int b, int extra) {
    out.add(Op.CALL, 3, destination, a, b, number | extra << 16);
  }

  /** A call that ends the block; the pc is the next instruction's unless it sets it. */
  final void callAndLeave(int number, int a, int b, int extra) {
    setPc();
    out.add(Op.CALL_AND_LEAVE, 3, SINK, a, b, number | extra << 16);
    ends = true;
  }

  /** Calls that set the pc themselves may want that of the next instruction. */
  private void setPc() {
    // The pc slot itself stays until the call has not faulted: it finds the next one here.
    out.add(Op.ADDRESS, pcSize(), Slots.NEXT, PC, ZERO, at);
  }

  final void undefined() {
    callAndLeave(Calls.UNDEFINED, ZERO, ZERO, 0);
  }

  /** The segment that an instruction without ModRM addresses data with. */
  final int dataSegment() {
    return segment < 0 ? 3 : segment;
  }

  /** An operand at an offset in the instruction itself. */
  final void absolute() {
    modrm = 0;
    eaBase = ZERO;
    eaIndex = ZERO;
    eaScale = 0;
    eaDisplacement = 0;
    relative = false;
    eaSegment = dataSegment();
    if (addressSize == 3) {
      int t = temporary();
      out.constant(t, s64());
      eaIndex = t;
    } else {
      eaDisplacement = addressSize == 2 ? s32() : u16();
    }
  }

  /** The operand of XLAT: rBX + AL. */
  final void translationTable() {
    int t = temporary();
    out.add(Op.pack(Op.AND, 3, t, RAX, 0, 0xff) | Op.IMMEDIATE);
    dataAt(Slots.RBX);
    eaIndex = t;
  }

  /** An operand that a register points to. */
  final void dataAt(int register) {
    modrm = 0;
    eaBase = register;
    eaIndex = ZERO;
    eaScale = 0;
    eaDisplacement = 0;
    relative = false;
    eaSegment = dataSegment();
  }
}
