// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import static dev.strata.system.cpu.x86.Sse.F3;
import static dev.strata.system.cpu.x86.Sse.P66;

/**
 * Floating-point arithmetic on XMM registers (Intel SDM, volume 1, 10.4.1.2, 11.4.1.2 and 12.3).
 */
final class SseFloats {
  private static final long LOW = 0xffffffffL;

  private final VectorOperands in;
  private final SseArithmetic arithmetic;
  private final long[] xmm;

  SseFloats(VectorOperands in, SseArithmetic arithmetic) {
    this.in = in;
    this.arithmetic = arithmetic;
    xmm = in.xmm;
  }

  /** Arithmetic element by element. */
  void run(int opcode, int kind, int immediate) {
    boolean doubles = (kind & 1) != 0;
    int to = in.to();
    arithmetic.begin(doubles);
    if (kind >= F3) {
      long y = in.scalar(doubles ? 3 : 2);
      long x = doubles ? xmm[to] : xmm[to] & LOW;
      long v = element(opcode, immediate, x, y, doubles);
      arithmetic.end();
      in.setScalar(to, doubles ? 3 : 2, v);
      return;
    }
    in.read(true);
    long newLow = half(opcode, immediate, xmm[to], in.low, doubles);
    long newHigh = half(opcode, immediate, xmm[to + 1], in.high, doubles);
    arithmetic.end();
    in.set(newLow, newHigh);
  }

  private long half(int opcode, int immediate, long x, long y, boolean doubles) {
    if (doubles) {
      return element(opcode, immediate, x, y, true);
    }
    return element(opcode, immediate, x & LOW, y & LOW, false)
        | element(opcode, immediate, x >>> 32, y >>> 32, false) << 32;
  }

  private long element(int opcode, int immediate, long x, long y, boolean doubles) {
    return switch (opcode) {
      case 0xc2 -> arithmetic.holds(immediate & 7, x, y) ? doubles ? -1L : LOW : 0L;
      case 0x52, 0x53 -> SseArithmetic.approximate(opcode == 0x52, (int) y);
      default -> arithmetic.operate(opcode, x, y);
    };
  }

  /** HADDPx, HSUBPx, ADDSUBPx. */
  void horizontal(int opcode, int kind) {
    in.read(true);
    boolean doubles = kind == P66;
    arithmetic.begin(doubles);
    int operation = opcode == 0x7d ? 0x5c : 0x58;
    long x = xmm[in.to()];
    long y = xmm[in.to() + 1];
    long newLow;
    long newHigh;
    if (opcode == 0xd0 && doubles) {
      newLow = arithmetic.operate(0x5c, x, in.low);
      newHigh = arithmetic.operate(0x58, y, in.high);
    } else if (opcode == 0xd0) {
      newLow = alternate(x, in.low);
      newHigh = alternate(y, in.high);
    } else if (doubles) {
      newLow = arithmetic.operate(operation, x, y);
      newHigh = arithmetic.operate(operation, in.low, in.high);
    } else {
      newLow = pair(operation, x, y);
      newHigh = pair(operation, in.low, in.high);
    }
    arithmetic.end();
    in.set(newLow, newHigh);
  }

  private long alternate(long x, long y) {
    return arithmetic.operate(0x5c, x & LOW, y & LOW)
        | arithmetic.operate(0x58, x >>> 32, y >>> 32) << 32;
  }

  private long pair(int operation, long x, long y) {
    return arithmetic.operate(operation, x & LOW, x >>> 32)
        | arithmetic.operate(operation, y & LOW, y >>> 32) << 32;
  }
}
