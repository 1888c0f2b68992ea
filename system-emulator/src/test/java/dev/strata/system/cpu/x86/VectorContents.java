// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import java.util.Random;

/** Vector registers, the memory that instructions reach, and MXCSR, by chance. */
final class VectorContents {
  private VectorContents() {}

  /** Four kinds: doubles, floats, few different bytes, anything. */
  private static long element(int of, Random random) {
    return switch (of) {
      case 0 -> FloatingValues.ofDouble(random);
      case 1 ->
          (FloatingValues.ofFloat(random) & 0xffffffffL)
              | (long) FloatingValues.ofFloat(random) << 32;
      case 2 -> random.nextLong() & 0x0101030303010101L * (1 + random.nextInt(2) * 0x7f);
      default -> random.nextLong();
    };
  }

  static void fill(TruthMachine machine, Random random) {
    int of = random.nextInt(4);
    for (int i = 0; i < 32; i++) {
      machine.extended.putLong(160 + 8 * i, element(of, random));
    }
    for (int i = 0; i < 8; i++) {
      machine.extended.putLong(32 + 16 * i, element(of, random));
    }
    for (int i = 0; i < 0x200; i += 8) {
      long value = element(of, random);
      for (int j = 0; j < 8; j++) {
        machine.contents[i + j] = (byte) (value >>> (8 * j));
        machine.contents[0xf00 + i + j] = (byte) (value >>> (8 * j));
      }
    }
    machine.extended.putInt(24, mxcsr(random));
  }

  private static int mxcsr(Random random) {
    int mxcsr = 0x1f80;
    if (random.nextInt(2) == 0) {
      mxcsr =
          random.nextInt(4) << 13
              | 0x1f80
              | (random.nextInt(3) == 0 ? 0x8000 : 0)
              | (random.nextInt(3) == 0 ? 0x40 : 0);
    }
    if (random.nextInt(3) == 0) {
      mxcsr |= 0x20;
    }
    if (random.nextInt(6) == 0) {
      mxcsr &= ~(random.nextInt(64) << 7);
    }
    return mxcsr;
  }
}
