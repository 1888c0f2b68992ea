// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import java.nio.ByteBuffer;
import java.util.Random;

/** Numbers at the edges of their formats more often than chance would have them. */
final class FloatingValues {
  private FloatingValues() {}

  private static final long[] FRACTIONS = {
    0, 1, 2, -1, -2, 1L << 51, 1L << 50, 3L << 50, 1L << 28, 1L << 29
  };

  static long ofDouble(Random random) {
    long sign = random.nextLong() & Long.MIN_VALUE;
    long exponent =
        switch (random.nextInt(10)) {
          case 0 -> random.nextInt(3);
          case 1 -> 0x7fd + random.nextInt(3);
          case 2 -> random.nextInt(0x800);
          case 3 -> 0x3ff - 160 + random.nextInt(320);
          default -> 0x3ff - 5 + random.nextInt(70);
        };
    long fraction =
        random.nextInt(3) == 0 ? FRACTIONS[random.nextInt(FRACTIONS.length)] : random.nextLong();
    if (random.nextInt(4) == 0) {
      fraction &= -1L << random.nextInt(52);
    }
    return sign | exponent << 52 | (fraction & -1L >>> 12);
  }

  static int ofFloat(Random random) {
    int sign = random.nextInt() & Integer.MIN_VALUE;
    int exponent =
        switch (random.nextInt(8)) {
          case 0 -> random.nextInt(3);
          case 1 -> 0xfd + random.nextInt(3);
          case 2 -> random.nextInt(0x100);
          default -> 0x7f - 5 + random.nextInt(40);
        };
    int fraction =
        random.nextInt(3) == 0
            ? (int) FRACTIONS[random.nextInt(5)] | random.nextInt(2) << 22
            : random.nextInt();
    if (random.nextInt(4) == 0) {
      fraction &= -1 << random.nextInt(23);
    }
    return sign | exponent << 23 | (fraction & 0x7fffff);
  }

  /** Ten bytes of a double extended. */
  static void putExtended(Random random, ByteBuffer to, int at) {
    int exponent =
        switch (random.nextInt(10)) {
          case 0 -> random.nextInt(3);
          case 1 -> 0x7ffd + random.nextInt(3);
          case 2 -> random.nextInt(0x8000);
          case 3 -> 0x3fff - 1080 + random.nextInt(2160);
          default -> 0x3fff - 5 + random.nextInt(80);
        };
    long significand = random.nextInt(3) == 0 ? -1L << random.nextInt(64) : random.nextLong();
    boolean odd = random.nextInt(20) == 0;
    if (!odd) {
      significand = exponent == 0 ? significand & Long.MAX_VALUE : significand | Long.MIN_VALUE;
    }
    if (exponent == 0 && random.nextBoolean()) {
      significand = 0;
    }
    to.putLong(at, significand);
    to.putShort(at + 8, (short) (exponent | random.nextInt(2) << 15));
  }
}
