// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

/** SSSE3, on MMX and XMM registers (Intel SDM, volume 1, 12.6). */
final class SupplementalIntegers {
  private final VectorOperands in;

  SupplementalIntegers(VectorOperands in) {
    this.in = in;
  }

  /** An instruction of the map 0F 38. */
  void run(int opcode, boolean multimedia) {
    if (multimedia) {
      long y = in.multimediaSource(3);
      long x = in.state.significand[in.to() >> 1 & 7];
      in.setMultimedia(
          switch (opcode) {
            case 0x00 -> LaneShuffles.shuffleLow(x, y & 0x8787878787878787L);
            case 0x01, 0x02, 0x03, 0x05, 0x06, 0x07 -> pairs(opcode, x) | pairs(opcode, y) << 32;
            default -> half(opcode, x, y);
          });
      return;
    }
    in.read(true);
    long x = in.xmm[in.to()];
    long y = in.xmm[in.to() + 1];
    switch (opcode) {
      case 0x01, 0x02, 0x03, 0x05, 0x06, 0x07 ->
          in.set(
              pairs(opcode, x) | pairs(opcode, y) << 32,
              pairs(opcode, in.low) | pairs(opcode, in.high) << 32);
      default -> in.set(half(opcode, x, in.low), half(opcode, y, in.high));
    }
  }

  /** PALIGNR of MMX registers: both operands in a row, from a byte on, behind which are zeros. */
  void align(int by) {
    long y = in.multimediaSource(3);
    long x = in.state.significand[in.to() >> 1 & 7];
    int bits = 8 * (by & 7);
    long low = by < 8 ? y : by < 16 ? x : 0;
    long high = by < 8 ? x : 0;
    in.setMultimedia(bits == 0 ? low : low >>> bits | high << (64 - bits));
  }

  private static int saturate(int value) {
    return Math.max(-32768, Math.min(value, 32767));
  }

  /** Neighbours added or subtracted: 32 bits of results. */
  private static long pairs(int opcode, long x) {
    int sign = opcode < 4 ? 1 : -1;
    if ((opcode & 3) == 2) {
      return (int) x + sign * (int) (x >>> 32) & 0xffffffffL;
    }
    int low = (short) x + sign * (short) (x >>> 16);
    int high = (short) (x >>> 32) + sign * (short) (x >>> 48);
    if ((opcode & 3) == 3) {
      low = saturate(low);
      high = saturate(high);
    }
    return (low & 0xffff) | (high & 0xffffL) << 16;
  }

  private static long half(int opcode, long x, long y) {
    int size =
        switch (opcode) {
          case 0x08, 0x1c -> 0;
          case 0x0a, 0x1e -> 2;
          default -> 1;
        };
    int bits = 8 << size;
    long result = 0;
    for (int i = 0; i < 64; i += bits) {
      long a = x << (64 - bits - i) >> (64 - bits);
      long b = y << (64 - bits - i) >> (64 - bits);
      long v =
          switch (opcode) {
            case 0x04 -> unsignedBySigned((int) a, (int) b);
            case 0x08, 0x09, 0x0a -> a * Long.signum(b); // PSIGNx
            case 0x0b -> (((a * b) >> 14) + 1) >> 1; // PMULHRSW
            default -> Math.abs(b); // PABSx
          };
      result |= (v & -1L >>> (64 - bits)) << i;
    }
    return result;
  }

  /** PMADDUBSW. */
  private static int unsignedBySigned(int a, int b) {
    return saturate((a & 0xff) * (byte) b + (a >> 8 & 0xff) * (byte) (b >> 8));
  }
}
