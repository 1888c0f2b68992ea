// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

/**
 * MMX, SSE, SSE2 and SSE3 instructions (Intel SDM, volume 1, chapters 9 to 12): reaches the
 * operands and writes the result once nothing can fault any more.
 */
final class Sse {
  static final int NONE = 0;
  static final int P66 = 1;
  static final int F3 = 2;
  static final int F2 = 3;

  private final X86 cpu;
  private final ExtendedState state;
  private final X87 x87;
  private final long[] xmm;
  private final SseArithmetic arithmetic;
  private final SseConversions conversions;

  // The source of the instruction.
  private long low;
  private long high;

  Sse(X86 cpu, ExtendedState state, X87 x87) {
    this.cpu = cpu;
    this.state = state;
    this.x87 = x87;
    xmm = state.xmm;
    arithmetic = new SseArithmetic(cpu, state);
    conversions = new SseConversions(this, arithmetic, state);
  }

  private void available() {
    if ((cpu.cr0 & X86.EM) != 0 || (cpu.cr4 & X86.OSFXSR) == 0) {
      throw cpu.fault(X86.UNDEFINED_OPCODE, -1);
    }
    if ((cpu.cr0 & X86.TS) != 0) {
      throw cpu.fault(X86.DEVICE_NOT_AVAILABLE, -1);
    }
  }

  /** Whether MMX may be used; makes its registers those of the x87. */
  void multimedia() {
    if ((cpu.cr0 & X86.EM) != 0) {
      throw cpu.fault(X86.UNDEFINED_OPCODE, -1);
    }
    if ((cpu.cr0 & X86.TS) != 0) {
      throw cpu.fault(X86.DEVICE_NOT_AVAILABLE, -1);
    }
    x87.pending();
  }

  /** FXSAVE (0), FXRSTOR (1), LDMXCSR (2), STMXCSR (3); {@code size} is that of operands. */
  long state(long operand, int kind) {
    int which = kind & 3;
    if (which < 2) {
      if ((cpu.cr0 & (X86.EM | X86.TS)) != 0) {
        throw cpu.fault(X86.DEVICE_NOT_AVAILABLE, -1);
      }
      boolean wide = kind >> 4 == 3;
      if (which == 0) {
        state.save(operand, wide);
      } else {
        state.restore(operand, wide);
      }
      return 0;
    }
    available();
    if (which == 2) {
      state.loadMxcsr(operand);
      return 0;
    }
    return state.mxcsr & 0xffffffffL;
  }

  /**
   * An instruction.
   *
   * @param which the kind of prefix at 8, and the opcode
   * @param a the address of a memory operand, or a general register's value
   * @param extra the destination at 0, the source at 4, whether that is memory at 8, REX.W at 9
   */
  long run(int which, long a, long immediate, int extra) {
    int opcode = which & 0xff;
    int kind = which >> 8 & 3;
    if (kind == NONE && isMultimedia(opcode)) {
      multimedia();
      return ofMultimedia(opcode, a, (int) immediate, extra);
    }
    available();
    boolean memory = (extra & 1 << 8) != 0;
    int to = (extra & 15) * 2;
    int from = (extra >> 4 & 15) * 2;
    switch (opcode) {
      case 0x10 -> load(kind, a, to, from, memory, kind <= P66);
      case 0x28, 0x6f -> load(kind, a, to, from, memory, kind == F3);
      case 0xf0 -> load(kind & 1, a, to, from, true, true);
      case 0x11 -> store(kind, a, to, from, memory, true);
      case 0x29, 0x2b, 0x7f, 0xe7 -> store(kind & 1, a, to, from, memory, kind == F3);
      case 0x12, 0x16 -> {
        if (kind == F3 || kind == F2) {
          duplicate(opcode, kind, a, to, from, memory);
        } else {
          long value = memory ? cpu.core.load(a, 3) : xmm[opcode == 0x12 ? from + 1 : from];
          xmm[opcode == 0x12 ? to : to + 1] = value;
        }
      }
      case 0x13 -> cpu.core.store(a, 3, xmm[to]);
      case 0x17 -> cpu.core.store(a, 3, xmm[to + 1]);
      case 0x6e -> {
        long value = memory ? cpu.core.load(a, general(extra)) : cut(a, extra);
        set(to, value, 0);
      }
      case 0x7e -> {
        if (kind == F3) {
          set(to, memory ? cpu.core.load(a, 3) : xmm[from], 0);
        } else {
          return moveToGeneral(xmm[to], a, extra);
        }
      }
      case 0xd6 -> {
        if (kind == P66) {
          if (memory) {
            cpu.core.store(a, 3, xmm[to]);
          } else {
            set(from, xmm[to], 0);
          }
        } else {
          moveBetween(kind, to, from);
        }
      }
      case 0x50 -> {
        return kind == NONE
            ? (xmm[from] >>> 31 & 1)
                | xmm[from] >>> 63 << 1
                | (xmm[from + 1] >>> 31 & 1) << 2
                | xmm[from + 1] >>> 63 << 3
            : xmm[from] >>> 63 | xmm[from + 1] >>> 63 << 1;
      }
      case 0xd7 -> {
        return PackedIntegers.signs(xmm[from]) | PackedIntegers.signs(xmm[from + 1]) << 8;
      }
      case 0xc4 -> insertWord(to, memory ? cpu.core.load(a, 1) : a, (int) immediate & 7);
      case 0xc5 -> {
        int word = (int) immediate & 7;
        return xmm[from + (word >> 2)] >>> (16 * (word & 3)) & 0xffff;
      }
      case 0xf7 -> maskedStore(a, xmm[to], xmm[to + 1], xmm[from], xmm[from + 1], 16);
      case 0x2a, 0x2c, 0x2d, 0x2e, 0x2f, 0x5a, 0x5b, 0xe6 -> {
        return conversions.run(opcode, kind, a, extra);
      }
      case 0x51, 0x52, 0x53, 0x58, 0x59, 0x5c, 0x5d, 0x5e, 0x5f, 0xc2 ->
          floats(opcode, kind, a, (int) immediate, to, from, memory);
      case 0x7c, 0x7d, 0xd0 -> {
        source(a, from, memory, true);
        horizontal(opcode, kind, to);
      }
      default -> {
        if (opcode >= 0x71 && opcode <= 0x73) {
          shiftImmediate(opcode, extra & 7, from, (int) immediate);
        } else {
          source(a, from, memory, true);
          whole(opcode, kind, to, (int) immediate);
        }
      }
    }
    return 0;
  }

  private static int general(int extra) {
    return (extra & 1 << 9) != 0 ? 3 : 2;
  }

  private static long cut(long value, int extra) {
    return (extra & 1 << 9) != 0 ? value : value & 0xffffffffL;
  }

  private void set(int to, long newLow, long newHigh) {
    xmm[to] = newLow;
    xmm[to + 1] = newHigh;
  }

  /** Reads 16 bytes. */
  void source(long address, int from, boolean memory, boolean aligned) {
    if (!memory) {
      low = xmm[from];
      high = xmm[from + 1];
      return;
    }
    if (aligned && (address & 15) != 0) {
      throw cpu.generalProtection(0);
    }
    low = cpu.core.load(address, 3);
    high = cpu.core.load(address + 8, 3);
  }

  /** Reads a source of 4 or 8 bytes. */
  long scalar(long address, int from, boolean memory, int size) {
    if (memory) {
      return cpu.core.load(address, size);
    }
    return size == 3 ? xmm[from] : xmm[from] & 0xffffffffL;
  }

  long sourceLow() {
    return low;
  }

  long sourceHigh() {
    return high;
  }

  X86 cpu() {
    return cpu;
  }

  private void load(int kind, long a, int to, int from, boolean memory, boolean unaligned) {
    if (kind <= P66 || unaligned) {
      source(a, from, memory, !unaligned);
      set(to, low, high);
    } else {
      int size = kind == F3 ? 2 : 3;
      if (memory) {
        set(to, cpu.core.load(a, size), 0);
      } else {
        scalarTo(to, size, xmm[from]);
      }
    }
  }

  private void scalarTo(int to, int size, long value) {
    xmm[to] = size == 3 ? value : (xmm[to] & ~0xffffffffL) | (value & 0xffffffffL);
  }

  private void store(int kind, long a, int to, int from, boolean memory, boolean unaligned) {
    if (!memory) {
      if (kind >= F3) {
        scalarTo(from, kind == F3 ? 2 : 3, xmm[to]);
      } else {
        set(from, xmm[to], xmm[to + 1]);
      }
    } else if (kind >= F3) {
      cpu.core.store(a, kind == F3 ? 2 : 3, xmm[to]);
    } else {
      if (!unaligned && (a & 15) != 0) {
        throw cpu.generalProtection(0);
      }
      if ((a & 4095) > 4096 - 16) {
        cpu.core.loadToWrite(a + 8, 3); // The second page's fault comes before the first write.
      }
      cpu.core.store(a, 3, xmm[to]);
      cpu.core.store(a + 8, 3, xmm[to + 1]);
    }
  }

  private void duplicate(int opcode, int kind, long a, int to, int from, boolean memory) {
    if (kind == F2) {
      long value = scalar(a, from, memory, 3);
      set(to, value, value);
      return;
    }
    source(a, from, memory, true);
    boolean odd = opcode == 0x16;
    set(to, twice(low, odd), twice(high, odd));
  }

  private static long twice(long x, boolean odd) {
    return odd ? x >>> 32 | x >>> 32 << 32 : (x & 0xffffffffL) | x << 32;
  }

  private long moveToGeneral(long value, long a, int extra) {
    if ((extra & 1 << 8) != 0) {
      cpu.core.store(a, general(extra), value);
      return 0;
    }
    return cut(value, extra);
  }

  private void moveBetween(int kind, int to, int from) {
    multimedia();
    state.multimedia();
    if (kind == F3) { // MOVQ2DQ
      set(to, state.significand[from >> 1 & 7], 0);
    } else { // MOVDQ2Q
      state.writeMultimedia(to >> 1 & 7, xmm[from]);
    }
  }

  private void insertWord(int to, long value, int word) {
    int half = to + (word >> 2);
    int shift = 16 * (word & 3);
    xmm[half] = (xmm[half] & ~(0xffffL << shift)) | (value & 0xffff) << shift;
  }

  private void maskedStore(
      long address, long value, long valueHigh, long mask, long maskHigh, int bytes) {
    for (int pass = 0; pass < 2; pass++) {
      for (int i = 0; i < bytes; i++) {
        long m = i < 8 ? mask : maskHigh;
        int shift = 8 * (i & 7);
        if ((m >>> shift & 0x80) != 0) {
          if (pass == 0) {
            cpu.core.loadToWrite(address + i, 0);
          } else {
            cpu.core.store(address + i, 0, (i < 8 ? value : valueHigh) >>> shift);
          }
        }
      }
    }
  }

  // --- floats ---

  private void floats(
      int opcode, int kind, long a, int immediate, int to, int from, boolean memory) {
    boolean doubles = (kind & 1) != 0;
    arithmetic.begin(doubles);
    if (kind >= F3) {
      long y = scalar(a, from, memory, doubles ? 3 : 2);
      long x = doubles ? xmm[to] : xmm[to] & 0xffffffffL;
      long v = element(opcode, immediate, x, y, doubles);
      arithmetic.end();
      scalarTo(to, doubles ? 3 : 2, v);
      return;
    }
    source(a, from, memory, true);
    long newLow = half(opcode, immediate, xmm[to], low, doubles);
    long newHigh = half(opcode, immediate, xmm[to + 1], high, doubles);
    arithmetic.end();
    set(to, newLow, newHigh);
  }

  private long half(int opcode, int immediate, long x, long y, boolean doubles) {
    if (doubles) {
      return element(opcode, immediate, x, y, true);
    }
    return element(opcode, immediate, x & 0xffffffffL, y & 0xffffffffL, false)
        | element(opcode, immediate, x >>> 32, y >>> 32, false) << 32;
  }

  private long element(int opcode, int immediate, long x, long y, boolean doubles) {
    return switch (opcode) {
      case 0xc2 -> arithmetic.holds(immediate & 7, x, y) ? doubles ? -1L : 0xffffffffL : 0L;
      case 0x52, 0x53 -> SseArithmetic.approximate(opcode == 0x52, (int) y);
      default -> arithmetic.operate(opcode, x, y);
    };
  }

  /** HADDPx, HSUBPx, ADDSUBPx. */
  private void horizontal(int opcode, int kind, int to) {
    boolean doubles = kind == P66;
    arithmetic.begin(doubles);
    int operation = opcode == 0x7d ? 0x5c : 0x58;
    long newLow;
    long newHigh;
    if (opcode == 0xd0 && doubles) {
      newLow = arithmetic.operate(0x5c, xmm[to], low);
      newHigh = arithmetic.operate(0x58, xmm[to + 1], high);
    } else if (opcode == 0xd0) {
      newLow = alternate(xmm[to], low);
      newHigh = alternate(xmm[to + 1], high);
    } else if (doubles) {
      newLow = arithmetic.operate(operation, xmm[to], xmm[to + 1]);
      newHigh = arithmetic.operate(operation, low, high);
    } else {
      newLow = pair(operation, xmm[to], xmm[to + 1]);
      newHigh = pair(operation, low, high);
    }
    arithmetic.end();
    set(to, newLow, newHigh);
  }

  private long alternate(long x, long y) {
    return arithmetic.operate(0x5c, x & 0xffffffffL, y & 0xffffffffL)
        | arithmetic.operate(0x58, x >>> 32, y >>> 32) << 32;
  }

  private long pair(int operation, long x, long y) {
    return arithmetic.operate(operation, x & 0xffffffffL, x >>> 32)
        | arithmetic.operate(operation, y & 0xffffffffL, y >>> 32) << 32;
  }

  // --- integers ---

  private void whole(int opcode, int kind, int to, int immediate) {
    long x = xmm[to];
    long y = xmm[to + 1];
    switch (opcode) {
      case 0x14, 0x15, 0x60, 0x61, 0x62, 0x68, 0x69, 0x6a, 0x6c, 0x6d -> unpack(opcode, kind, to);
      case 0x63, 0x67, 0x6b ->
          set(
              to,
              PackedIntegers.pack(opcode, x) | PackedIntegers.pack(opcode, y) << 32,
              PackedIntegers.pack(opcode, low) | PackedIntegers.pack(opcode, high) << 32);
      case 0x70 -> {
        switch (kind) {
          case P66 -> set(to, ints(immediate), ints(immediate >> 4));
          case F3 -> set(to, low, PackedIntegers.shuffleWords(high, immediate));
          default -> set(to, PackedIntegers.shuffleWords(low, immediate), high);
        }
      }
      case 0xc6 -> {
        if (kind == P66) {
          set(to, (immediate & 1) != 0 ? y : x, (immediate & 2) != 0 ? high : low);
        } else {
          set(
              to,
              of(x, y, immediate) | of(x, y, immediate >> 2) << 32,
              of(low, high, immediate >> 4) | of(low, high, immediate >> 6) << 32);
        }
      }
      case 0xd1, 0xd2, 0xd3, 0xe1, 0xe2, 0xf1, 0xf2, 0xf3 -> {
        int how = how(opcode);
        set(
            to,
            PackedIntegers.shift(how, opcode & 3, x, low),
            PackedIntegers.shift(how, opcode & 3, y, low));
      }
      default -> set(to, PackedIntegers.half(opcode, x, low), PackedIntegers.half(opcode, y, high));
    }
  }

  private static int how(int opcode) {
    return opcode >> 4 == 0xd ? 0 : opcode >> 4 == 0xe ? 1 : 2;
  }

  private static long of(long x, long y, int which) {
    return ((which & 2) != 0 ? y : x) >>> (32 * (which & 1)) & 0xffffffffL;
  }

  private long ints(int by) {
    return of(low, high, by) | of(low, high, by >> 2) << 32;
  }

  private void unpack(int opcode, int kind, int to) {
    int size =
        switch (opcode) {
          case 0x60, 0x68 -> 0;
          case 0x61, 0x69 -> 1;
          case 0x62, 0x6a -> 2;
          case 0x14, 0x15 -> kind == NONE ? 2 : 3;
          default -> 3;
        };
    boolean upper = opcode >= 0x68 ? opcode != 0x6c : opcode == 0x15;
    long x = upper ? xmm[to + 1] : xmm[to];
    long y = upper ? high : low;
    if (size == 3) {
      set(to, x, y);
    } else {
      set(
          to,
          PackedIntegers.interleave(size, x & 0xffffffffL, y & 0xffffffffL),
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
    int how = shiftOf(opcode, which);
    set(
        register,
        PackedIntegers.shift(how, opcode & 3, x, by),
        PackedIntegers.shift(how, opcode & 3, y, by));
  }

  private int shiftOf(int opcode, int which) {
    if ((which & 1) != 0 || which == 0 || (which == 4 && opcode == 0x73)) {
      throw cpu.fault(X86.UNDEFINED_OPCODE, -1);
    }
    return (which >> 1) - 1;
  }

  /** PSRLDQ and PSLLDQ. */
  private void bytes(boolean right, int register, long x, long y, int by) {
    int bits = 8 * (by & 7);
    if (by > 15) {
      set(register, 0, 0);
    } else if (right) {
      if (by >= 8) {
        set(register, y >>> bits, 0);
      } else {
        set(register, bits == 0 ? x : x >>> bits | y << (64 - bits), y >>> bits);
      }
    } else if (by >= 8) {
      set(register, 0, x << bits);
    } else {
      set(register, x << bits, bits == 0 ? y : y << bits | x >>> (64 - bits));
    }
  }

  // --- MMX ---

  private static boolean isMultimedia(int opcode) {
    return switch (opcode) {
      case 0xc4, 0xc5 -> true;
      case 0xc2, 0xc6 -> false;
      default -> opcode >= 0x60;
    };
  }

  private long ofMultimedia(int opcode, long a, int immediate, int extra) {
    boolean memory = (extra & 1 << 8) != 0;
    int to = extra & 7;
    int from = extra >> 4 & 7;
    long x = state.significand[to];
    long value = 0;
    switch (opcode) {
      case 0x77 -> {
        state.tags = 0; // EMMS
        return 0;
      }
      case 0x6e -> value = memory ? cpu.core.load(a, general(extra)) : cut(a, extra);
      case 0x7e -> {
        long moved = moveToGeneral(x, a, extra);
        state.multimedia();
        return moved;
      }
      case 0x6f -> value = operand(a, from, memory, 3);
      case 0x7f, 0xe7 -> {
        if (memory) {
          cpu.core.store(a, 3, x);
          state.multimedia();
          return 0;
        }
        to = from;
        value = x;
      }
      case 0xc4 -> {
        int shift = 16 * (immediate & 3);
        long word = (memory ? cpu.core.load(a, 1) : a) & 0xffff;
        value = (x & ~(0xffffL << shift)) | word << shift;
      }
      case 0xc5, 0xd7 -> {
        state.multimedia();
        long source = state.significand[from];
        return opcode == 0xd7
            ? PackedIntegers.signs(source)
            : source >>> (16 * (immediate & 3)) & 0xffff;
      }
      case 0xf7 -> {
        maskedStore(a, x, 0, state.significand[from], 0, 8);
        state.multimedia();
        return 0;
      }
      case 0x71, 0x72, 0x73 -> {
        int how = shiftOf(opcode, to);
        to = from;
        value = PackedIntegers.shift(how, opcode & 3, state.significand[to], immediate);
      }
      case 0x60, 0x61, 0x62 ->
          value =
              PackedIntegers.interleave(
                  opcode & 3, x & 0xffffffffL, operand(a, from, memory, 2) & 0xffffffffL);
      case 0x68, 0x69, 0x6a ->
          value =
              PackedIntegers.interleave(
                  opcode - 0x68, x >>> 32, operand(a, from, memory, 3) >>> 32);
      case 0x63, 0x67, 0x6b ->
          value =
              PackedIntegers.pack(opcode, x)
                  | PackedIntegers.pack(opcode, operand(a, from, memory, 3)) << 32;
      case 0x70 -> value = PackedIntegers.shuffleWords(operand(a, from, memory, 3), immediate);
      case 0xd1, 0xd2, 0xd3, 0xe1, 0xe2, 0xf1, 0xf2, 0xf3 ->
          value = PackedIntegers.shift(how(opcode), opcode & 3, x, operand(a, from, memory, 3));
      default -> value = PackedIntegers.half(opcode, x, operand(a, from, memory, 3));
    }
    state.multimedia();
    state.writeMultimedia(to, value);
    return 0;
  }

  private long operand(long address, int from, boolean memory, int size) {
    return memory ? cpu.core.load(address, size) : state.significand[from];
  }
}
