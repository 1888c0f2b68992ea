// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

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
  private final SseIntegers integers;
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
    integers = new SseIntegers(operands);
    multimedia = new Multimedia(operands, moves);
    longer = new LongVectors(operands, moves, arithmetic);
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
    operands.available();
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
   * An instruction.
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
    operands.available();
    switch (opcode) {
      case 0x10 -> moves.load(kind, kind <= P66);
      case 0x28, 0x6f -> moves.load(kind, kind == F3);
      case 0x11 -> moves.store(kind, true);
      case 0x29, 0x2b, 0x7f -> moves.store(kind & 1, kind == F3);
      case 0x12, 0x13, 0x16, 0x17, 0x50, 0x6e, 0x7e -> {
        return moves.run(opcode, kind, (int) immediate);
      }
      case 0xc4, 0xc5, 0xd6, 0xd7, 0xe7, 0xf0, 0xf7 -> {
        return moves.run(opcode, kind, (int) immediate);
      }
      case 0x2a, 0x2c, 0x2d, 0x2e, 0x2f, 0x5a, 0x5b, 0xe6 -> {
        return conversions.run(opcode, kind);
      }
      case 0x51, 0x52, 0x53, 0x58, 0x59, 0x5c, 0x5d, 0x5e, 0x5f, 0xc2 ->
          floats.run(opcode, kind, (int) immediate);
      case 0x7c, 0x7d, 0xd0 -> floats.horizontal(opcode, kind);
      default -> integers.run(opcode, kind, (int) immediate);
    }
    return 0;
  }

  private static boolean isMultimedia(int opcode) {
    return switch (opcode) {
      case 0xc4, 0xc5 -> true;
      case 0xc2, 0xc6 -> false;
      default -> opcode >= 0x60;
    };
  }
}
