// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

/**
 * What MMX instructions do to 64 bits, and SSE2 ones to each half of a register (Intel SDM, volume
 * 2). Operations are named by their opcode after 0F.
 */
final class PackedIntegers {
  private PackedIntegers() {}

  private static final long BYTES_TOP = 0x8080808080808080L;
  private static final long BYTES_LOWEST = 0x0101010101010101L;
  private static final long WORDS_TOP = 0x8000800080008000L;
  private static final long INTS_TOP = 0x8000000080000000L;

  private static long add(long x, long y, long top) {
    return ((x & ~top) + (y & ~top)) ^ ((x ^ y) & top);
  }

  private static long subtract(long x, long y, long top) {
    return ((x | top) - (y & ~top)) ^ ((x ^ ~y) & top);
  }

  /** One half; the destination is x. */
  static long half(int opcode, long x, long y) {
    return switch (opcode) {
      case 0xfc -> add(x, y, BYTES_TOP);
      case 0xfd -> add(x, y, WORDS_TOP);
      case 0xfe -> add(x, y, INTS_TOP);
      case 0xd4 -> x + y;
      case 0xf8 -> subtract(x, y, BYTES_TOP);
      case 0xf9 -> subtract(x, y, WORDS_TOP);
      case 0xfa -> subtract(x, y, INTS_TOP);
      case 0xfb -> x - y;
      case 0xdb, 0x54 -> x & y;
      case 0xdf, 0x55 -> ~x & y;
      case 0xeb, 0x56 -> x | y;
      case 0xef, 0x57 -> x ^ y;
      case 0xf4 -> (x & 0xffffffffL) * (y & 0xffffffffL);
      case 0xf6 -> differences(x, y);
      case 0x74, 0x64, 0xd8, 0xda, 0xdc, 0xde, 0xe0, 0xe8, 0xec -> bytes(opcode, x, y);
      case 0x76, 0x66 -> ints(opcode, x, y);
      default -> words(opcode, x, y);
    };
  }

  private static long differences(long x, long y) {
    int sum = 0;
    for (int i = 0; i < 64; i += 8) {
      sum += Math.abs((int) (x >>> i & 0xff) - (int) (y >>> i & 0xff));
    }
    return sum;
  }

  private static int clamp(int value, int least, int most) {
    return value < least ? least : Math.min(value, most);
  }

  // All eight bytes at once: what a comparison finds is in their top bits.

  private static long bytes(int opcode, long x, long y) {
    return switch (opcode) {
      case 0x74 -> whole(equal(x, y));
      case 0x64 -> whole(notLess(y ^ BYTES_TOP, x ^ BYTES_TOP) ^ BYTES_TOP);
      case 0xd8 -> subtract(x, y, BYTES_TOP) & whole(notLess(x, y));
      case 0xda -> choose(whole(notLess(x, y)), y, x);
      case 0xdc -> {
        long sum = add(x, y, BYTES_TOP);
        yield sum | whole(((x & y) | ((x | y) & ~sum)) & BYTES_TOP);
      }
      case 0xde -> choose(whole(notLess(x, y)), x, y);
      case 0xe0 -> (x | y) - (((x ^ y) & ~BYTES_LOWEST) >>> 1);
      default -> saturated(opcode, x, y);
    };
  }

  /** The top bits of the bytes that are the same. */
  static long equal(long x, long y) {
    long different = x ^ y;
    return ~(((different & ~BYTES_TOP) + ~BYTES_TOP) | different) & BYTES_TOP;
  }

  /** The top bits of the bytes that are not less, without signs. */
  private static long notLess(long x, long y) {
    return ((x & ~y) | (~(x ^ y) & ((x | BYTES_TOP) - (y & ~BYTES_TOP)))) & BYTES_TOP;
  }

  /** Bytes of all ones where the top bits are set. */
  private static long whole(long tops) {
    return (tops >>> 7) * 0xff;
  }

  private static long choose(long mask, long ifSet, long otherwise) {
    return (ifSet & mask) | (otherwise & ~mask);
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
    long result = 0;
    for (int i = 0; i < 64; i += 16) {
      int a = (short) (x >>> i);
      int b = (short) (y >>> i);
      int ua = a & 0xffff;
      int ub = b & 0xffff;
      int v =
          switch (opcode) {
            case 0x75 -> a == b ? 0xffff : 0;
            case 0x65 -> a > b ? 0xffff : 0;
            case 0xd5 -> a * b;
            case 0xd9 -> Math.max(ua - ub, 0);
            case 0xdd -> Math.min(ua + ub, 0xffff);
            case 0xe3 -> (ua + ub + 1) >> 1;
            case 0xe4 -> (ua * ub) >>> 16;
            case 0xe5 -> (a * b) >> 16;
            case 0xe9 -> clamp(a - b, -32768, 32767);
            case 0xea -> Math.min(a, b);
            case 0xed -> clamp(a + b, -32768, 32767);
            case 0xee -> Math.max(a, b);
            case 0xf5 -> 0;
            default -> throw new IllegalArgumentException("opcode " + opcode);
          };
      result |= (v & 0xffffL) << i;
    }
    return opcode == 0xf5 ? multiplyAdd(x, y) : result;
  }

  private static long multiplyAdd(long x, long y) {
    int low = (short) x * (short) y + (short) (x >>> 16) * (short) (y >>> 16);
    int high = (short) (x >>> 32) * (short) (y >>> 32) + (short) (x >>> 48) * (short) (y >>> 48);
    return (low & 0xffffffffL) | (long) high << 32;
  }

  private static long ints(int opcode, long x, long y) {
    boolean equal = opcode == 0x76;
    int a = (int) x;
    int b = (int) y;
    long low = (equal ? a == b : a > b) ? 0xffffffffL : 0;
    a = (int) (x >>> 32);
    b = (int) (y >>> 32);
    return low | ((equal ? a == b : a > b) ? 0xffffffffL << 32 : 0);
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
    int bits = 8 << size;
    boolean beyond = Long.compareUnsigned(count, bits) >= 0;
    if (beyond && how != 1) {
      return 0;
    }
    int n = beyond ? bits - 1 : (int) count;
    long result = 0;
    for (int i = 0; i < 64; i += bits) {
      long v = x << (64 - bits - i);
      long element =
          switch (how) {
            case 0 -> v >>> (64 - bits) >>> n;
            case 1 -> v >> (64 - bits) >> n;
            default -> v >>> (64 - bits) << n;
          };
      result |= (element & -1L >>> (64 - bits)) << i;
    }
    return result;
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
    if (size == 2) {
      return (x & 0xffffffffL) | y << 32;
    }
    int bits = 8 << size;
    long mask = (1L << bits) - 1;
    long result = 0;
    for (int i = 0; i < 32; i += bits) {
      result |= (x >>> i & mask) << (2 * i);
      result |= (y >>> i & mask) << (2 * i + bits);
    }
    return result;
  }

  /** Words chosen by two bits each. */
  static long shuffleWords(long x, int by) {
    long result = 0;
    for (int i = 0; i < 4; i++) {
      result |= (x >>> (16 * (by >> (2 * i) & 3)) & 0xffff) << (16 * i);
    }
    return result;
  }

  /** The top bits of the bytes. */
  static int signs(long x) {
    return (int) (((x & BYTES_TOP) * 0x02040810204081L) >>> 56);
  }
}
