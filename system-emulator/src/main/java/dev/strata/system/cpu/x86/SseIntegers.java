// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import static dev.strata.system.cpu.x86.Sse.F3;
import static dev.strata.system.cpu.x86.Sse.NONE;
import static dev.strata.system.cpu.x86.Sse.P66;

/** Integers, logic, shuffles and shifts of whole XMM registers (Intel SDM, volume 1, 11.4.2). */
final class SseIntegers {
  private static final long LOW = 0xffffffffL;

  private final VectorOperands in;
  private final long[] xmm;

  SseIntegers(VectorOperands in) {
    this.in = in;
    xmm = in.xmm;
  }

  /** As {@link Sse#run}. */
  void run(int opcode, int kind, int immediate) {
    if (opcode >= 0x71 && opcode <= 0x73) {
      shiftImmediate(opcode, in.to() >> 1 & 7, in.from(), immediate);
      return;
    }
    in.read(true);
    long x = xmm[in.to()];
    long y = xmm[in.to() + 1];
    long low = in.low;
    long high = in.high;
    switch (opcode) {
      case 0x14, 0x15, 0x60, 0x61, 0x62, 0x68, 0x69, 0x6a, 0x6c, 0x6d -> unpack(opcode, kind);
      case 0x63, 0x67, 0x6b ->
          in.set(
              PackedIntegers.pack(opcode, x) | PackedIntegers.pack(opcode, y) << 32,
              PackedIntegers.pack(opcode, low) | PackedIntegers.pack(opcode, high) << 32);
      case 0x70 -> {
        switch (kind) {
          case P66 -> in.set(ints(immediate), ints(immediate >> 4));
          case F3 -> in.set(low, LaneShuffles.shuffleWords(high, immediate));
          default -> in.set(LaneShuffles.shuffleWords(low, immediate), high);
        }
      }
      case 0xc6 -> {
        if (kind == P66) {
          in.set((immediate & 1) != 0 ? y : x, (immediate & 2) != 0 ? high : low);
        } else {
          in.set(
              of(x, y, immediate) | of(x, y, immediate >> 2) << 32,
              of(low, high, immediate >> 4) | of(low, high, immediate >> 6) << 32);
        }
      }
      case 0xd1, 0xd2, 0xd3, 0xe1, 0xe2, 0xf1, 0xf2, 0xf3 -> {
        int how = PackedIntegers.direction(opcode);
        in.set(
            PackedIntegers.shift(how, opcode & 3, x, low),
            PackedIntegers.shift(how, opcode & 3, y, low));
      }
      default -> in.set(PackedIntegers.half(opcode, x, low), PackedIntegers.half(opcode, y, high));
    }
  }

  private static long of(long x, long y, int which) {
    return ((which & 2) != 0 ? y : x) >>> (32 * (which & 1)) & LOW;
  }

  private long ints(int by) {
    return of(in.low, in.high, by) | of(in.low, in.high, by >> 2) << 32;
  }

  private void unpack(int opcode, int kind) {
    int size =
        switch (opcode) {
          case 0x60, 0x68 -> 0;
          case 0x61, 0x69 -> 1;
          case 0x62, 0x6a -> 2;
          case 0x14, 0x15 -> kind == NONE ? 2 : 3;
          default -> 3;
        };
    boolean upper = opcode >= 0x68 ? opcode != 0x6c : opcode == 0x15;
    long x = upper ? xmm[in.to() + 1] : xmm[in.to()];
    long y = upper ? in.high : in.low;
    if (size == 3) {
      in.set(x, y);
    } else {
      in.set(
          PackedIntegers.interleave(size, x & LOW, y & LOW),
          PackedIntegers.interleave(size, x >>> 32, y >>> 32));
    }
  }

  private void shiftImmediate(int opcode, int which, int register, int by) {
    long x = xmm[register];
    long y = xmm[register + 1];
    if (opcode == 0x73 && (which & 3) == 3) {
      bytes(which == 3, register, x, y, by);
      return;
    }
    int how = PackedIntegers.direction(opcode, which);
    if (how < 0) {
      throw in.cpu.fault(X86.UNDEFINED_OPCODE, -1);
    }
    in.set(
        register,
        PackedIntegers.shift(how, opcode & 3, x, by),
        PackedIntegers.shift(how, opcode & 3, y, by));
  }

  /** PSRLDQ and PSLLDQ. */
  private void bytes(boolean right, int register, long x, long y, int by) {
    int bits = 8 * (by & 7);
    if (by > 15) {
      in.set(register, 0, 0);
    } else if (right) {
      if (by >= 8) {
        in.set(register, y >>> bits, 0);
      } else {
        in.set(register, bits == 0 ? x : x >>> bits | y << (64 - bits), y >>> bits);
      }
    } else if (by >= 8) {
      in.set(register, 0, x << bits);
    } else {
      in.set(register, x << bits, bits == 0 ? y : y << bits | x >>> (64 - bits));
    }
  }
}
