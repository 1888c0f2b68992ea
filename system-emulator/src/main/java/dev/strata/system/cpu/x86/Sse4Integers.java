// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import dev.strata.system.cpu.interpret.Flags;

/** Integers of SSE4.1 and SSE4.2, and carry-less products (Intel SDM, volume 1, 12.8 to 12.13). */
final class Sse4Integers {
  private final VectorOperands in;

  Sse4Integers(VectorOperands in) {
    this.in = in;
  }

  /** An instruction of the map 0F 38. */
  void run(int opcode) {
    in.read(true);
    long x = in.xmm[in.to()];
    long y = in.xmm[in.to() + 1];
    switch (opcode) {
      case 0x17 -> test(x, y);
      case 0x28 -> in.set((long) (int) x * (int) in.low, (long) (int) y * (int) in.high);
      case 0x29 -> in.set(x == in.low ? -1 : 0, y == in.high ? -1 : 0);
      case 0x2a -> in.set(in.low, in.high); // MOVNTDQA
      case 0x2b -> in.set(pack(x) | pack(y) << 32, pack(in.low) | pack(in.high) << 32);
      case 0x37 -> in.set(x > in.low ? -1 : 0, y > in.high ? -1 : 0);
      case 0x41 -> least();
      default -> in.set(half(opcode, x, in.low), half(opcode, y, in.high));
    }
  }

  /** PTEST. */
  private void test(long x, long y) {
    boolean zero = (x & in.low) == 0 && (y & in.high) == 0;
    boolean carry = (~x & in.low) == 0 && (~y & in.high) == 0;
    in.cpu.core.flags((zero ? Flags.ZERO : 0) | (carry ? Flags.CARRY : 0));
  }

  /** Two ints, narrowed with unsigned saturation. */
  private static long pack(long x) {
    long low = Math.max(0, Math.min((int) x, 0xffff));
    long high = Math.max(0, Math.min((int) (x >>> 32), 0xffff));
    return low | high << 16;
  }

  /** PMINSB to PMAXUD, PMULLD. */
  private static long half(int opcode, long x, long y) {
    int size = opcode == 0x40 ? 2 : (opcode & 3) == 0 ? 0 : (opcode & 3) == 2 ? 1 : 2;
    boolean signed = (opcode & 3) < 2;
    boolean greatest = opcode >= 0x3c;
    int bits = 8 << size;
    long result = 0;
    for (int i = 0; i < 64; i += bits) {
      long a = x << (64 - bits - i);
      long b = y << (64 - bits - i);
      if (opcode == 0x40) {
        result |= ((a >>> 32) * (b >>> 32) & 0xffffffffL) << i;
        continue;
      }
      boolean less = signed ? a < b : Long.compareUnsigned(a, b) < 0;
      result |= (less == greatest ? b : a) >>> (64 - bits) << i;
    }
    return result;
  }

  /** PHMINPOSUW. */
  private void least() {
    int least = 0x10000;
    int where = 0;
    for (int i = 0; i < 8; i++) {
      int word = (int) ((i < 4 ? in.low : in.high) >>> (16 * (i & 3))) & 0xffff;
      if (word < least) {
        least = word;
        where = i;
      }
    }
    in.set(least | (long) where << 16, 0);
  }

  private static int at(long low, long high, int index) {
    return (int) ((index < 8 ? low : high) >>> (8 * (index & 7))) & 0xff;
  }

  /** MPSADBW: four bytes against those at eight places. */
  void differences(int immediate) {
    in.read(true);
    long x = in.xmm[in.to()];
    long y = in.xmm[in.to() + 1];
    int from = immediate & 4;
    int against = 4 * (immediate & 3);
    long[] halves = new long[2];
    for (int i = 0; i < 8; i++) {
      long sum = 0;
      for (int k = 0; k < 4; k++) {
        sum += Math.abs(at(x, y, from + i + k) - at(in.low, in.high, against + k));
      }
      halves[i >> 2] |= sum << (16 * (i & 3));
    }
    in.set(halves[0], halves[1]);
  }

  /** PCLMULQDQ: a product of polynomials over GF(2). */
  void carryless(int immediate) {
    in.read(true);
    long a = in.xmm[in.to() + (immediate & 1)];
    long b = (immediate & 16) != 0 ? in.high : in.low;
    long low = 0;
    long high = 0;
    for (long rest = b; rest != 0; rest &= rest - 1) {
      int by = Long.numberOfTrailingZeros(rest);
      low ^= a << by;
      high ^= by == 0 ? 0 : a >>> (64 - by);
    }
    in.set(low, high);
  }
}
