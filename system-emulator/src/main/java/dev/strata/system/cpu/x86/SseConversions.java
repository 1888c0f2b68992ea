// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

/** Conversions and scalar compares of SSE and SSE2 (Intel SDM, volume 1, 10.4.3, 11.4.1.6). */
final class SseConversions {
  private static final long LOW = 0xffffffffL;

  private final Sse sse;
  private final SseArithmetic arithmetic;
  private final ExtendedState state;
  private final long[] xmm;

  SseConversions(Sse sse, SseArithmetic arithmetic, ExtendedState state) {
    this.sse = sse;
    this.arithmetic = arithmetic;
    this.state = state;
    xmm = state.xmm;
  }

  /** As {@link Sse#run}; gives what a general register is set to. */
  long run(int opcode, int kind, long a, int extra) {
    boolean memory = (extra & 1 << 8) != 0;
    boolean wide = (extra & 1 << 9) != 0;
    int to = (extra & 15) * 2;
    int from = (extra >> 4 & 15) * 2;
    switch (opcode) {
      case 0x2a -> {
        if (kind >= Sse.F3) {
          ofGeneral(kind, a, to, memory, wide);
        } else {
          ofMultimedia(kind, a, to, from, memory);
        }
      }
      case 0x2c, 0x2d -> {
        if (kind >= Sse.F3) {
          return toGeneral(opcode, kind, a, from, memory, wide);
        }
        toMultimedia(opcode, kind, a, to, from, memory);
      }
      case 0x2e, 0x2f -> {
        boolean doubles = kind == Sse.P66;
        long y = sse.scalar(a, from, memory, doubles ? 3 : 2);
        arithmetic.begin(doubles);
        int order = arithmetic.order(doubles ? xmm[to] : xmm[to] & LOW, y, opcode == 0x2f);
        arithmetic.end();
        X87Arithmetic.toFlags(sse.cpu().core, order);
      }
      case 0x5a -> resize(kind, a, to, from, memory);
      default -> integers(opcode, kind, a, to, from, memory);
    }
    return 0;
  }

  private void ofGeneral(int kind, long a, int to, boolean memory, boolean wide) {
    long bits = memory ? sse.scalar(a, 0, true, wide ? 3 : 2) : a;
    boolean doubles = kind == Sse.F2;
    arithmetic.begin(doubles);
    long value = arithmetic.ofInteger(wide ? bits : (int) bits);
    arithmetic.end();
    xmm[to] = doubles ? value : (xmm[to] & ~LOW) | value;
  }

  private void ofMultimedia(int kind, long a, int to, int from, boolean memory) {
    boolean doubles = kind == Sse.P66;
    if (!memory) {
      sse.multimedia();
    }
    long bits = memory ? sse.scalar(a, 0, true, 3) : state.significand[from >> 1 & 7];
    arithmetic.begin(doubles);
    long first = arithmetic.ofInteger((int) bits);
    long second = arithmetic.ofInteger((int) (bits >> 32));
    if (!memory) {
      state.multimedia(); // Also where the arithmetic faults.
    }
    arithmetic.end();
    if (doubles) {
      xmm[to] = first;
      xmm[to + 1] = second;
    } else {
      xmm[to] = first | second << 32;
    }
  }

  private long toGeneral(int opcode, int kind, long a, int from, boolean memory, boolean wide) {
    boolean doubles = kind == Sse.F2;
    long bits = sse.scalar(a, from, memory, doubles ? 3 : 2);
    arithmetic.begin(doubles);
    if (opcode == 0x2c) {
      arithmetic.truncate();
    }
    long value = arithmetic.toInteger(bits, wide ? 64 : 32);
    arithmetic.end();
    return value;
  }

  private void toMultimedia(int opcode, int kind, long a, int to, int from, boolean memory) {
    sse.multimedia();
    boolean doubles = kind == Sse.P66;
    long first;
    long second;
    if (doubles) {
      sse.source(a, from, memory, true);
      first = sse.sourceLow();
      second = sse.sourceHigh();
    } else {
      long bits = sse.scalar(a, from, memory, 3);
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
    state.writeMultimedia(to >> 1 & 7, value);
  }

  private void resize(int kind, long a, int to, int from, boolean memory) {
    boolean ofDoubles = (kind & 1) != 0;
    arithmetic.begin(ofDoubles);
    if (kind >= Sse.F3) {
      long value = arithmetic.resize(sse.scalar(a, from, memory, ofDoubles ? 3 : 2));
      arithmetic.end();
      xmm[to] = ofDoubles ? (xmm[to] & ~LOW) | value : value;
    } else if (ofDoubles) {
      sse.source(a, from, memory, true);
      long value = arithmetic.resize(sse.sourceLow()) | arithmetic.resize(sse.sourceHigh()) << 32;
      arithmetic.end();
      xmm[to] = value;
      xmm[to + 1] = 0;
    } else {
      long bits = sse.scalar(a, from, memory, 3);
      long first = arithmetic.resize(bits & LOW);
      long second = arithmetic.resize(bits >>> 32);
      arithmetic.end();
      xmm[to] = first;
      xmm[to + 1] = second;
    }
  }

  /** CVTDQ2PS, CVTPS2DQ, CVTTPS2DQ; CVTDQ2PD, CVTPD2DQ, CVTTPD2DQ. */
  private void integers(int opcode, int kind, long a, int to, int from, boolean memory) {
    long newLow;
    long newHigh;
    if (opcode == 0xe6 && kind == Sse.F3) {
      long bits = sse.scalar(a, from, memory, 3);
      arithmetic.begin(true);
      newLow = arithmetic.ofInteger((int) bits);
      newHigh = arithmetic.ofInteger((int) (bits >> 32));
    } else {
      sse.source(a, from, memory, true);
      long low = sse.sourceLow();
      long high = sse.sourceHigh();
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
    xmm[to] = newLow;
    xmm[to + 1] = newHigh;
  }

  private long half(boolean ofIntegers, long bits) {
    if (ofIntegers) {
      return arithmetic.ofInteger((int) bits) | arithmetic.ofInteger((int) (bits >> 32)) << 32;
    }
    return arithmetic.toInteger(bits & LOW, 32) | arithmetic.toInteger(bits >>> 32, 32) << 32;
  }
}
