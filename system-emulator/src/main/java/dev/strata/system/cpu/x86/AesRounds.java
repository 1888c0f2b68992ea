// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

/**
 * AESENC and its kin: a round of the cipher each (FIPS 197, section 5; Intel SDM, volume 1, 12.13).
 */
final class AesRounds {
  private static final byte[] SUBSTITUTION = new byte[256];
  private static final byte[] INVERSE = new byte[256];

  /** What a byte of the first row adds to its column: substituted and mixed. */
  private static final int[] MIXED = new int[256];

  /** The same of the inverse cipher. */
  private static final int[] UNMIXED = new int[256];

  static {
    // 3 generates the field's multiplicative group; its powers and their inverses meet all bytes.
    int power = 1;
    int inverse = 1;
    do {
      power = times(power, 3);
      inverse = times(inverse, 0xf6); // 1 / 3
      substitute(power, inverse);
    } while (power != 1);
    substitute(0, 0);
    for (int i = 0; i < 256; i++) {
      int s = SUBSTITUTION[i] & 0xff;
      MIXED[i] = times(s, 2) | s << 8 | s << 16 | times(s, 3) << 24;
      int v = INVERSE[i] & 0xff;
      UNMIXED[i] = times(v, 14) | times(v, 9) << 8 | times(v, 13) << 16 | times(v, 11) << 24;
    }
  }

  private final VectorOperands in;

  AesRounds(VectorOperands in) {
    this.in = in;
  }

  /** The product in GF(2⁸) (section 4.2). */
  private static int times(int a, int b) {
    int product = 0;
    int shifted = a;
    for (int i = 0; i < 8; i++) {
      if ((b >> i & 1) != 0) {
        product ^= shifted;
      }
      shifted = (shifted << 1) ^ ((shifted & 0x80) != 0 ? 0x11b : 0);
    }
    return product;
  }

  /** The affine transformation of the inverse (section 5.1.1). */
  private static void substitute(int value, int inverse) {
    int twice = inverse * 0x101;
    int s = (inverse ^ twice >> 4 ^ twice >> 5 ^ twice >> 6 ^ twice >> 7 ^ 0x63) & 0xff;
    SUBSTITUTION[value] = (byte) s;
    INVERSE[s] = (byte) value;
  }

  private static int at(long low, long high, int index) {
    return (int) ((index < 8 ? low : high) >>> (8 * (index & 7))) & 0xff;
  }

  /** An instruction of the map 0F 38. */
  void run(int opcode) {
    in.read(true);
    long x = in.xmm[in.to()];
    long y = in.xmm[in.to() + 1];
    switch (opcode) {
      case 0xdb -> in.set(unmix(in.low), unmix(in.high)); // AESIMC
      case 0xdc ->
          in.set(mixed(x, y, 0) | mixed(x, y, 1) << 32, mixed(x, y, 2) | mixed(x, y, 3) << 32);
      case 0xde ->
          in.set(
              unmixed(x, y, 0) | unmixed(x, y, 1) << 32, unmixed(x, y, 2) | unmixed(x, y, 3) << 32);
      default -> { // The last rounds do not mix.
        boolean inverse = opcode == 0xdf;
        long newLow = 0;
        long newHigh = 0;
        for (int i = 0; i < 8; i++) {
          newLow |= substituted(x, y, i, inverse) << (8 * i);
          newHigh |= substituted(x, y, i + 8, inverse) << (8 * i);
        }
        in.set(newLow, newHigh);
      }
    }
    if (opcode != 0xdb) {
      in.set(in.xmm[in.to()] ^ in.low, in.xmm[in.to() + 1] ^ in.high); // the round's key
    }
  }

  /** The byte that shifting the rows brings to a place, substituted. */
  private static long substituted(long x, long y, int index, boolean inverse) {
    int row = index & 3;
    int from = inverse ? index - 4 * row & 15 : index + 4 * row & 15;
    return (inverse ? INVERSE : SUBSTITUTION)[at(x, y, from)] & 0xff;
  }

  private static long mixed(long x, long y, int column) {
    int c = 4 * column;
    return (MIXED[at(x, y, c)]
            ^ Integer.rotateLeft(MIXED[at(x, y, c + 5 & 15)], 8)
            ^ Integer.rotateLeft(MIXED[at(x, y, c + 10 & 15)], 16)
            ^ Integer.rotateLeft(MIXED[at(x, y, c + 15 & 15)], 24))
        & 0xffffffffL;
  }

  private static long unmixed(long x, long y, int column) {
    int c = 4 * column;
    return (UNMIXED[at(x, y, c)]
            ^ Integer.rotateLeft(UNMIXED[at(x, y, c + 13 & 15)], 8)
            ^ Integer.rotateLeft(UNMIXED[at(x, y, c + 10 & 15)], 16)
            ^ Integer.rotateLeft(UNMIXED[at(x, y, c + 7 & 15)], 24))
        & 0xffffffffL;
  }

  /** Two columns, mixed by the inverse cipher's polynomial. */
  private static long unmix(long columns) {
    long result = 0;
    for (int i = 0; i < 8; i++) {
      int s = SUBSTITUTION[(int) (columns >>> (8 * i)) & 0xff] & 0xff;
      long turned = Integer.rotateLeft(UNMIXED[s], 8 * (i & 3)) & 0xffffffffL;
      result ^= turned << (32 * (i >> 2));
    }
    return result;
  }

  private static int word(int value) {
    return (SUBSTITUTION[value & 0xff] & 0xff)
        | (SUBSTITUTION[value >>> 8 & 0xff] & 0xff) << 8
        | (SUBSTITUTION[value >>> 16 & 0xff] & 0xff) << 16
        | (SUBSTITUTION[value >>> 24] & 0xff) << 24;
  }

  /** AESKEYGENASSIST: what a round's key is made with (section 5.2). */
  void keyGeneration(int constant) {
    in.read(true);
    in.set(keys((int) (in.low >>> 32), constant), keys((int) (in.high >>> 32), constant));
  }

  private static long keys(int key, int constant) {
    int substituted = word(key);
    return (substituted & 0xffffffffL)
        | (long) (Integer.rotateRight(substituted, 8) ^ constant) << 32;
  }
}
