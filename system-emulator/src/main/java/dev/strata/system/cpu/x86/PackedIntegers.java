// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

/**
 * What MMX instructions do to 64 bits, and SSE2 ones to each half of a register (Intel SDM, volume
 * 2). Operations are named by their opcode after 0F.
 */
final class PackedIntegers {
  private PackedIntegers() {}

  private static final long BYTES_TOP = 0x8080808080808080L;

  /** One half; the destination is x. */
  static long half(int opcode, long x, long y) {
    return switch (opcode) {
      case 0xfc -> LaneArithmetic.addBytes(x, y);
      case 0xfd -> LaneArithmetic.addWords(x, y);
      case 0xfe -> LaneArithmetic.addInts(x, y);
      case 0xd4 -> x + y;
      case 0xf8 -> LaneArithmetic.subtractBytes(x, y);
      case 0xf9 -> LaneArithmetic.subtractWords(x, y);
      case 0xfa -> LaneArithmetic.subtractInts(x, y);
      case 0xfb -> x - y;
      case 0xdb -> x & y;
      case 0xdf -> ~x & y;
      case 0xeb -> x | y;
      case 0xef -> x ^ y;
      case 0xf4 -> LaneArithmetic.multiplyEvenInts(x, y);
      case 0xf6 -> LaneArithmetic.differences(x, y);
      case 0x76 -> LaneArithmetic.equalInts(x, y);
      case 0x66 -> LaneArithmetic.greaterInts(x, y);
      case 0x74, 0x64, 0xd8, 0xda, 0xdc, 0xde, 0xe0, 0xe8, 0xec -> bytes(opcode, x, y);
      default -> words(opcode, x, y);
    };
  }

  private static int clamp(int value, int least, int most) {
    return value < least ? least : Math.min(value, most);
  }

  private static long bytes(int opcode, long x, long y) {
    return switch (opcode) {
      case 0x74 -> LaneArithmetic.equalBytes(x, y);
      case 0x64 -> LaneArithmetic.greaterBytes(x, y);
      case 0xd8 -> LaneArithmetic.subtractBytesToZero(x, y);
      case 0xda -> LaneArithmetic.minimumBytes(x, y);
      case 0xdc -> LaneArithmetic.addBytesToMost(x, y);
      case 0xde -> LaneArithmetic.maximumBytes(x, y);
      case 0xe0 -> LaneArithmetic.averageBytes(x, y);
      default -> saturated(opcode, x, y);
    };
  }

  /** PSUBSB and PADDSB. */
  private static long saturated(int opcode, long x, long y) {
    long result = 0;
    for (int i = 0; i < 64; i += 8) {
      int a = (byte) (x >>> i);
      int b = (byte) (y >>> i);
      result |= (clamp(opcode == 0xe8 ? a - b : a + b, -128, 127) & 0xffL) << i;
    }
    return result;
  }

  private static long words(int opcode, long x, long y) {
    return switch (opcode) {
      case 0x75 -> LaneArithmetic.equalWords(x, y);
      case 0x65 -> LaneArithmetic.greaterWords(x, y);
      case 0xd5 -> LaneArithmetic.multiplyWords(x, y);
      case 0xd9 -> LaneArithmetic.subtractWordsToZero(x, y);
      case 0xdd -> LaneArithmetic.addWordsToMost(x, y);
      case 0xea -> LaneArithmetic.minimumWords(x, y);
      case 0xee -> LaneArithmetic.maximumWords(x, y);
      case 0xf5 -> LaneArithmetic.multiplyAddWords(x, y);
      default -> eachWord(opcode, x, y);
    };
  }

  private static long eachWord(int opcode, long x, long y) {
    long result = 0;
    for (int i = 0; i < 64; i += 16) {
      int a = (short) (x >>> i);
      int b = (short) (y >>> i);
      int ua = a & 0xffff;
      int ub = b & 0xffff;
      int v =
          switch (opcode) {
            case 0xe3 -> (ua + ub + 1) >> 1;
            case 0xe4 -> (ua * ub) >>> 16;
            case 0xe5 -> (a * b) >> 16;
            case 0xe9 -> clamp(a - b, -32768, 32767);
            case 0xed -> clamp(a + b, -32768, 32767);
            default -> throw new IllegalArgumentException("opcode " + opcode);
          };
      result |= (v & 0xffffL) << i;
    }
    return result;
  }

  /** How the instruction with an opcode shifts, as {@link #shift} takes it. */
  static int direction(int opcode) {
    return opcode >> 4 == 0xd ? 0 : opcode >> 4 == 0xe ? 1 : 2;
  }

  /** The same of the groups that shift by an immediate; -1 if there is none such. */
  static int direction(int opcode, int which) {
    if ((which & 1) != 0 || which == 0 || (which == 4 && opcode == 0x73)) {
      return -1;
    }
    return (which >> 1) - 1;
  }

  /** Shifts elements of 1 << size bytes; 0: right, 1: arithmetically right, 2: left. */
  static long shift(int how, int size, long x, long count) {
    return switch (how << 2 | size) {
      case 1 -> LaneShuffles.shiftWordsRight(x, count);
      case 2 -> LaneShuffles.shiftIntsRight(x, count);
      case 3 -> LaneShuffles.shiftRight(x, count);
      case 5 -> LaneShuffles.shiftWordsArithmetic(x, count);
      case 6 -> LaneShuffles.shiftIntsArithmetic(x, count);
      case 9 -> LaneShuffles.shiftWordsLeft(x, count);
      case 10 -> LaneShuffles.shiftIntsLeft(x, count);
      default -> LaneShuffles.shiftLeft(x, count);
    };
  }

  /** Four words, or two ints, narrowed with saturation to 32 bits. */
  static long pack(int opcode, long x) {
    long result = 0;
    if (opcode == 0x6b) {
      result = clamp((int) x, -32768, 32767) & 0xffff;
      return result | (clamp((int) (x >>> 32), -32768, 32767) & 0xffffL) << 16;
    }
    for (int i = 0; i < 4; i++) {
      int word = (short) (x >>> (16 * i));
      int v = opcode == 0x63 ? clamp(word, -128, 127) : clamp(word, 0, 255);
      result |= (v & 0xffL) << (8 * i);
    }
    return result;
  }

  /** Elements of the low halves of both in turn. */
  static long interleave(int size, long x, long y) {
    return switch (size) {
      case 0 -> LaneShuffles.lowBytes(x, y);
      case 1 -> LaneShuffles.lowWords(x, y);
      default -> LaneShuffles.lowLow(x, y);
    };
  }

  /** The top bits of the bytes. */
  static int signs(long x) {
    return (int) (((x & BYTES_TOP) * 0x02040810204081L) >>> 56);
  }
}
