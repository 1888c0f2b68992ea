// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.translate;

import dev.strata.system.cpu.ir.Block;
import dev.strata.system.cpu.ir.Op;

/** Which slots an operation reads and writes. */
final class OperandUse {
  private OperandUse() {}

  private static long destination(long w) {
    return 1L << ((int) (w >>> 12) & 63);
  }

  private static long x(long w) {
    return 1L << ((int) (w >>> 18) & 63);
  }

  private static long y(long w) {
    return (w & Op.IMMEDIATE) != 0 ? 0 : 1L << ((int) (w >>> 24) & 63);
  }

  /** Slots read, as bits. */
  static long reads(long w) {
    return switch ((int) w & 127) {
      case Op.MOVE, Op.SIGN_EXTEND, Op.SET_HALF, Op.SET_FLAGS, Op.FUNCTION_WITH_SLOT -> y(w);
      case Op.CONSTANT, Op.SET, Op.BRANCH, Op.JUMP, Op.GET_HALF, Op.FUNCTION_OF_HALVES -> 0;
      case Op.INCREMENT, Op.DECREMENT, Op.EXTRACT_HIGH8, Op.BRANCH_IF, Op.JUMP_TO -> x(w);
      case Op.LEAVE_IF, Op.REVERSE_BYTES -> x(w);
      case Op.INSERT8, Op.INSERT_HIGH8, Op.INSERT16 -> destination(w) | y(w);
      case Op.STORE -> x(w) | y(w) | destination(w);
      case Op.SELECT, Op.LOWEST_BIT, Op.HIGHEST_BIT -> x(w) | destination(w);
      case Op.CALL_IF -> x(w) | y(w) | destination(w) | 1L << Op.condition(w);
      case Op.CALL, Op.CALL_AND_LEAVE -> x(w) | 1L << ((int) (w >>> 24) & 63);
      default -> x(w) | y(w);
    };
  }

  /** Slots written. */
  static long writes(long w) {
    return switch ((int) w & 127) {
      case Op.STORE, Op.BRANCH, Op.BRANCH_IF, Op.JUMP, Op.JUMP_TO -> 0;
      case Op.CALL_AND_LEAVE, Op.LEAVE_IF, Op.PROBE, Op.SET_FLAGS -> 0;
      case Op.SET_HALF, Op.FUNCTION_OF_HALVES, Op.FUNCTION_WITH_SLOT -> 0;
      default -> destination(w);
    };
  }

  /** Whether it reaches a half of a vector. */
  static boolean reachesHalves(long w) {
    return switch ((int) w & 127) {
      case Op.GET_HALF, Op.SET_HALF, Op.FUNCTION_OF_HALVES, Op.FUNCTION_WITH_SLOT -> true;
      default -> false;
    };
  }

  /** Whether all of a block can be translated. */
  static boolean translatable(Block block, SlotRoles roles) {
    long fixed = 1L << roles.pc() | 1L << roles.zero();
    for (long w : block.code) {
      int operation = (int) w & 127;
      if (operation > Op.LAST
          || (writes(w) & fixed) != 0
          || (operation == Op.SET && (w & Op.IMMEDIATE) == 0)) {
        return false;
      }
    }
    return true;
  }
}
