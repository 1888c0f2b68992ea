// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import static dev.strata.system.cpu.x86.Slots.SINK;
import static dev.strata.system.cpu.x86.Slots.ZERO;

/**
 * MMX and SSE opcodes behind 0F: decoded to operations where SSE may be used, and else, as what is
 * rare, to calls that name registers and pass an address (Intel SDM, volume 2, appendix A, table
 *
 */
final class VectorMap {
  private static final int NONE = Sse.NONE;
  private static final int P66 = Sse.P66;
  private static final int F3 = Sse.F3;
  private static final int F2 = Sse.F2;

  private final Operands in;
  private final VectorMoves moves;
  private final VectorIntegers integers;
  private final VectorFloats floats;

  VectorMap(Operands in, VectorCode code) {
    this.in = in;
    moves = new VectorMoves(code);
    integers = new VectorIntegers(code);
    floats = new VectorFloats(code);
  }

  void instruction(int opcode) {
    int kind = in.kind();
    if (opcode == 0x77 && kind == NONE && in.has(Feature.MMX)) {
      in.call(Calls.VECTOR | opcode, SINK, ZERO, ZERO, 0);
      return;
    }
    int width = width(opcode, kind);
    if (width < 0 || !in.has(feature(opcode, kind))) {
      in.undefined();
      return;
    }
    in.modrm();
    int value = hasImmediate(opcode) ? in.u8() : 0;
    if (in.isRegister() ? memoryOnly(opcode, kind) : registerOnly(opcode, kind)) {
      in.undefined();
      return;
    }
    boolean multimedia = kind == NONE && Sse.isMultimedia(opcode);
    if (!multimedia && !in.vectors) {
      in.noVectors();
      return;
    }
    boolean done =
        !multimedia
            && (moves.instruction(opcode, kind, value)
                || integers.instruction(opcode, kind, value)
                || floats.instruction(opcode, kind));
    if (!done) {
      call(opcode, kind, width, value);
    }
  }

  private void call(int opcode, int kind, int width, int value) {
    int immediate = ZERO;
    if (hasImmediate(opcode)) {
      immediate = in.temporary();
      in.out.constant(immediate, value);
    }
    int source = ZERO;
    if (!in.isRegister()) {
      source = in.linear(width, isStore(opcode, kind));
    } else if (readsGeneral(opcode, kind)) {
      source = in.rm;
    } else if (opcode == 0xf7) {
      source = maskedTarget();
    }
    int destination = SINK;
    if (in.isRegister() && opcode == 0x7e && kind != F3) {
      destination = in.rm;
    } else if (writesGeneral(opcode, kind)) {
      destination = in.reg;
    }
    in.call(Calls.VECTOR | kind << 8 | opcode, destination, source, immediate, in.registers());
  }

  /** MASKMOVQ and MASKMOVDQU write where rDI points. */
  private int maskedTarget() {
    int saved = in.modrm;
    in.dataAt(Slots.RDI);
    int address = in.linear(in.operand66 ? 4 : 3, true);
    in.modrm = saved;
    return address;
  }

  private static boolean hasImmediate(int opcode) {
    return switch (opcode) {
      case 0x70, 0x71, 0x72, 0x73, 0xc2, 0xc4, 0xc5, 0xc6 -> true;
      default -> false;
    };
  }

  private static boolean memoryOnly(int opcode, int kind) {
    return switch (opcode) {
      case 0x13, 0x17, 0x2b, 0xe7, 0xf0 -> true;
      case 0x12, 0x16 -> kind == P66;
      default -> false;
    };
  }

  private static boolean registerOnly(int opcode, int kind) {
    return switch (opcode) {
      case 0x50, 0x71, 0x72, 0x73, 0xc5, 0xd7, 0xf7 -> true;
      case 0xd6 -> kind >= F3;
      default -> false;
    };
  }

  private static boolean isStore(int opcode, int kind) {
    return switch (opcode) {
      case 0x11, 0x13, 0x17, 0x29, 0x2b, 0x7f, 0xd6, 0xe7 -> true;
      case 0x7e -> kind != F3;
      default -> false;
    };
  }

  private static boolean readsGeneral(int opcode, int kind) {
    return opcode == 0x6e || opcode == 0xc4 || (opcode == 0x2a && kind >= F3);
  }

  private static boolean writesGeneral(int opcode, int kind) {
    return switch (opcode) {
      case 0x50, 0xc5, 0xd7 -> true;
      case 0x2c, 0x2d -> kind >= F3;
      default -> false;
    };
  }

  private static Feature feature(int opcode, int kind) {
    if (kind == F2 && (opcode == 0x12 || opcode == 0xf0)) {
      return Feature.SSE3;
    }
    return switch (opcode) {
      case 0x7c, 0x7d, 0xd0 -> Feature.SSE3;
      case 0x12, 0x16 -> kind == F3 ? Feature.SSE3 : kind == NONE ? Feature.SSE : Feature.SSE2;
      case 0x5a, 0x5b, 0xd4, 0xd6, 0xe6, 0xf4, 0xfb -> Feature.SSE2;
      // What SSE added to MMX.
      case 0x70, 0xc4, 0xc5, 0xd7, 0xda, 0xde, 0xe0, 0xe3, 0xe4, 0xe7, 0xea, 0xee, 0xf6, 0xf7 ->
          kind == NONE ? Feature.SSE : Feature.SSE2;
      default -> {
        if (kind == P66 || kind == F2) {
          yield Feature.SSE2;
        }
        boolean multimedia = opcode >= 0x60 && opcode != 0xc2 && opcode != 0xc6;
        yield !multimedia ? Feature.SSE : kind == NONE ? Feature.MMX : Feature.SSE2;
      }
    };
  }

  /** log2 of the bytes of a memory operand; -1 if there is no such instruction. */
  private int width(int opcode, int kind) {
    int whole = kind == NONE ? 3 : kind == P66 ? 4 : -1; // MMX or SSE
    int packed = kind <= P66 ? 4 : -1;
    int any = kind <= P66 ? 4 : kind == F3 ? 2 : 3;
    return switch (opcode) {
      case 0x10, 0x11, 0x51, 0x58, 0x59, 0x5c, 0x5d, 0x5e, 0x5f, 0xc2 -> any;
      case 0x52, 0x53 -> kind == NONE ? 4 : kind == F3 ? 2 : -1;
      case 0x12 -> kind == F3 ? 4 : 3;
      case 0x16 -> kind == F3 ? 4 : kind == F2 ? -1 : 3;
      case 0x13, 0x17 -> kind <= P66 ? 3 : -1;
      case 0x14, 0x15, 0x28, 0x29, 0x2b, 0x54, 0x55, 0x56, 0x57, 0xc6 -> packed;
      case 0x50 -> packed;
      case 0x2a -> kind <= P66 ? 3 : in.size == 3 ? 3 : 2;
      case 0x2c, 0x2d -> kind == NONE || kind == F2 ? 3 : kind == P66 ? 4 : 2;
      case 0x2e, 0x2f -> kind == NONE ? 2 : kind == P66 ? 3 : -1;
      case 0x5a -> kind == P66 ? 4 : kind == F3 ? 2 : 3;
      case 0x5b -> kind == F2 ? -1 : 4;
      case 0x60, 0x61, 0x62 -> kind == NONE ? 2 : whole;
      case 0x6c, 0x6d -> kind == P66 ? 4 : -1;
      case 0x6e -> kind <= P66 ? in.size == 3 ? 3 : 2 : -1;
      case 0x7e -> kind == F3 ? 3 : kind == F2 ? -1 : in.size == 3 ? 3 : 2;
      case 0x6f, 0x7f -> kind == F3 ? 4 : whole;
      case 0x70 -> kind == NONE ? 3 : 4;
      case 0x7c, 0x7d, 0xd0 -> kind == P66 || kind == F2 ? 4 : -1;
      case 0xc4, 0xc5 -> kind <= P66 ? 1 : -1;
      case 0xd6 -> kind == NONE ? -1 : 3;
      case 0xe6 -> kind == NONE ? -1 : kind == F3 ? 3 : 4;
      case 0xf0 -> kind == F2 ? 4 : -1;
      case 0x71, 0x72, 0x73, 0xd7, 0xe7, 0xf7 -> whole;
      default ->
          (opcode >= 0x63 && opcode <= 0x6b)
                  || (opcode >= 0x74 && opcode <= 0x76)
                  || (opcode >= 0xd1 && opcode <= 0xfe)
              ? whole
              : -1;
    };
  }
}
