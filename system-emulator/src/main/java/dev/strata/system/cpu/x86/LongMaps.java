// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import static dev.strata.system.cpu.x86.Slots.RCX;
import static dev.strata.system.cpu.x86.Slots.SINK;
import static dev.strata.system.cpu.x86.Slots.ZERO;

/**
 * The opcodes that begin with 0F 38 and 0F 3A (Intel SDM, volume 2, appendix A, tables A-4 and
 *
 */
final class LongMaps {
  private static final int NONE = Sse.NONE;
  private static final int P66 = Sse.P66;

  private final Operands in;
  private final BitInstructions bits;
  private final VectorMoves moves;
  private final VectorIntegers integers;

  LongMaps(Operands in, BitInstructions bits, VectorCode code) {
    this.in = in;
    this.bits = bits;
    moves = new VectorMoves(code);
    integers = new VectorIntegers(code);
  }

  /** An opcode behind 0F 38. */
  void instruction38(int opcode) {
    switch (opcode) {
      case 0xf0, 0xf1 -> {
        if (in.prefix == 0xf2) {
          bits.checksum(opcode);
        } else {
          bits.moveBigEndian(opcode == 0xf1);
        }
      }
      case 0xf6 -> bits.addWithOwnCarry();
      default -> {
        int kind = in.kind();
        int width = width38(opcode, kind);
        if (width < 0 || !in.has(feature38(opcode))) {
          in.undefined();
          return;
        }
        in.modrm();
        if (opcode == 0x2a && in.isRegister()) {
          in.undefined();
          return;
        }
        boolean multimedia = kind == NONE && opcode < 0xc8; // what is there is SHA
        if (!multimedia && !in.vectors) {
          in.noVectors();
          return;
        }
        if (kind == P66 && opcode == 0x00) {
          integers.shuffleBytes();
          return;
        }
        int source = in.isRegister() ? ZERO : in.linear(width, false);
        vector(1, opcode, kind, SINK, source, ZERO);
      }
    }
  }

  /** log2 of the bytes of a memory operand; -1 if there is no such instruction. */
  private static int width38(int opcode, int kind) {
    boolean supplemental = opcode <= 0x0b || (opcode >= 0x1c && opcode <= 0x1e);
    if (supplemental) {
      return kind == NONE ? 3 : kind == P66 ? 4 : -1;
    }
    if (opcode >= 0xc8 && opcode <= 0xcd) {
      return kind == NONE ? 4 : -1;
    }
    if (kind != P66) {
      return -1;
    }
    return switch (opcode) {
      case 0x20, 0x23, 0x25, 0x30, 0x33, 0x35 -> 3;
      case 0x21, 0x24, 0x31, 0x34 -> 2;
      case 0x22, 0x32 -> 1;
      case 0x10, 0x14, 0x15, 0x17, 0x28, 0x29, 0x2a, 0x2b, 0x37, 0x40, 0x41 -> 4;
      default -> (opcode >= 0x38 && opcode <= 0x3f) || (opcode >= 0xdb && opcode <= 0xdf) ? 4 : -1;
    };
  }

  private static Feature feature38(int opcode) {
    if (opcode <= 0x0b || (opcode >= 0x1c && opcode <= 0x1e)) {
      return Feature.SSSE3;
    }
    if (opcode >= 0xc8) {
      return opcode >= 0xdb ? Feature.AES : Feature.SHA;
    }
    return opcode == 0x37 ? Feature.SSE42 : Feature.SSE41;
  }

  /** An opcode behind 0F 3A. */
  void instruction3a(int opcode) {
    int kind = in.kind();
    int width = width3a(opcode, kind);
    if (width < 0 || !in.has(feature3a(opcode))) {
      in.undefined();
      return;
    }
    in.modrm();
    int value = in.u8();
    boolean multimedia = kind == NONE && opcode == 0x0f;
    if (!multimedia && !in.vectors) {
      in.noVectors();
      return;
    }
    if (kind == P66 && operations3a(opcode, width, value)) {
      return;
    }
    int immediate = in.temporary();
    in.out.constant(immediate, value);
    int source = in.isRegister() ? ZERO : in.linear(width, false);
    int destination = opcode == 0x61 || opcode == 0x63 ? RCX : SINK;
    vector(2, opcode, kind, destination, source, immediate);
  }

  private boolean operations3a(int opcode, int width, int value) {
    switch (opcode) {
      case 0x0f -> integers.align(value);
      case 0x14, 0x15, 0x16, 0x17 -> moves.extract(width, value);
      case 0x20, 0x22 -> moves.insert(width, value);
      default -> {
        return false;
      }
    }
    return true;
  }

  private int width3a(int opcode, int kind) {
    if (opcode == 0x0f) {
      return kind == NONE ? 3 : kind == P66 ? 4 : -1;
    }
    if (opcode == 0xcc) {
      return kind == NONE ? 4 : -1;
    }
    if (kind != P66) {
      return -1;
    }
    return switch (opcode) {
      case 0x14, 0x20 -> 0;
      case 0x15 -> 1;
      case 0x0a, 0x17, 0x21 -> 2;
      case 0x0b -> 3;
      case 0x16, 0x22 -> in.size == 3 ? 3 : 2;
      case 0x08, 0x09, 0x0c, 0x0d, 0x0e, 0x40, 0x41, 0x42, 0x44, 0x60, 0x61, 0x62, 0x63, 0xdf -> 4;
      default -> -1;
    };
  }

  private static Feature feature3a(int opcode) {
    return switch (opcode) {
      case 0x0f -> Feature.SSSE3;
      case 0x44 -> Feature.PCLMULQDQ;
      case 0x60, 0x61, 0x62, 0x63 -> Feature.SSE42;
      case 0xcc -> Feature.SHA;
      case 0xdf -> Feature.AES;
      default -> Feature.SSE41;
    };
  }

  private void vector(int map, int opcode, int kind, int destination, int source, int immediate) {
    int number = Calls.VECTOR | map << 10 | kind << 8 | opcode;
    in.call(number, destination, source, immediate, in.registers());
  }
}
