// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import static dev.strata.system.cpu.x86.Slots.ZERO;

import dev.strata.system.cpu.ir.Op;
import org.jspecify.annotations.Nullable;

/** Integers, logic, shuffles and shifts of XMM registers, decoded to operations. */
final class VectorIntegers {
  private static final int NONE = Sse.NONE;
  private static final int P66 = Sse.P66;
  private static final int F3 = Sse.F3;

  private static final VectorFunction[] JOINS = {
    VectorFunction.LOW_LOW,
    VectorFunction.HIGH_LOW,
    VectorFunction.LOW_HIGH,
    VectorFunction.HIGH_HIGH
  };

  private final Operands in;
  private final VectorCode code;

  VectorIntegers(VectorCode code) {
    this.code = code;
    in = code.in;
  }

  /** An opcode behind 0F; false, and nothing is emitted, if it is none of these. */
  boolean instruction(int opcode, int kind, int immediate) {
    boolean floats = opcode < 0x60 || opcode == 0xc6;
    if (kind > P66 ? opcode != 0x70 : kind == NONE && !floats) {
      return false;
    }
    VectorFunction lanes = lanes(opcode);
    if (lanes != null) {
      lanes(lanes);
      return true;
    }
    switch (opcode) {
      case 0x14, 0x15, 0x60, 0x61, 0x62, 0x68, 0x69, 0x6a, 0x6c, 0x6d -> unpack(opcode, kind);
      case 0x63 -> pack(VectorFunction.PACK_SIGNED_WORDS);
      case 0x67 -> pack(VectorFunction.PACK_UNSIGNED_WORDS);
      case 0x6b -> pack(VectorFunction.PACK_INTS);
      case 0x70 -> {
        code.read(true);
        if (kind == P66) {
          shuffle(immediate);
        } else {
          shuffleWords(kind == F3 ? 1 : 0, immediate);
        }
      }
      case 0xc6 -> shuffleFloats(kind == P66, immediate);
      case 0x71, 0x72, 0x73 -> shiftByImmediate(opcode, immediate);
      case 0xd1, 0xd2, 0xd3, 0xe1, 0xe2, 0xf1, 0xf2, 0xf3 -> {
        code.read(true);
        VectorFunction shift = shift(PackedIntegers.direction(opcode), opcode & 3);
        int count = code.source(0);
        code.combineSlot(shift, code.to(0), code.to(0), count);
        code.combineSlot(shift, code.to(1), code.to(1), count);
      }
      default -> {
        return false;
      }
    }
    return true;
  }

  /** What some instructions do to each half. */
  private static @Nullable VectorFunction lanes(int opcode) {
    return switch (opcode) {
      case 0x54, 0xdb -> VectorFunction.AND;
      case 0x55, 0xdf -> VectorFunction.AND_NOT;
      case 0x56, 0xeb -> VectorFunction.OR;
      case 0x57, 0xef -> VectorFunction.XOR;
      case 0x64 -> VectorFunction.GREATER_BYTES;
      case 0x65 -> VectorFunction.GREATER_WORDS;
      case 0x66 -> VectorFunction.GREATER_INTS;
      case 0x74 -> VectorFunction.EQUAL_BYTES;
      case 0x75 -> VectorFunction.EQUAL_WORDS;
      case 0x76 -> VectorFunction.EQUAL_INTS;
      case 0xd4 -> VectorFunction.ADD;
      case 0xd5 -> VectorFunction.MULTIPLY_WORDS;
      case 0xd8 -> VectorFunction.SUBTRACT_BYTES_TO_ZERO;
      case 0xd9 -> VectorFunction.SUBTRACT_WORDS_TO_ZERO;
      case 0xda -> VectorFunction.MINIMUM_BYTES;
      case 0xdc -> VectorFunction.ADD_BYTES_TO_MOST;
      case 0xdd -> VectorFunction.ADD_WORDS_TO_MOST;
      case 0xde -> VectorFunction.MAXIMUM_BYTES;
      case 0xe0 -> VectorFunction.AVERAGE_BYTES;
      case 0xea -> VectorFunction.MINIMUM_WORDS;
      case 0xee -> VectorFunction.MAXIMUM_WORDS;
      case 0xf4 -> VectorFunction.MULTIPLY_EVEN_INTS;
      case 0xf5 -> VectorFunction.MULTIPLY_ADD_WORDS;
      case 0xf6 -> VectorFunction.DIFFERENCES;
      case 0xf8 -> VectorFunction.SUBTRACT_BYTES;
      case 0xf9 -> VectorFunction.SUBTRACT_WORDS;
      case 0xfa -> VectorFunction.SUBTRACT_INTS;
      case 0xfb -> VectorFunction.SUBTRACT;
      case 0xfc -> VectorFunction.ADD_BYTES;
      case 0xfd -> VectorFunction.ADD_WORDS;
      case 0xfe -> VectorFunction.ADD_INTS;
      default -> null;
    };
  }

  private void lanes(VectorFunction function) {
    if (function == VectorFunction.XOR && code.isSame()) {
      code.set(code.to(0), ZERO);
      code.set(code.to(1), ZERO);
      return;
    }
    code.read(true);
    code.combineSource(function, code.to(0), code.to(0), 0);
    code.combineSource(function, code.to(1), code.to(1), 1);
  }

  // A half is written when nothing reads it any more, be the source the same register.

  private void unpack(int opcode, int kind) {
    code.read(true);
    boolean upper = opcode >= 0x68 ? opcode != 0x6c : opcode == 0x15;
    boolean wholes = opcode >= 0x6c || (opcode < 0x60 && kind == P66);
    if (wholes) {
      if (upper) {
        code.move(code.to(0), code.to(1));
      }
      code.moveSource(code.to(1), upper ? 1 : 0);
      return;
    }
    int from = upper ? 1 : 0;
    int first = 1 - from;
    code.combineSource(interleave(opcode, first), code.to(first), code.to(from), from);
    code.combineSource(interleave(opcode, from), code.to(from), code.to(from), from);
  }

  private static VectorFunction interleave(int opcode, int half) {
    return switch (opcode) {
      case 0x60, 0x68 -> half == 0 ? VectorFunction.LOW_BYTES : VectorFunction.HIGH_BYTES;
      case 0x61, 0x69 -> half == 0 ? VectorFunction.LOW_WORDS : VectorFunction.HIGH_WORDS;
      default -> half == 0 ? VectorFunction.LOW_LOW : VectorFunction.HIGH_HIGH;
    };
  }

  private void pack(VectorFunction function) {
    code.read(true);
    if (in.isRegister()) {
      code.combine(function, code.to(0), code.to(0), code.to(1));
      if (code.isSame()) {
        code.move(code.to(1), code.to(0));
      } else {
        code.combine(function, code.to(1), code.from(0), code.from(1));
      }
    } else {
      int high = code.function(function, code.source(0), code.source(1));
      code.combine(function, code.to(0), code.to(0), code.to(1));
      code.set(code.to(1), high);
    }
  }

  // --- shuffles ---

  /** What takes of each of two halves the doubleword that two bits of an immediate name. */
  private static VectorFunction join(int by) {
    return JOINS[(by & 1) | (by >> 1 & 2)];
  }

  private static int firstHalf(int by) {
    return by >> 1 & 1;
  }

  private static int secondHalf(int by) {
    return by >> 3 & 1;
  }

  /** PSHUFD. */
  private void shuffle(int by) {
    if (in.isRegister() && !code.isSame()) {
      for (int half = 0; half < 2; half++) {
        int bits = by >> (4 * half);
        int a = code.from(firstHalf(bits));
        code.combine(join(bits), code.to(half), a, code.from(secondHalf(bits)));
      }
      return;
    }
    int[] source = {code.source(0), code.source(1)};
    int low = joined(source, by);
    int high = joined(source, by >> 4);
    code.set(code.to(0), low);
    code.set(code.to(1), high);
  }

  private int joined(int[] halves, int by) {
    return code.function(join(by), halves[firstHalf(by)], halves[secondHalf(by)]);
  }

  /** PSHUFLW and PSHUFHW. */
  private void shuffleWords(int half, int by) {
    if (in.isRegister()) {
      code.combineConstant(VectorFunction.SHUFFLE_WORDS, code.to(half), code.from(half), by);
    } else {
      int source = code.source(half);
      int t = code.functionOfConstant(VectorFunction.SHUFFLE_WORDS, source, by);
      code.set(code.to(half), t);
    }
    code.moveSource(code.to(1 - half), 1 - half);
  }

  /** SHUFPS and SHUFPD. */
  private void shuffleFloats(boolean doubles, int by) {
    code.read(true);
    int[] first = {code.get(code.to(0)), code.get(code.to(1))};
    int[] second = {code.source(0), code.source(1)};
    int low = doubles ? first[by & 1] : joined(first, by);
    int high = doubles ? second[by >> 1 & 1] : joined(second, by >> 4);
    code.set(code.to(0), low);
    code.set(code.to(1), high);
  }

  /** PSHUFB. */
  void shuffleBytes() {
    code.read(true);
    int low = code.get(code.to(0));
    int high = code.get(code.to(1));
    int[] results = new int[2];
    for (int half = 0; half < 2; half++) {
      int by = code.source(half);
      int a = code.function(VectorFunction.SHUFFLE_LOW, low, by);
      int b = code.function(VectorFunction.SHUFFLE_HIGH, high, by);
      results[half] = code.function(VectorFunction.OR, a, b);
    }
    code.set(code.to(0), results[0]);
    code.set(code.to(1), results[1]);
  }

  // --- shifts ---

  private static VectorFunction shift(int how, int size) {
    return switch (how) {
      case 0 ->
          size == 1
              ? VectorFunction.SHIFT_WORDS_RIGHT
              : size == 2 ? VectorFunction.SHIFT_INTS_RIGHT : VectorFunction.SHIFT_RIGHT;
      case 1 ->
          size == 1 ? VectorFunction.SHIFT_WORDS_ARITHMETIC : VectorFunction.SHIFT_INTS_ARITHMETIC;
      default ->
          size == 1
              ? VectorFunction.SHIFT_WORDS_LEFT
              : size == 2 ? VectorFunction.SHIFT_INTS_LEFT : VectorFunction.SHIFT_LEFT;
    };
  }

  private void shiftByImmediate(int opcode, int by) {
    int which = in.reg & 7;
    if (opcode == 0x73 && (which & 3) == 3) {
      int low = code.get(code.from(0));
      int high = code.get(code.from(1));
      int n = Math.min(by, 16);
      if (which == 3) {
        align(code.from(0), n, low, high, ZERO, ZERO);
      } else {
        align(code.from(0), 16 - n, ZERO, ZERO, low, high);
      }
      return;
    }
    int how = PackedIntegers.direction(opcode, which);
    if (how < 0) {
      in.undefined();
      return;
    }
    VectorFunction function = shift(how, opcode & 3);
    code.combineConstant(function, code.from(0), code.from(0), by);
    code.combineConstant(function, code.from(1), code.from(1), by);
  }

  /** PALIGNR. */
  void align(int by) {
    code.read(true);
    int low = code.source(0);
    int high = code.source(1);
    align(code.to(0), by, low, high, code.get(code.to(0)), code.get(code.to(1)));
  }

  /** Sets a register to 16 bytes of four words in a row, behind which are zeros. */
  private void align(int register, int at, int... words) {
    int low = bytes(at, words);
    int high = bytes(at + 8, words);
    code.set(register, low);
    code.set(register + 1, high);
  }

  private int bytes(int at, int[] words) {
    int first = word(at >> 3, words);
    int bits = 8 * (at & 7);
    if (bits == 0) {
      return first;
    }
    int low = code.withConstant(Op.SHIFT_RIGHT, first, bits);
    int high = code.withConstant(Op.SHIFT_LEFT, word((at >> 3) + 1, words), 64 - bits);
    int t = in.temporary();
    in.out.add(Op.OR, 3, t, low, high, 0);
    return t;
  }

  private static int word(int which, int[] words) {
    return which < words.length ? words[which] : ZERO;
  }
}
