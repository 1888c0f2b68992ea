// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

/**
 * Lanes of 64 bits moved, interleaved, narrowed and shifted (Intel SDM, volume 1, 11.4.2). Pure
 * functions, that translated code calls.
 */
public final class LaneShuffles {
  private LaneShuffles() {}

  private static final long LOW = 0xffffffffL;
  private static final long EVEN_BYTES = 0x00ff00ff00ff00ffL;
  private static final long EVEN_WORDS = 0x0000ffff0000ffffL;

  /** The second operand. */
  public static long second(long x, long y) {
    return y;
  }

  // --- doublewords: the first's one, then the second's ---

  /** The low one of each. */
  public static long lowLow(long x, long y) {
    return (x & LOW) | y << 32;
  }

  /** The high one of the first, the low one of the second. */
  public static long highLow(long x, long y) {
    return x >>> 32 | y << 32;
  }

  /** The low one of the first, the high one of the second. */
  public static long lowHigh(long x, long y) {
    return (x & LOW) | (y & ~LOW);
  }

  /** The high one of each. */
  public static long highHigh(long x, long y) {
    return x >>> 32 | (y & ~LOW);
  }

  /** The first with the low one of the second. */
  public static long insertLow(long x, long y) {
    return (x & ~LOW) | (y & LOW);
  }

  // --- interleaving ---

  private static long spreadWords(long x) {
    return (x | x << 16) & EVEN_WORDS;
  }

  private static long spreadBytes(long x) {
    long words = spreadWords(x);
    return (words | words << 8) & EVEN_BYTES;
  }

  /** The lower four bytes of each in turn. */
  public static long lowBytes(long x, long y) {
    return spreadBytes(x & LOW) | spreadBytes(y & LOW) << 8;
  }

  /** The upper four bytes of each in turn. */
  public static long highBytes(long x, long y) {
    return spreadBytes(x >>> 32) | spreadBytes(y >>> 32) << 8;
  }

  /** The lower two words of each in turn. */
  public static long lowWords(long x, long y) {
    return spreadWords(x & LOW) | spreadWords(y & LOW) << 16;
  }

  /** The upper two words of each in turn. */
  public static long highWords(long x, long y) {
    return spreadWords(x >>> 32) | spreadWords(y >>> 32) << 16;
  }

  // --- choosing ---

  /** PSHUFLW: words chosen by two bits each. */
  public static long shuffleWords(long x, long by) {
    return (x >>> (16 * (by & 3)) & 0xffff)
        | (x >>> (16 * (by >> 2 & 3)) & 0xffff) << 16
        | (x >>> (16 * (by >> 4 & 3)) & 0xffff) << 32
        | x >>> (16 * (by >> 6 & 3)) << 48;
  }

  /** PSHUFB: the bytes that come from the low half, the others 0. */
  public static long shuffleLow(long x, long by) {
    long result = 0;
    for (int i = 0; i < 64; i += 8) {
      long which = by >>> i;
      long chosen = (which & 0x88) == 0 ? 0xff : 0;
      result |= (x >>> (8 * (which & 7)) & chosen) << i;
    }
    return result;
  }

  /** PSHUFB: the bytes that come from the high half. */
  public static long shuffleHigh(long x, long by) {
    return shuffleLow(x, by ^ 0x0808080808080808L);
  }

  /** PMOVMSKB: the top bits of the bytes of both. */
  public static long signs(long x, long y) {
    return PackedIntegers.signs(x) | (long) PackedIntegers.signs(y) << 8;
  }

  /** MOVMSKPD: the top bits of both. */
  public static long signsOfWhole(long x, long y) {
    return x >>> 63 | y >>> 63 << 1;
  }

  // --- narrowing: the first's lanes are the lower ones ---

  /** PACKSSWB. */
  public static long packSignedWords(long x, long y) {
    return PackedIntegers.pack(0x63, x) | PackedIntegers.pack(0x63, y) << 32;
  }

  /** PACKUSWB. */
  public static long packUnsignedWords(long x, long y) {
    return PackedIntegers.pack(0x67, x) | PackedIntegers.pack(0x67, y) << 32;
  }

  /** PACKSSDW. */
  public static long packInts(long x, long y) {
    return PackedIntegers.pack(0x6b, x) | PackedIntegers.pack(0x6b, y) << 32;
  }

  // --- shifting, by any number without sign ---

  private static long ones(long count, int bits, long every) {
    return (-1L >>> (64 - bits) >>> count) * every;
  }

  private static boolean isBelow(long count, int bits) {
    return count >>> Integer.numberOfTrailingZeros(bits) == 0;
  }

  /** PSRLW. */
  public static long shiftWordsRight(long x, long count) {
    return isBelow(count, 16) ? x >>> count & ones(count, 16, 0x0001000100010001L) : 0;
  }

  /** PSRLD. */
  public static long shiftIntsRight(long x, long count) {
    return isBelow(count, 32) ? x >>> count & ones(count, 32, 0x0000000100000001L) : 0;
  }

  /** PSRLQ. */
  public static long shiftRight(long x, long count) {
    return isBelow(count, 64) ? x >>> count : 0;
  }

  /** PSLLW. */
  public static long shiftWordsLeft(long x, long count) {
    return isBelow(count, 16) ? (x & ones(count, 16, 0x0001000100010001L)) << count : 0;
  }

  /** PSLLD. */
  public static long shiftIntsLeft(long x, long count) {
    return isBelow(count, 32) ? (x & ones(count, 32, 0x0000000100000001L)) << count : 0;
  }

  /** PSLLQ. */
  public static long shiftLeft(long x, long count) {
    return isBelow(count, 64) ? x << count : 0;
  }

  /** PSRAW. */
  public static long shiftWordsArithmetic(long x, long count) {
    int n = isBelow(count, 16) ? (int) count : 15;
    return ((short) x >> n & 0xffffL)
        | ((short) (x >> 16) >> n & 0xffffL) << 16
        | ((short) (x >> 32) >> n & 0xffffL) << 32
        | x >> 48 >> n << 48;
  }

  /** PSRAD. */
  public static long shiftIntsArithmetic(long x, long count) {
    int n = isBelow(count, 32) ? (int) count : 31;
    return ((int) x >> n & LOW) | x >> 32 >> n << 32;
  }
}
