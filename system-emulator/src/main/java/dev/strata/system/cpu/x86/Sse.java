// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import dev.strata.system.cpu.GuestFault;

/**
 * MMX and SSE instructions (Intel SDM, volume 1, chapters 9 to 12): leads each to those of its
 * kind. They reach the operands and write the result once nothing can fault any more.
 */
final class Sse {
  static final int NONE = 0;
  static final int P66 = 1;
  static final int F3 = 2;
  static final int F2 = 3;

  private final X86 cpu;
  private final ExtendedState state;
  private final StateComponents components;
  private final VectorOperands operands;
  private final SseMoves moves;
  private final SseFloats floats;
  private final SseConversions conversions;
  private final Multimedia multimedia;
  private final LongVectors longer;
  private final CarefulFloats careful;

  Sse(X86 cpu, ExtendedState state, StateComponents components, X87 x87) {
    this.cpu = cpu;
    this.state = state;
    this.components = components;
    operands = new VectorOperands(cpu, state, x87);
    moves = new SseMoves(operands);
    var arithmetic = new SseArithmetic(cpu, state);
    floats = new SseFloats(operands, arithmetic);
    conversions = new SseConversions(operands, arithmetic);
    multimedia = new Multimedia(operands, moves);
    longer = new LongVectors(operands, arithmetic);
    careful = new CarefulFloats(arithmetic);
  }

  /**
   * FXSAVE (0), FXRSTOR (1), LDMXCSR (2), STMXCSR (3), XSAVE (4), XRSTOR (5).
   *
   * @param kind which, and the size of operands at 4
   */
  long state(long operand, int kind) {
    int which = kind & 7;
    if (which == 4) {
      components.save(operand, kind >> 4 == 3);
      return 0;
    }
    if (which == 5) {
      components.restore(operand, kind >> 4 == 3);
      return 0;
    }
    if (which < 2) {
      if ((cpu.cr0 & (X86.EM | X86.TS)) != 0) {
        throw cpu.fault(X86.DEVICE_NOT_AVAILABLE, -1);
      }
      boolean wide = kind >> 4 == 3;
      if (which == 0) {
        state.save(operand, wide);
      } else {
        state.restore(operand, wide);
      }
      return 0;
    }
    if (!cpu.hasVectors()) {
      throw unavailable();
    }
    if (which == 2) {
      state.loadMxcsr(operand);
      return 0;
    }
    return state.mxcsr() & 0xffffffffL;
  }

  /** As {@link CarefulFloats#run}. */
  long careful(int which, long x, long y) {
    return careful.run(which, x, y);
  }

  /**
   * An instruction that is decoded to a call: what is rare, and MMX.
   *
   * @param which the opcode, the kind of prefix at 8, and at 10 the map: 0 of 0F, 1 of 0F 38, 2 of
   *     0F 3A
   * @param a the address of a memory operand, or a general register's value
   * @param extra as {@link VectorOperands#begin} takes it
   * @return what a general register is set to, if one is
   */
  long run(int which, long a, long immediate, int extra) {
    int opcode = which & 0xff;
    int kind = which >> 8 & 3;
    operands.begin(a, extra);
    if ((which >> 10 & 3) != 0) {
      return longer.run(which, (int) immediate);
    }
    if (kind == NONE && isMultimedia(opcode)) {
      operands.multimedia();
      return multimedia.run(opcode, (int) immediate);
    }
    switch (opcode) {
      case 0x12, 0x16 -> moves.duplicate(opcode == 0x16);
      case 0x50 -> {
        return moves.signs();
      }
      case 0xd6 -> moves.between(kind);
      case 0xf7 -> moves.masked();
      case 0x2a, 0x2c, 0x2d, 0x5a, 0x5b, 0xe6 -> conversions.run(opcode, kind);
      case 0x51, 0x52, 0x53, 0x58, 0x59, 0x5c, 0x5d, 0x5e, 0x5f, 0xc2 ->
          floats.run(opcode, kind, (int) immediate);
      case 0x7c, 0x7d, 0xd0 -> floats.horizontal(opcode, kind);
      default -> halves(opcode);
    }
    return 0;
  }

  /** Integers that are no operations. */
  private void halves(int opcode) {
    operands.read(true);
    int to = operands.to();
    operands.set(
        PackedIntegers.half(opcode, operands.xmm[to], operands.low),
        PackedIntegers.half(opcode, operands.xmm[to + 1], operands.high));
  }

  /** What an instruction raises where SSE may not be used. */
  GuestFault unavailable() {
    return operands.unavailable();
  }

  /** Whether an opcode behind 0F, without a prefix, is one of MMX. */
  static boolean isMultimedia(int opcode) {
    return switch (opcode) {
      case 0xc4, 0xc5 -> true;
      case 0xc2, 0xc6 -> false;
      default -> opcode >= 0x60;
    };
  }
}
