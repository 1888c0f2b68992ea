// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

/** MMX instructions (Intel SDM, volume 1, chapter 9). */
final class Multimedia {
  private final VectorOperands in;
  private final SseMoves moves;
  private final X86 cpu;
  private final ExtendedState state;

  Multimedia(VectorOperands in, SseMoves moves) {
    this.in = in;
    this.moves = moves;
    cpu = in.cpu;
    state = in.state;
  }

  /** As {@link Sse#run}; gives what a general register is set to. */
  long run(int opcode, int immediate) {
    int to = in.to() >> 1 & 7;
    int from = in.from() >> 1 & 7;
    long x = state.significand[to];
    long value;
    switch (opcode) {
      case 0x77 -> {
        state.tags = 0; // EMMS
        return 0;
      }
      case 0x6e -> value = in.general();
      case 0x7e -> {
        long moved = toGeneral(x);
        state.multimedia();
        return moved;
      }
      case 0x6f -> value = in.multimediaSource(3);
      case 0x7f, 0xe7 -> {
        if (in.memory()) {
          cpu.core.store(in.address, 3, x);
          state.multimedia();
          return 0;
        }
        to = from;
        value = x;
      }
      case 0xc4 -> {
        int shift = 16 * (immediate & 3);
        long word = (in.memory() ? cpu.core.load(in.address, 1) : in.address) & 0xffff;
        value = (x & ~(0xffffL << shift)) | word << shift;
      }
      case 0xc5, 0xd7 -> {
        state.multimedia();
        long source = state.significand[from];
        return opcode == 0xd7
            ? PackedIntegers.signs(source)
            : source >>> (16 * (immediate & 3)) & 0xffff;
      }
      case 0xf7 -> {
        moves.masked(x, 0, state.significand[from], 0, 8);
        state.multimedia();
        return 0;
      }
      case 0x71, 0x72, 0x73 -> {
        int how = PackedIntegers.direction(opcode, to);
        if (how < 0) {
          throw cpu.fault(X86.UNDEFINED_OPCODE, -1);
        }
        to = from;
        value = PackedIntegers.shift(how, opcode & 3, state.significand[to], immediate);
      }
      case 0x60, 0x61, 0x62 ->
          value =
              PackedIntegers.interleave(
                  opcode & 3, x & 0xffffffffL, in.multimediaSource(2) & 0xffffffffL);
      case 0x68, 0x69, 0x6a ->
          value = PackedIntegers.interleave(opcode - 0x68, x >>> 32, in.multimediaSource(3) >>> 32);
      case 0x63, 0x67, 0x6b ->
          value =
              PackedIntegers.pack(opcode, x)
                  | PackedIntegers.pack(opcode, in.multimediaSource(3)) << 32;
      case 0x70 -> value = LaneShuffles.shuffleWords(in.multimediaSource(3), immediate);
      case 0xd1, 0xd2, 0xd3, 0xe1, 0xe2, 0xf1, 0xf2, 0xf3 ->
          value =
              PackedIntegers.shift(
                  PackedIntegers.direction(opcode), opcode & 3, x, in.multimediaSource(3));
      default -> value = PackedIntegers.half(opcode, x, in.multimediaSource(3));
    }
    in.setMultimedia(to, value);
    return 0;
  }

  /** Stores to memory, or gives for a general register, its size of a value. */
  private long toGeneral(long value) {
    if (in.memory()) {
      cpu.core.store(in.address, in.generalSize(), value);
      return 0;
    }
    return in.cut(value);
  }
}
