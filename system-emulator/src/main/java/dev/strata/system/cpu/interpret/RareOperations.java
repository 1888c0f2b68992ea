// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.interpret;

import dev.strata.system.cpu.ir.Op;
import dev.strata.system.cpu.ir.PureFunction;
import java.util.List;
import java.util.function.LongBinaryOperator;

/**
 * Operations that the interpreter's loop leaves to this: the JIT compiles that loop as a whole, and
 * each operation there costs the others.
 */
final class RareOperations {
  private final Interpreter core;
  private final long[] slots;
  private final long[] vectors;
  private final LongBinaryOperator[] functions;

  RareOperations(Interpreter core, List<PureFunction> functions) {
    this.core = core;
    slots = core.slots;
    vectors = core.vectors;
    this.functions =
        functions.stream().map(PureFunction::operator).toArray(LongBinaryOperator[]::new);
  }

  /** Runs one of which {@link Interpreter#at} tells where it is, with its operands. */
  void run(long w, long x, long y) {
    int shift = 64 - (8 << ((int) (w >>> 7) & 3));
    int d = (int) (w >>> 12) & 63;
    switch ((int) w & 127) {
      case Op.BIT -> {
        long bit = x >>> ((int) y & (63 - shift)) & 1;
        if ((w & Op.FLAGS) != 0) {
          core.carry(bit);
        }
        slots[d] = bit;
      }
      case Op.LOWEST_BIT -> {
        if (x << shift != 0) {
          slots[d] = Long.numberOfTrailingZeros(x);
        }
      }
      case Op.HIGHEST_BIT -> {
        if (x << shift != 0) {
          slots[d] = 63L - shift - Long.numberOfLeadingZeros(x << shift);
        }
      }
      case Op.HIGH_PRODUCT -> product(true, w, shift, x << shift >> shift, y << shift >> shift);
      case Op.HIGH_PRODUCT_UNSIGNED ->
          product(false, w, shift, x << shift >>> shift, y << shift >>> shift);
      case Op.REVERSE_BYTES -> slots[d] = Long.reverseBytes(x) >>> shift;
      case Op.GET_HALF -> slots[d] = vectors[(int) (w >>> 18) & 63];
      case Op.SET_HALF -> vectors[d] = y;
      case Op.FUNCTION -> {
        long second = (w & Op.IMMEDIATE) != 0 ? w >> 48 : y;
        slots[d] = function(w, x, second) << shift >>> shift;
      }
      case Op.FUNCTION_OF_HALVES -> {
        long second = (w & Op.IMMEDIATE) != 0 ? w >> 48 : vectors[(int) (w >>> 24) & 63];
        vectors[d] = function(w, vectors[(int) (w >>> 18) & 63], second);
      }
      case Op.FUNCTION_WITH_SLOT -> vectors[d] = function(w, vectors[(int) (w >>> 18) & 63], y);
      case Op.SET_FLAGS -> core.flags(y);
      case Op.CALL_IF -> {
        if (slots[Op.condition(w)] != 0) {
          slots[d] = core.call((int) (w >>> 32) & 0xffff, x, y, 0);
        }
      }
      case Op.PROBE -> {
        long address = x + (y << ((int) w >>> 10 & 3)) + (w >> 32);
        core.probe((w & Op.ADDRESS32) != 0 ? address & 0xffffffffL : address, Op.width(w));
      }
      default -> throw new IllegalStateException("operation " + (w & 127));
    }
  }

  private long function(long w, long a, long b) {
    return functions[Op.function(w)].applyAsLong(a, b);
  }

  private void product(boolean signed, long w, int shift, long x, long y) {
    if ((w & Op.FLAGS) != 0) {
      core.set(Flags.RESULT, shift, Flags.multipliedWhole(signed, shift, x, y), 0, x * y);
    }
    long high = shift == 0 ? Flags.highProduct(signed, x, y) : (x * y) >>> 32;
    slots[(int) (w >>> 12) & 63] = high;
  }
}
