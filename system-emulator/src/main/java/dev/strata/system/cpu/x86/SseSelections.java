// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

/** SSE4.1's blends, INSERTPS and widening moves (Intel SDM, volume 1, 12.8.5 to 12.8.8). */
final class SseSelections {
  private final VectorOperands in;
  private final long[] xmm;

  SseSelections(VectorOperands in) {
    this.in = in;
    xmm = in.xmm;
  }

  /** PBLENDVB, BLENDVPS, BLENDVPD: by the top bits of XMM0's elements. */
  void blendVariably(int opcode) {
    in.read(true);
    int size = opcode == 0x10 ? 0 : opcode == 0x14 ? 2 : 3;
    long low = spread(size, xmm[0]);
    long high = spread(size, xmm[1]);
    choose(low, high);
  }

  private void choose(long low, long high) {
    in.set((xmm[in.to()] & ~low) | (in.low & low), (xmm[in.to() + 1] & ~high) | (in.high & high));
  }

  /** Elements all ones where their top bit is. */
  private static long spread(int size, long x) {
    int bits = 8 << size;
    long result = 0;
    for (int i = 0; i < 64; i += bits) {
      result |= (x << (64 - bits - i) >> 63) >>> (64 - bits) << i;
    }
    return result;
  }

  /** BLENDPS, BLENDPD, PBLENDW: by the bits of the immediate. */
  void blend(int opcode, int immediate) {
    in.read(true);
    int size = opcode == 0x0c ? 2 : opcode == 0x0d ? 3 : 1;
    int bits = 8 << size;
    choose(elements(bits, immediate), elements(bits, immediate >> (64 / bits)));
  }

  private static long elements(int bits, int which) {
    long result = 0;
    for (int i = 0; i < 64 / bits; i++) {
      if ((which >> i & 1) != 0) {
        result |= -1L >>> (64 - bits) << (i * bits);
      }
    }
    return result;
  }

  /** PMOVSXxx and PMOVZXxx. */
  void widen(int opcode) {
    boolean signed = opcode < 0x30;
    int which = opcode & 15;
    int from = which < 3 ? 0 : which < 5 ? 1 : 2;
    int to = which == 5 ? 3 : which - (which < 3 ? 0 : 3) + from + 1;
    long source = in.scalar(4 - (to - from)); // log2 of the bytes that are widened
    int fromBits = 8 << from;
    int toBits = 8 << to;
    long low = 0;
    long high = 0;
    for (int i = 0; i < 128 / toBits; i++) {
      long element = source << (64 - fromBits - i * fromBits);
      element = signed ? element >> (64 - fromBits) : element >>> (64 - fromBits);
      element &= -1L >>> (64 - toBits);
      int at = i * toBits;
      if (at < 64) {
        low |= element << at;
      } else {
        high |= element << (at - 64);
      }
    }
    in.set(low, high);
  }

  /** INSERTPS. */
  void insertFloat(int immediate) {
    int which = immediate >> 6 & 3;
    long value =
        in.memory()
            ? in.cpu.core.load(in.address, 2)
            : xmm[in.from() + (which >> 1)] >>> (32 * (which & 1));
    int place = immediate >> 4 & 3;
    int half = in.to() + (place >> 1);
    xmm[half] =
        (place & 1) == 0
            ? LaneShuffles.insertLow(xmm[half], value)
            : LaneShuffles.lowLow(xmm[half], value);
    in.set(
        xmm[in.to()] & ~elements(32, immediate), xmm[in.to() + 1] & ~elements(32, immediate >> 2));
  }
}
