// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

/** Rounding and dot products of SSE4.1 (Intel SDM, volume 1, 12.8.3 and 12.8.4). */
final class Sse4Floats {
  private static final long LOW = 0xffffffffL;
  private static final int ADD = 0x58;
  private static final int MULTIPLY = 0x59;

  private final VectorOperands in;
  private final SseArithmetic arithmetic;
  private final long[] xmm;

  Sse4Floats(VectorOperands in, SseArithmetic arithmetic) {
    this.in = in;
    this.arithmetic = arithmetic;
    xmm = in.xmm;
  }

  /** ROUNDPS, ROUNDPD, ROUNDSS, ROUNDSD. */
  void round(int opcode, int how) {
    boolean doubles = (opcode & 1) != 0;
    arithmetic.begin(doubles);
    if (opcode >= 0x0a) {
      int size = doubles ? 3 : 2;
      long value = arithmetic.integral(in.scalar(size), how);
      arithmetic.end();
      in.setScalar(in.to(), size, value);
      return;
    }
    in.read(true);
    long low = half(in.low, how, doubles);
    long high = half(in.high, how, doubles);
    arithmetic.end();
    in.set(low, high);
  }

  private long half(long x, int how, boolean doubles) {
    return doubles
        ? arithmetic.integral(x, how)
        : arithmetic.integral(x & LOW, how) | arithmetic.integral(x >>> 32, how) << 32;
  }

  /** DPPD: the steps find exceptions one after the other. */
  void dotOfDoubles(int which) {
    in.read(true);
    arithmetic.begin(true);
    long first = (which & 16) != 0 ? arithmetic.operate(MULTIPLY, xmm[in.to()], in.low) : 0;
    long second = (which & 32) != 0 ? arithmetic.operate(MULTIPLY, xmm[in.to() + 1], in.high) : 0;
    arithmetic.end();
    arithmetic.begin(true);
    long sum = arithmetic.operate(ADD, first, second);
    arithmetic.end();
    in.set((which & 1) != 0 ? sum : 0, (which & 2) != 0 ? sum : 0);
  }

  /** DPPS. */
  void dotOfFloats(int which) {
    in.read(true);
    arithmetic.begin(false);
    long p0 = (which & 16) != 0 ? product(xmm[in.to()], in.low) : 0;
    long p1 = (which & 32) != 0 ? product(xmm[in.to()] >>> 32, in.low >>> 32) : 0;
    long p2 = (which & 64) != 0 ? product(xmm[in.to() + 1], in.high) : 0;
    long p3 = (which & 128) != 0 ? product(xmm[in.to() + 1] >>> 32, in.high >>> 32) : 0;
    arithmetic.end();
    arithmetic.begin(false);
    long s0 = arithmetic.operate(ADD, p0, p1);
    long s1 = arithmetic.operate(ADD, p2, p3);
    arithmetic.end();
    arithmetic.begin(false);
    long sum = arithmetic.operate(ADD, s0, s1);
    arithmetic.end();
    in.set(twice(sum, which), twice(sum, which >> 2));
  }

  private long product(long x, long y) {
    return arithmetic.operate(MULTIPLY, x & LOW, y & LOW);
  }

  private static long twice(long value, int which) {
    return ((which & 1) != 0 ? value : 0) | ((which & 2) != 0 ? value << 32 : 0);
  }
}
