// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import static dev.strata.system.cpu.x86.Slots.ZERO;

import dev.strata.system.cpu.ir.Op;
import org.jspecify.annotations.Nullable;

/**
 * Scalar floating point of XMM registers, decoded to operations: a plain result is computed, and
 * where there is none, {@link CarefulFloats} called.
 */
final class VectorFloats {
  private static final int P66 = Sse.P66;
  private static final int F3 = Sse.F3;
  private static final int F2 = Sse.F2;

  private final Operands in;
  private final VectorCode code;

  VectorFloats(VectorCode code) {
    this.code = code;
    in = code.in;
  }

  /** An opcode behind 0F; false, and nothing is emitted, if it is none of these. */
  boolean instruction(int opcode, int kind) {
    if (opcode == 0x2e || opcode == 0x2f) {
      order(opcode, kind);
      return true;
    }
    if (kind != F3 && kind != F2) {
      return false;
    }
    VectorFunction arithmetic = arithmetic(opcode, kind == F2);
    if (arithmetic != null) {
      int y = code.scalar(kind == F2 ? 3 : 2);
      int x = code.get(code.to(0));
      set(kind == F2, result(arithmetic, opcode, kind, x, y, mode()));
      return true;
    }
    switch (opcode) {
      case 0x2a -> ofInteger(kind);
      case 0x2c, 0x2d -> toInteger(opcode, kind);
      case 0x5a -> resize(kind);
      default -> {
        return false;
      }
    }
    return true;
  }

  private static @Nullable VectorFunction arithmetic(int opcode, boolean doubles) {
    return switch (opcode) {
      case 0x51 -> doubles ? VectorFunction.ROOT_OF_DOUBLE : VectorFunction.ROOT_OF_FLOAT;
      case 0x58 -> doubles ? VectorFunction.ADD_DOUBLES : VectorFunction.ADD_FLOATS;
      case 0x59 -> doubles ? VectorFunction.MULTIPLY_DOUBLES : VectorFunction.MULTIPLY_FLOATS;
      case 0x5c -> doubles ? VectorFunction.SUBTRACT_DOUBLES : VectorFunction.SUBTRACT_FLOATS;
      case 0x5e -> doubles ? VectorFunction.DIVIDE_DOUBLES : VectorFunction.DIVIDE_FLOATS;
      default -> null;
    };
  }

  /** A slot that is 0 if plain results are right. */
  private int mode() {
    return code.get(ExtendedState.CAREFUL);
  }

  /** A slot with the plain result, or the careful one. */
  private int result(VectorFunction function, int opcode, int kind, int x, int y, int mode) {
    int result = code.function(function, x, y);
    int careful = code.function(VectorFunction.IS_CAREFUL, result, mode);
    code.callIf(careful, number(opcode, kind), result, x, y);
    return result;
  }

  private int number(int opcode, int kind) {
    return Calls.CAREFULLY | kind << 8 | opcode | (in.size == 3 ? 1 << 10 : 0);
  }

  private void set(boolean doubles, int value) {
    if (doubles) {
      code.set(code.to(0), value);
    } else {
      code.combineSlot(VectorFunction.INSERT_LOW, code.to(0), code.to(0), value);
    }
  }

  /** UCOMISx and COMISx. */
  private void order(int opcode, int kind) {
    boolean doubles = kind == P66;
    int y = code.scalar(doubles ? 3 : 2);
    int x = code.get(code.to(0));
    VectorFunction function = doubles ? VectorFunction.ORDER_DOUBLES : VectorFunction.ORDER_FLOATS;
    int flags = result(function, opcode, kind, x, y, ZERO); // however MXCSR rounds
    in.out.add(Op.SET_FLAGS, 3, Slots.SINK, ZERO, flags, 0);
  }

  private void ofInteger(int kind) {
    boolean whole = in.size == 3;
    boolean doubles = kind == F2;
    int value = in.isRegister() ? in.rm : in.loadMemory(whole ? 3 : 2);
    int y = in.temporary();
    in.out.add(whole ? Op.MOVE : Op.SIGN_EXTEND, whole ? 3 : 2, y, ZERO, value, 0);
    int result =
        code.function(
            doubles ? VectorFunction.INTEGER_TO_DOUBLE : VectorFunction.INTEGER_TO_FLOAT, ZERO, y);
    if (whole || !doubles) {
      code.callIf(mode(), number(0x2a, kind), result, ZERO, y); // It may be inexact.
    }
    set(doubles, result);
  }

  private void toInteger(int opcode, int kind) {
    boolean whole = in.size == 3;
    int y = code.scalar(kind == F2 ? 3 : 2);
    VectorFunction function;
    if (opcode == 0x2d && kind == F2) {
      function = whole ? VectorFunction.ROUND_TO_LONG : VectorFunction.ROUND_TO_INT;
    } else if (opcode == 0x2d) {
      function = whole ? VectorFunction.ROUND_FLOAT_TO_LONG : VectorFunction.ROUND_FLOAT_TO_INT;
    } else if (kind == F2) {
      function = whole ? VectorFunction.DOUBLE_TO_LONG : VectorFunction.DOUBLE_TO_INT;
    } else {
      function = whole ? VectorFunction.FLOAT_TO_LONG : VectorFunction.FLOAT_TO_INT;
    }
    int result = result(function, opcode, kind, ZERO, y, mode());
    in.writeRegister(whole ? 3 : 2, in.reg, result);
  }

  /** CVTSS2SD and CVTSD2SS. */
  private void resize(int kind) {
    boolean ofDouble = kind == F2;
    int y = code.scalar(ofDouble ? 3 : 2);
    VectorFunction function =
        ofDouble ? VectorFunction.DOUBLE_TO_FLOAT : VectorFunction.FLOAT_TO_DOUBLE;
    int result = result(function, 0x5a, kind, ZERO, y, ofDouble ? mode() : ZERO);
    set(!ofDouble, result);
  }
}
