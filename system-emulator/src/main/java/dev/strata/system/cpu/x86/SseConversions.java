// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

/** Conversions and scalar compares of SSE and SSE2 (Intel SDM, volume 1, 10.4.3, 11.4.1.6). */
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

  /** As {@link Sse#run}; gives what a general register is set to. */
  long run(int opcode, int kind) {
    switch (opcode) {
      case 0x2a -> {
        if (kind >= Sse.F3) {
          ofGeneral(kind);
        } else {
          ofMultimedia(kind);
        }
      }
      case 0x2c, 0x2d -> {
        if (kind >= Sse.F3) {
          return toGeneral(opcode, kind);
        }
        toMultimedia(opcode, kind);
      }
      case 0x2e, 0x2f -> {
        boolean doubles = kind == Sse.P66;
        long y = in.scalar(doubles ? 3 : 2);
        arithmetic.begin(doubles);
        int order =
            arithmetic.order(doubles ? xmm[in.to()] : xmm[in.to()] & LOW, y, opcode == 0x2f);
        arithmetic.end();
        X87Arithmetic.toFlags(in.cpu.core, order);
      }
      case 0x5a -> resize(kind);
      default -> integers(opcode, kind);
    }
    return 0;
  }

  private void ofGeneral(int kind) {
    long bits = in.memory() ? in.general() : in.address;
    boolean doubles = kind == Sse.F2;
    arithmetic.begin(doubles);
    long value = arithmetic.ofInteger(in.wide() ? bits : (int) bits);
    arithmetic.end();
    xmm[in.to()] = doubles ? value : (xmm[in.to()] & ~LOW) | value;
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

  private long toGeneral(int opcode, int kind) {
    boolean doubles = kind == Sse.F2;
    long bits = in.scalar(doubles ? 3 : 2);
    arithmetic.begin(doubles);
    if (opcode == 0x2c) {
      arithmetic.truncate();
    }
    long value = arithmetic.toInteger(bits, in.wide() ? 64 : 32);
    arithmetic.end();
    return value;
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

  private void resize(int kind) {
    boolean ofDoubles = (kind & 1) != 0;
    arithmetic.begin(ofDoubles);
    if (kind >= Sse.F3) {
      long value = arithmetic.resize(in.scalar(ofDoubles ? 3 : 2));
      arithmetic.end();
      xmm[in.to()] = ofDoubles ? (xmm[in.to()] & ~LOW) | value : value;
    } else if (ofDoubles) {
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
