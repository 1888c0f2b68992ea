// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.translate;

import dev.strata.system.cpu.interpret.Flags;
import dev.strata.system.cpu.ir.Op;

/**
 * What is known, when a region is translated, of what the flags follow from at a place.
 *
 * @param kind one of the constants here, or of {@link Flags}
 * @param shift 64 − the operands' bits
 */
record FlagKnowledge(int kind, int shift) {
  /** A result whose carry, adjust and overflow are off. */
  static final int LOGIC = 4;

  /** A sum with a carry in. */
  static final int SUM_WITH = 5;

  /** A difference with a borrow in. */
  static final int DIFFERENCE_WITH = 6;

  /** Not known but that the first number has the carry and the overflow. */
  static final int FIRST = 7;

  /** Not known. */
  static final FlagKnowledge NONE = new FlagKnowledge(-1, 0);

  boolean isKnown() {
    return kind >= 0;
  }

  /** As {@link Flags#form} has it; -1 if that is not known. */
  int form() {
    int plain =
        switch (kind) {
          case LOGIC -> Flags.RESULT;
          case SUM_WITH -> Flags.SUM;
          case DIFFERENCE_WITH -> Flags.DIFFERENCE;
          default -> kind;
        };
    return isKnown() && kind != FIRST ? plain | shift << 2 : -1;
  }

  /** What is known after an operation. */
  FlagKnowledge after(long w) {
    int operation = (int) w & 127;
    if (operation == Op.CALL || operation == Op.CALL_AND_LEAVE) {
      return NONE;
    }
    if (operation == Op.SET_FLAGS) {
      return new FlagKnowledge(Flags.EXPLICIT, 0);
    }
    if ((w & Op.FLAGS) == 0) {
      return this;
    }
    if (Op.rotates(operation)) {
      return new FlagKnowledge(Flags.EXPLICIT, 0);
    }
    if (operation == Op.BIT) {
      return withCarry();
    }
    if (!Op.mayDefine(operation)) {
      return this; // to others the bit means something else
    }
    int newShift = Frame.shift(w);
    return switch (operation) {
      case Op.ADD -> new FlagKnowledge(Flags.SUM, newShift);
      case Op.SUBTRACT -> new FlagKnowledge(Flags.DIFFERENCE, newShift);
      case Op.AND, Op.OR, Op.XOR -> new FlagKnowledge(LOGIC, newShift);
      case Op.ADD_CARRY -> new FlagKnowledge(SUM_WITH, newShift);
      case Op.SUBTRACT_BORROW -> new FlagKnowledge(DIFFERENCE_WITH, newShift);
      case Op.SHIFT_LEFT, Op.SHIFT_RIGHT, Op.SHIFT_ARITHMETIC -> {
        var result = new FlagKnowledge(Flags.RESULT, newShift);
        yield (w & Op.IMMEDIATE) == 0 ? meet(result) : count(w) == 0 ? this : result;
      }
      default -> new FlagKnowledge(Flags.RESULT, newShift);
    };
  }

  private FlagKnowledge withCarry() {
    return switch (kind) {
      case Flags.EXPLICIT, FIRST -> this;
      case -1 -> new FlagKnowledge(FIRST, 0);
      default -> new FlagKnowledge(Flags.RESULT, shift);
    };
  }

  /** By how much an operation shifts if that is an immediate. */
  static int count(long w) {
    return (int) (w >> 32) & (Frame.shift(w) == 0 ? 63 : 31);
  }

  /** What holds on either way. */
  FlagKnowledge meet(FlagKnowledge other) {
    if (equals(other)) {
      return this;
    }
    if (form() < 0 || form() != other.form()) {
      return NONE;
    }
    // The same numbers, of which one way knows more.
    int weaker =
        switch (form() & 3) {
          case Flags.SUM -> SUM_WITH;
          case Flags.DIFFERENCE -> DIFFERENCE_WITH;
          default -> Flags.RESULT;
        };
    return new FlagKnowledge(weaker, shift);
  }
}
