// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import static dev.strata.system.cpu.x86.Slots.PC;
import static dev.strata.system.cpu.x86.Slots.SINK;
import static dev.strata.system.cpu.x86.Slots.T;
import static dev.strata.system.cpu.x86.Slots.ZERO;

import dev.strata.system.cpu.interpret.Interpreter;
import dev.strata.system.cpu.ir.BlockBuilder;
import dev.strata.system.cpu.ir.Op;

/**
 * The bytes of the instruction at hand: prefixes, opcode, immediates (Intel SDM, volume 2, chapter
 * 2), and where it leads to.
 */
abstract class InstructionBytes {
  /** Bits of a decoding mode: 0–1 code size (0: 16, 1: 32, 2: 64 bits). */
  static final int STACK32 = 4;

  /** Data segments start at 0 and have no limit. */
  static final int FLAT = 8;

  /** SSE may be used. */
  static final int VECTORS = 16;

  static final int MOST_BYTES = 15;

  final Interpreter core;
  private final Features features;
  final BlockBuilder out = new BlockBuilder();

  // The block.
  boolean wide; // 64-bit code
  private int codeBits;
  boolean stack32;
  boolean flat;
  boolean vectors;
  private long start; // linear
  boolean ends;

  // The instruction.
  int at; // from the block's start
  private int first;
  int prefix; // 0, 0xf3 or 0xf2
  boolean operand66;
  boolean locked;
  int rex;
  int size; // log2 of the operand's bytes
  int addressSize;
  int segment; // -1: the default one
  private int temporary;

  InstructionBytes(Interpreter core, Features features) {
    this.core = core;
    this.features = features;
  }

  /** Begins a block of code. */
  final void block(long linear, int mode) {
    start = linear;
    codeBits = mode & 3;
    wide = codeBits == 2;
    stack32 = (mode & STACK32) != 0;
    flat = wide || (mode & FLAT) != 0;
    vectors = (mode & VECTORS) != 0;
    out.clear();
    at = 0;
    ends = false;
  }

  /** Begins an instruction: takes its prefixes, and gives the opcode. */
  final int opcode() {
    first = at;
    prefix = 0;
    operand66 = false;
    locked = false;
    rex = 0;
    segment = -1;
    temporary = T;
    boolean address67 = false;
    while (true) {
      int opcode = u8();
      switch (opcode) {
        case 0x26, 0x2e, 0x36, 0x3e -> {
          if (!wide) {
            segment = opcode >> 3 & 3;
          }
        }
        case 0x64, 0x65 -> segment = opcode & 7;
        case 0x66 -> operand66 = true;
        case 0x67 -> address67 = true;
        case 0xf0 -> locked = true; // One processor: each instruction is atomic.
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
          sizes();
          addressSize = wide ? address67 ? 2 : 3 : (codeBits == 1) != address67 ? 2 : 1;
          return opcode;
        }
      }
    }
  }

  private void sizes() {
    size = wide ? (rex & 8) != 0 ? 3 : operand66 ? 1 : 2 : (codeBits == 1) != operand66 ? 2 : 1;
  }

  /** Takes what the second and the third byte of a VEX prefix say (2.3.5). */
  final void vex(int second, int third) {
    rex = 0x40 | (wide ? (third & 0x80) >> 4 | (~second & 0xe0) >> 5 : 0);
    size = (rex & 8) != 0 ? 3 : 2;
    int implied = third & 3;
    operand66 = implied == 1;
    prefix = implied == 2 ? 0xf3 : implied == 3 ? 0xf2 : 0;
  }

  /** The kind of prefix that chooses among vector instructions. */
  final int kind() {
    return prefix == 0xf3 ? Sse.F3 : prefix == 0xf2 ? Sse.F2 : operand66 ? Sse.P66 : Sse.NONE;
  }

  /** Whether the processor has a feature: without it, its opcodes are undefined. */
  final boolean has(Feature feature) {
    return features.has(feature);
  }

  private static boolean isLegacyPrefix(int b) {
    return switch (b) {
      case 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3 -> true;
      default -> false;
    };
  }

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

  final int temporary() {
    return temporary++;
  }

  final int copy(int slot) {
    int t = temporary();
    out.add(Op.MOVE, 3, t, ZERO, slot, 0);
    return t;
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

  /** The address of the instruction itself. */
  final int ownPc() {
    int t = temporary();
    out.add(Op.ADDRESS, 3, t, PC, ZERO, first);
    return t;
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

  /** Faults, as SSE may not be used. */
  final void noVectors() {
    call(Calls.NO_VECTORS, SINK, ZERO, ZERO, 0);
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
}
