// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

/**
 * Integer arithmetic on bytes, words or doublewords of 64 bits, all at once: what is found of a
 * lane is in its top bit (Intel SDM, volume 1, 11.4.2). The first operand is the destination's.
 * Pure functions, that translated code calls.
 */
public final class LaneArithmetic {
  private LaneArithmetic() {}

  private static final long BYTES = 0x8080808080808080L;
  private static final long WORDS = 0x8000800080008000L;
  private static final long INTS = 0x8000000080000000L;

  private static long add(long x, long y, long tops) {
    return ((x & ~tops) + (y & ~tops)) ^ ((x ^ y) & tops);
  }

  private static long subtract(long x, long y, long tops) {
    return ((x | tops) - (y & ~tops)) ^ ((x ^ ~y) & tops);
  }

  /** The top bits of the lanes that are the same. */
  private static long equal(long x, long y, long tops) {
    long different = x ^ y;
    return ~(((different & ~tops) + ~tops) | different) & tops;
  }

  /** The top bits of the lanes that are not less, without signs. */
  private static long notLess(long x, long y, long tops) {
    return ((x & ~y) | (~(x ^ y) & ((x | tops) - (y & ~tops)))) & tops;
  }

  /** The top bits of the lanes that are greater, with signs. */
  private static long greater(long x, long y, long tops) {
    return ~notLess(y ^ tops, x ^ tops, tops) & tops;
  }

  /**
   * Lanes of all ones where the top bits are set, which {@code below} shifts to the lowest ones.
   */
  private static long whole(long found, int below) {
    return (found << 1) - (found >>> below);
  }

  private static long choose(long mask, long ifSet, long otherwise) {
    return (ifSet & mask) | (otherwise & ~mask);
  }

  // --- bytes ---

  /** PADDB. */
  public static long addBytes(long x, long y) {
    return add(x, y, BYTES);
  }

  /** PSUBB. */
  public static long subtractBytes(long x, long y) {
    return subtract(x, y, BYTES);
  }

  /** PCMPEQB. */
  public static long equalBytes(long x, long y) {
    return whole(equal(x, y, BYTES), 7);
  }

  /** PCMPGTB. */
  public static long greaterBytes(long x, long y) {
    return whole(greater(x, y, BYTES), 7);
  }

  /** PMINUB. */
  public static long minimumBytes(long x, long y) {
    return choose(whole(notLess(x, y, BYTES), 7), y, x);
  }

  /** PMAXUB. */
  public static long maximumBytes(long x, long y) {
    return choose(whole(notLess(x, y, BYTES), 7), x, y);
  }

  /** PSUBUSB. */
  public static long subtractBytesToZero(long x, long y) {
    return subtract(x, y, BYTES) & whole(notLess(x, y, BYTES), 7);
  }

  /** PADDUSB. */
  public static long addBytesToMost(long x, long y) {
    long sum = add(x, y, BYTES);
    return sum | whole(((x & y) | ((x | y) & ~sum)) & BYTES, 7);
  }

  /** PAVGB. */
  public static long averageBytes(long x, long y) {
    return (x | y) - (((x ^ y) & 0xfefefefefefefefeL) >>> 1);
  }

  /** PSADBW. */
  public static long differences(long x, long y) {
    long less = subtractBytesToZero(x, y) | subtractBytesToZero(y, x);
    long pairs = (less & 0x00ff00ff00ff00ffL) + (less >>> 8 & 0x00ff00ff00ff00ffL);
    return (pairs * 0x0001000100010001L) >>> 48;
  }

  // --- words ---

  /** PADDW. */
  public static long addWords(long x, long y) {
    return add(x, y, WORDS);
  }

  /** PSUBW. */
  public static long subtractWords(long x, long y) {
    return subtract(x, y, WORDS);
  }

  /** PCMPEQW. */
  public static long equalWords(long x, long y) {
    return whole(equal(x, y, WORDS), 15);
  }

  /** PCMPGTW. */
  public static long greaterWords(long x, long y) {
    return whole(greater(x, y, WORDS), 15);
  }

  /** PMINSW. */
  public static long minimumWords(long x, long y) {
    return choose(whole(greater(x, y, WORDS), 15), y, x);
  }

  /** PMAXSW. */
  public static long maximumWords(long x, long y) {
    return choose(whole(greater(x, y, WORDS), 15), x, y);
  }

  /** PSUBUSW. */
  public static long subtractWordsToZero(long x, long y) {
    return subtract(x, y, WORDS) & whole(notLess(x, y, WORDS), 15);
  }

  /** PADDUSW. */
  public static long addWordsToMost(long x, long y) {
    long sum = add(x, y, WORDS);
    return sum | whole(((x & y) | ((x | y) & ~sum)) & WORDS, 15);
  }

  /** PMULLW. */
  public static long multiplyWords(long x, long y) {
    return (x * y & 0xffffL)
        | ((x >>> 16) * (y >>> 16) & 0xffffL) << 16
        | ((x >>> 32) * (y >>> 32) & 0xffffL) << 32
        | ((x >>> 48) * (y >>> 48)) << 48;
  }

  /** PMADDWD. */
  public static long multiplyAddWords(long x, long y) {
    int low = (short) x * (short) y + (short) (x >>> 16) * (short) (y >>> 16);
    int high = (short) (x >>> 32) * (short) (y >>> 32) + (short) (x >>> 48) * (short) (y >>> 48);
    return (low & 0xffffffffL) | (long) high << 32;
  }

  // --- doublewords ---

  /** PADDD. */
  public static long addInts(long x, long y) {
    return add(x, y, INTS);
  }

  /** PSUBD. */
  public static long subtractInts(long x, long y) {
    return subtract(x, y, INTS);
  }

  /** PCMPEQD. */
  public static long equalInts(long x, long y) {
    return whole(equal(x, y, INTS), 31);
  }

  /** PCMPGTD. */
  public static long greaterInts(long x, long y) {
    return whole(greater(x, y, INTS), 31);
  }

  /** PMULUDQ. */
  public static long multiplyEvenInts(long x, long y) {
    return (x & 0xffffffffL) * (y & 0xffffffffL);
  }

  // --- quadwords ---

  /** PADDQ. */
  public static long add(long x, long y) {
    return x + y;
  }

  /** PSUBQ. */
  public static long subtract(long x, long y) {
    return x - y;
  }

  /** PAND. */
  public static long and(long x, long y) {
    return x & y;
  }

  /** PANDN. */
  public static long andNot(long x, long y) {
    return ~x & y;
  }

  /** POR. */
  public static long or(long x, long y) {
    return x | y;
  }

  /** PXOR. */
  public static long xor(long x, long y) {
    return x ^ y;
  }
}
