// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

/** Conversions of SSE and SSE2 but those of one element (Intel SDM, volume 1, 10.4.3, 11.4.1.6). */
final class SseConversions {
  private static final long LOW = 0xffffffffL;

  private final VectorOperands in;
  private final SseArithmetic arithmetic;
  private final ExtendedState state;
  private final long[] xmm;

  SseConversions(VectorOperands in, SseArithmetic arithmetic) {
    this.in = in;
    this.arithmetic = arithmetic;
    state = in.state;
    xmm = in.xmm;
  }

  /** As {@link Sse#run}. */
  void run(int opcode, int kind) {
    switch (opcode) {
      case 0x2a -> ofMultimedia(kind);
      case 0x2c, 0x2d -> toMultimedia(opcode, kind);
      case 0x5a -> resize(kind == Sse.P66);
      default -> integers(opcode, kind);
    }
  }

  private void ofMultimedia(int kind) {
    boolean doubles = kind == Sse.P66;
    if (!in.memory()) {
      in.multimedia();
    }
    long bits = in.multimediaSource(3);
    arithmetic.begin(doubles);
    long first = arithmetic.ofInteger((int) bits);
    long second = arithmetic.ofInteger((int) (bits >> 32));
    if (!in.memory()) {
      state.multimedia(); // Also where the arithmetic faults.
    }
    arithmetic.end();
    if (doubles) {
      in.set(first, second);
    } else {
      xmm[in.to()] = first | second << 32;
    }
  }

  private void toMultimedia(int opcode, int kind) {
    in.multimedia();
    boolean doubles = kind == Sse.P66;
    long first;
    long second;
    if (doubles) {
      in.read(true);
      first = in.low;
      second = in.high;
    } else {
      long bits = in.scalar(3);
      first = bits & LOW;
      second = bits >>> 32;
    }
    arithmetic.begin(doubles);
    if (opcode == 0x2c) {
      arithmetic.truncate();
    }
    long value = arithmetic.toInteger(first, 32) | arithmetic.toInteger(second, 32) << 32;
    state.multimedia(); // Also where the arithmetic faults.
    arithmetic.end();
    state.writeMultimedia(in.to() >> 1 & 7, value);
  }

  /** CVTPD2PS and CVTPS2PD. */
  private void resize(boolean ofDoubles) {
    arithmetic.begin(ofDoubles);
    if (ofDoubles) {
      in.read(true);
      long value = arithmetic.resize(in.low) | arithmetic.resize(in.high) << 32;
      arithmetic.end();
      in.set(value, 0);
    } else {
      long bits = in.scalar(3);
      long first = arithmetic.resize(bits & LOW);
      long second = arithmetic.resize(bits >>> 32);
      arithmetic.end();
      in.set(first, second);
    }
  }

  /** CVTDQ2PS, CVTPS2DQ, CVTTPS2DQ; CVTDQ2PD, CVTPD2DQ, CVTTPD2DQ. */
  private void integers(int opcode, int kind) {
    long newLow;
    long newHigh;
    if (opcode == 0xe6 && kind == Sse.F3) {
      long bits = in.scalar(3);
      arithmetic.begin(true);
      newLow = arithmetic.ofInteger((int) bits);
      newHigh = arithmetic.ofInteger((int) (bits >> 32));
    } else {
      in.read(true);
      long low = in.low;
      long high = in.high;
      arithmetic.begin(opcode == 0xe6);
      if (opcode == 0xe6) {
        if (kind == Sse.P66) {
          arithmetic.truncate();
        }
        newLow = arithmetic.toInteger(low, 32) | arithmetic.toInteger(high, 32) << 32;
        newHigh = 0;
      } else {
        if (kind == Sse.F3) {
          arithmetic.truncate();
        }
        newLow = half(kind == Sse.NONE, low);
        newHigh = half(kind == Sse.NONE, high);
      }
    }
    arithmetic.end();
    in.set(newLow, newHigh);
  }

  private long half(boolean ofIntegers, long bits) {
    if (ofIntegers) {
      return arithmetic.ofInteger((int) bits) | arithmetic.ofInteger((int) (bits >> 32)) << 32;
    }
    return arithmetic.toInteger(bits & LOW, 32) | arithmetic.toInteger(bits >>> 32, 32) << 32;
  }
}
