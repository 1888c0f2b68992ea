// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import static dev.strata.system.cpu.x86.Sse.F2;
import static dev.strata.system.cpu.x86.Sse.F3;
import static dev.strata.system.cpu.x86.Sse.NONE;
import static dev.strata.system.cpu.x86.Sse.P66;

/**
 * What moves data to, from and between XMM registers (Intel SDM, volume 1, 10.4.1.1, 11.4.1.1 and
 * 12.3).
 */
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

  /** As {@link Sse#run}; gives what a general register is set to. */
  long run(int opcode, int kind, int immediate) {
    int to = in.to();
    int from = in.from();
    switch (opcode) {
      case 0xf0 -> load(kind & 1, true);
      case 0xe7 -> store(kind & 1, kind == F3);
      case 0x12, 0x16 -> {
        if (kind == F3 || kind == F2) {
          duplicate(opcode, kind);
        } else {
          long value =
              in.memory() ? cpu.core.load(in.address, 3) : xmm[opcode == 0x12 ? from + 1 : from];
          xmm[opcode == 0x12 ? to : to + 1] = value;
        }
      }
      case 0x13 -> cpu.core.store(in.address, 3, xmm[to]);
      case 0x17 -> cpu.core.store(in.address, 3, xmm[to + 1]);
      case 0x6e -> in.set(in.general(), 0);
      case 0x7e -> {
        if (kind != F3) {
          return toGeneral(xmm[to]);
        }
        in.set(in.scalar(3), 0);
      }
      case 0xd6 -> {
        if (kind != P66) {
          between(kind);
        } else if (in.memory()) {
          cpu.core.store(in.address, 3, xmm[to]);
        } else {
          in.set(from, xmm[to], 0);
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
      case 0xc4 ->
          insert(1, immediate & 7, in.memory() ? cpu.core.load(in.address, 1) : in.address);
      case 0xc5 -> {
        return extract(1, from, immediate & 7);
      }
      default -> masked(xmm[to], xmm[to + 1], xmm[from], xmm[from + 1], 16); // f7
    }
    return 0;
  }

  /** Moves 16 bytes, or 4 or 8, to the destination. */
  void load(int kind, boolean unaligned) {
    if (kind <= P66 || unaligned) {
      in.read(!unaligned);
      in.set(in.low, in.high);
    } else {
      int size = kind == F3 ? 2 : 3;
      if (in.memory()) {
        in.set(cpu.core.load(in.address, size), 0);
      } else {
        in.setScalar(in.to(), size, xmm[in.from()]);
      }
    }
  }

  /** Moves 16 bytes, or 4 or 8, from the destination's register. */
  void store(int kind, boolean unaligned) {
    long a = in.address;
    int size = kind == F3 ? 2 : 3;
    if (!in.memory()) {
      if (kind >= F3) {
        in.setScalar(in.from(), size, xmm[in.to()]);
      } else {
        in.set(in.from(), xmm[in.to()], xmm[in.to() + 1]);
      }
    } else if (kind >= F3) {
      cpu.core.store(a, size, xmm[in.to()]);
    } else {
      if (!unaligned && (a & 15) != 0) {
        throw cpu.generalProtection(0);
      }
      if ((a & 4095) > 4096 - 16) {
        cpu.core.loadToWrite(a + 8, 3); // The second page's fault comes before the first write.
      }
      cpu.core.store(a, 3, xmm[in.to()]);
      cpu.core.store(a + 8, 3, xmm[in.to() + 1]);
    }
  }

  private void duplicate(int opcode, int kind) {
    if (kind == F2) {
      long value = in.scalar(3);
      in.set(value, value);
      return;
    }
    in.read(true);
    boolean odd = opcode == 0x16;
    in.set(twice(in.low, odd), twice(in.high, odd));
  }

  private static long twice(long x, boolean odd) {
    return odd ? x >>> 32 | x >>> 32 << 32 : (x & 0xffffffffL) | x << 32;
  }

  /** Stores to memory, or gives for a general register, its size of a value. */
  long toGeneral(long value) {
    if (in.memory()) {
      cpu.core.store(in.address, in.generalSize(), value);
      return 0;
    }
    return in.cut(value);
  }

  /** MOVQ2DQ and MOVDQ2Q. */
  private void between(int kind) {
    in.multimedia();
    state.multimedia();
    if (kind == F3) {
      in.set(state.significand[in.from() >> 1 & 7], 0);
    } else {
      state.writeMultimedia(in.to() >> 1 & 7, xmm[in.from()]);
    }
  }

  /** Sets an element of 1 << size bytes of the destination. */
  void insert(int size, int index, long value) {
    int bits = 8 << size;
    int half = in.to() + (index << size >> 3);
    int shift = bits * index & 63;
    long mask = -1L >>> (64 - bits);
    xmm[half] = (xmm[half] & ~(mask << shift)) | (value & mask) << shift;
  }

  /** An element of 1 << size bytes of a register. */
  long extract(int size, int register, int index) {
    int bits = 8 << size;
    return xmm[register + (index << size >> 3)] >>> (bits * index & 63) & -1L >>> (64 - bits);
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
