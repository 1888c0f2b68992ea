// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import dev.strata.system.cpu.interpret.Flags;

/** PCMPESTRI, PCMPESTRM, PCMPISTRI, PCMPISTRM (Intel SDM, volume 2, 4.1). */
final class StringCompares {
  private static final int EQUAL_ANY = 0;
  private static final int RANGES = 1;
  private static final int EQUAL_EACH = 2;

  private final VectorOperands in;

  // The elements compared, and how many of them are valid.
  private final int[] first = new int[16];
  private final int[] second = new int[16];
  private int firstLength;
  private int secondLength;
  private int elements;

  StringCompares(VectorOperands in) {
    this.in = in;
  }

  /** Gives the index that the forms ending in I set rCX to. */
  long run(int opcode, int immediate) {
    in.read(false);
    elements = (immediate & 1) != 0 ? 8 : 16;
    int how = immediate >> 2 & 3;
    split(in.xmm[in.to()], in.xmm[in.to() + 1], immediate, first);
    split(in.low, in.high, immediate, second);
    boolean explicit = (opcode & 2) == 0;
    firstLength = explicit ? length(Slots.RAX) : length(first);
    secondLength = explicit ? length(Slots.RDX) : length(second);
    int all = (1 << elements) - 1;
    int found = elements == 16 && how != RANGES ? ofBytes(how) : aggregate(how);
    switch (immediate >> 4 & 3) {
      case 1 -> found ^= all;
      case 3 -> found ^= (1 << secondLength) - 1;
      default -> {}
    }
    in.cpu.core.flags(
        (found != 0 ? Flags.CARRY : 0)
            | (secondLength < elements ? Flags.ZERO : 0)
            | (firstLength < elements ? Flags.SIGN : 0)
            | ((found & 1) != 0 ? Flags.OVERFLOW : 0));
    boolean other = (immediate & 1 << 6) != 0;
    if ((opcode & 1) == 0) {
      mask(found, other);
      return 0;
    }
    if (found == 0) {
      return elements;
    }
    return other ? 31 - Integer.numberOfLeadingZeros(found) : Integer.numberOfTrailingZeros(found);
  }

  private void split(long low, long high, int format, int[] to) {
    int bits = 128 / elements;
    for (int i = 0; i < elements; i++) {
      int at = i * bits;
      long element = (at < 64 ? low : high) << (64 - bits - (at & 63));
      to[i] = (int) ((format & 2) != 0 ? element >> (64 - bits) : element >>> (64 - bits));
    }
  }

  /** Up to the first 0. */
  private int length(int[] of) {
    int i = 0;
    while (i < elements && of[i] != 0) {
      i++;
    }
    return i;
  }

  /** What a register says, its sign apart. */
  private int length(int register) {
    long value = in.wide() ? in.cpu.r[register] : (int) in.cpu.r[register];
    if (value == Long.MIN_VALUE) {
      return elements;
    }
    return (int) Math.min(Math.abs(value), elements);
  }

  /** The same as {@link #aggregate}, a byte of the first against all of the second at once. */
  private int ofBytes(int how) {
    int valid = (1 << secondLength) - 1;
    if (how == EQUAL_EACH) {
      int same = equal(in.xmm[in.to()], in.low) | equal(in.xmm[in.to() + 1], in.high) << 8;
      int validFirst = (1 << firstLength) - 1;
      return (same & valid & validFirst) | (0xffff & ~valid & ~validFirst);
    }
    int found = how == EQUAL_ANY ? 0 : 0xffff;
    for (int i = 0; i < firstLength; i++) {
      long all = (first[i] & 0xffL) * 0x0101010101010101L;
      int same = (equal(all, in.low) | equal(all, in.high) << 8) & valid;
      if (how == EQUAL_ANY) {
        found |= same;
      } else {
        found &= same >> i | ~(0xffff >> i); // what is beyond the end is not looked at
      }
    }
    return found & 0xffff;
  }

  private static int equal(long x, long y) {
    return PackedIntegers.signs(LaneArithmetic.equalBytes(x, y));
  }

  private int aggregate(int how) {
    int found = 0;
    for (int j = 0; j < elements; j++) {
      boolean holds =
          switch (how) {
            case EQUAL_ANY -> isAny(j);
            case RANGES -> isInRange(j);
            case EQUAL_EACH ->
                (j < firstLength && j < secondLength)
                    ? first[j] == second[j]
                    : j >= firstLength && j >= secondLength;
            default -> begins(j);
          };
      found |= holds ? 1 << j : 0;
    }
    return found;
  }

  private boolean isAny(int j) {
    for (int i = 0; i < firstLength && j < secondLength; i++) {
      if (first[i] == second[j]) {
        return true;
      }
    }
    return false;
  }

  private boolean isInRange(int j) {
    for (int i = 0; i + 1 < firstLength && j < secondLength; i += 2) {
      if (first[i] <= second[j] && second[j] <= first[i + 1]) {
        return true;
      }
    }
    return false;
  }

  /** Whether the first string, or what fits of it, is at that place of the second. */
  private boolean begins(int j) {
    for (int i = 0; i < firstLength && i + j < elements; i++) {
      if (i + j >= secondLength || first[i] != second[i + j]) {
        return false;
      }
    }
    return true;
  }

  private void mask(int found, boolean wholeElements) {
    if (!wholeElements) {
      in.set(0, found, 0);
      return;
    }
    int bits = 128 / elements;
    long[] halves = new long[2];
    for (int i = 0; i < elements; i++) {
      if ((found >> i & 1) != 0) {
        halves[(i * bits) >> 6] |= -1L >>> (64 - bits) << (i * bits & 63);
      }
    }
    in.set(0, halves[0], halves[1]);
  }
}
