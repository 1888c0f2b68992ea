// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

/** Moves of XMM registers that are seldom used (Intel SDM, volume 1, 10.4.1.1, 11.4.4 and 12.3). */
final class SseMoves {
  private final VectorOperands in;
  private final X86 cpu;
  private final ExtendedState state;
  private final long[] xmm;

  SseMoves(VectorOperands in) {
    this.in = in;
    cpu = in.cpu;
    state = in.state;
    xmm = in.xmm;
  }

  /** MOVSLDUP and MOVSHDUP. */
  void duplicate(boolean odd) {
    in.read(true);
    in.set(twice(in.low, odd), twice(in.high, odd));
  }

  private static long twice(long x, boolean odd) {
    return odd ? x >>> 32 | x >>> 32 << 32 : (x & 0xffffffffL) | x << 32;
  }

  /** MOVMSKPS: gives what a general register is set to. */
  long signs() {
    int from = in.from();
    return (xmm[from] >>> 31 & 1)
        | xmm[from] >>> 63 << 1
        | (xmm[from + 1] >>> 31 & 1) << 2
        | xmm[from + 1] >>> 63 << 3;
  }

  /** MOVQ2DQ and MOVDQ2Q. */
  void between(int kind) {
    in.multimedia();
    state.multimedia();
    if (kind == Sse.F3) {
      in.set(state.significand[in.from() >> 1 & 7], 0);
    } else {
      state.writeMultimedia(in.to() >> 1 & 7, xmm[in.from()]);
    }
  }

  /** MASKMOVDQU. */
  void masked() {
    masked(xmm[in.to()], xmm[in.to() + 1], xmm[in.from()], xmm[in.from() + 1], 16);
  }

  /** MASKMOVQ and MASKMOVDQU. */
  void masked(long value, long valueHigh, long mask, long maskHigh, int bytes) {
    for (int pass = 0; pass < 2; pass++) {
      for (int i = 0; i < bytes; i++) {
        long m = i < 8 ? mask : maskHigh;
        int shift = 8 * (i & 7);
        if ((m >>> shift & 0x80) != 0) {
          if (pass == 0) {
            cpu.core.loadToWrite(in.address + i, 0);
          } else {
            cpu.core.store(in.address + i, 0, (i < 8 ? value : valueHigh) >>> shift);
          }
        }
      }
    }
  }
}
