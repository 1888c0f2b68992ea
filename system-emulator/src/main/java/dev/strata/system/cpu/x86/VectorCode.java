// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import static dev.strata.system.cpu.x86.Slots.SINK;
import static dev.strata.system.cpu.x86.Slots.ZERO;

import dev.strata.system.cpu.ir.Op;

/**
 * Operations on what a vector instruction reaches: the destination's register, of ModRM's reg, and
 * the source, of its rm, as halves. A source in memory is read into slots before anything is
 * written.
 */
final class VectorCode {
  final Operands in;
  private final int[] read = new int[2];

  VectorCode(Operands in) {
    this.in = in;
  }

  /** The number of a half of the destination. */
  int to(int half) {
    return 2 * in.reg + half;
  }

  /** The number of a half of the source, if that is a register. */
  int from(int half) {
    return 2 * in.rm + half;
  }

  /** Whether the source is the destination's register. */
  boolean isSame() {
    return in.isRegister() && in.reg == in.rm;
  }

  // --- halves and slots ---

  /** A slot with a half by its number. */
  int get(int half) {
    int t = in.temporary();
    in.out.add(Op.GET_HALF, 3, t, half, 0, 0);
    return t;
  }

  void set(int half, int slot) {
    in.out.add(Op.SET_HALF, 3, half, ZERO, slot, 0);
  }

  /** Sets a half to a half. */
  void move(int half, int other) {
    combine(VectorFunction.SECOND, half, other, other);
  }

  /** Sets a half to a function of two halves. */
  void combine(VectorFunction function, int half, int a, int b) {
    in.out.add(Op.FUNCTION_OF_HALVES, 3, half, a, b, function.ordinal());
  }

  /** Sets a half to a function of a half and a slot. */
  void combineSlot(VectorFunction function, int half, int a, int slot) {
    in.out.add(Op.FUNCTION_WITH_SLOT, 3, half, a, slot, function.ordinal());
  }

  /** Sets a half to a function of a half and a constant of 8 bits. */
  void combineConstant(VectorFunction function, int half, int a, int constant) {
    int immediate = function.ordinal() | constant << 16;
    in.out.add(Op.pack(Op.FUNCTION_OF_HALVES, 3, half, a, 0, immediate) | Op.IMMEDIATE);
  }

  /** A slot with a function of two slots. */
  int function(VectorFunction function, int a, int b) {
    int t = in.temporary();
    in.out.add(Op.FUNCTION, 3, t, a, b, function.ordinal());
    return t;
  }

  /** A slot with a function of a slot and a constant of 8 bits. */
  int functionOfConstant(VectorFunction function, int a, int constant) {
    int t = in.temporary();
    int immediate = function.ordinal() | constant << 16;
    in.out.add(Op.pack(Op.FUNCTION, 3, t, a, 0, immediate) | Op.IMMEDIATE);
    return t;
  }

  /** A slot with plain arithmetic of a slot and a constant. */
  int withConstant(int operation, int a, int constant) {
    int t = in.temporary();
    in.out.add(Op.pack(operation, 3, t, a, 0, constant) | Op.IMMEDIATE);
    return t;
  }

  /** Sets a destination slot by a call, if another slot is not 0. */
  void callIf(int condition, int number, int destination, int a, int b) {
    in.out.add(Op.CALL_IF, 3, destination, a, b, number | condition << 16);
  }

  // --- memory ---

  /** Raises a fault unless the memory operand is aligned. */
  private void needAlignment() {
    int wrong = withConstant(Op.AND, in.address(), 15);
    callIf(wrong, Calls.MISALIGNED, SINK, ZERO, ZERO);
  }

  /** Reads a source of 16 bytes, if it is in memory. */
  void read(boolean aligned) {
    if (in.isRegister()) {
      return;
    }
    in.parts(4, false);
    if (aligned) {
      needAlignment();
    }
    read[0] = in.loadPart(0, 3);
    read[1] = in.loadPart(8, 3);
  }

  /** Writes 16 bytes of halves by their numbers to memory. */
  void write(int low, int high, boolean aligned) {
    in.parts(4, true);
    int first = get(low);
    int second = get(high);
    if (aligned) {
      needAlignment(); // It is all in one page, so that only the first store may fault.
    } else {
      in.probe(3);
    }
    in.storePart(0, 3, first);
    in.storePart(8, 3, second);
  }

  /** A slot with a half of the source that has been read. */
  int source(int half) {
    return in.isRegister() ? get(from(half)) : read[half];
  }

  /** A slot with a source of 1 << size bytes; of a register, with what is above them. */
  int scalar(int size) {
    return in.isRegister() ? get(from(0)) : in.loadMemory(size);
  }

  /** Sets a half to the source's. */
  void moveSource(int half, int ofSource) {
    if (in.isRegister()) {
      move(half, from(ofSource));
    } else {
      set(half, read[ofSource]);
    }
  }

  /** Sets a half to a function of a half, both by their numbers, and of the source's. */
  void combineSource(VectorFunction function, int half, int a, int ofSource) {
    if (in.isRegister()) {
      combine(function, half, a, from(ofSource));
    } else {
      combineSlot(function, half, a, read[ofSource]);
    }
  }
}
