// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.translate;

import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_long;

import dev.strata.system.cpu.ir.Op;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;

/** Arithmetic and moves: what neither branches nor reaches memory. */
final class OperationEmitter {
  private static final ClassDesc LONG = ClassDesc.of("java.lang.Long");
  private static final ClassDesc MATH = ClassDesc.of("java.lang.Math");
  private static final ClassDesc INTEGER = ClassDesc.of("java.lang.Integer");

  private final Frame frame;
  private final CodeBuilder c;
  private final FlagEmitter flags;
  private final AccessEmitter accesses;
  private final HalfEmitter halves;

  OperationEmitter(Frame frame, FlagEmitter flags, AccessEmitter accesses, HostAccess host) {
    halves = new HalfEmitter(frame, host);
    this.frame = frame;
    this.c = frame.c;
    this.flags = flags;
    this.accesses = accesses;
  }

  void operation(Node node, long w) {
    if (((int) w & 127) == Op.SET_FLAGS) {
      frame.y(node, w);
      flags.ofBits(w);
    } else if (OperandUse.reachesHalves(w)) {
      halves.operation(node, w);
    } else {
      withDestination(node, w);
    }
  }

  private void withDestination(Node node, long w) {
    int shift = Frame.shift(w);
    boolean setsFlags = (w & Op.FLAGS) != 0;
    int d = (int) (w >>> 12) & 63;
    switch ((int) w & 127) {
      case Op.MOVE -> {
        frame.y(node, w);
        frame.cut(shift);
      }
      case Op.CONSTANT -> {
        c.loadConstant(node.block.constants[(int) (w >> 32)]);
        frame.cut(shift);
      }
      case Op.ADD, Op.SUBTRACT, Op.AND, Op.OR, Op.XOR, Op.ADD_CARRY, Op.SUBTRACT_BORROW -> {
        binary(node, w);
        if (setsFlags) {
          flags.ofOperands(node, w);
        }
        frame.cut(shift);
      }
      case Op.INCREMENT, Op.DECREMENT -> {
        frame.x(node, w);
        c.lconst_1();
        if (((int) w & 127) == Op.INCREMENT) {
          c.ladd();
        } else {
          c.lsub();
        }
        if (setsFlags) {
          c.lstore(frame.value);
          flags.ofStep(node, w);
          c.lload(frame.value);
        }
        frame.cut(shift);
      }
      case Op.SHIFT_LEFT, Op.SHIFT_RIGHT, Op.SHIFT_ARITHMETIC -> {
        shift(node, w, shift, setsFlags);
        frame.cut(shift);
      }
      case Op.ROTATE_LEFT, Op.ROTATE_RIGHT -> {
        rotate(node, w, shift);
        if (setsFlags) {
          c.lstore(frame.value);
          flags.ofRotation(w);
          c.lload(frame.value);
        }
        frame.cut(shift);
      }
      case Op.MULTIPLY -> {
        frame.x(node, w);
        frame.extend(shift);
        frame.y(node, w);
        frame.extend(shift);
        if (setsFlags) {
          // The second operand's variable is free: the result's flags follow from others.
          c.lstore(frame.second).lstore(frame.address);
          c.lload(frame.address).lload(frame.second).lmul().lstore(frame.value);
          flags.ofProduct(w, frame.address, frame.second);
          c.lload(frame.value);
        } else {
          c.lmul();
        }
        frame.cut(shift);
      }
      case Op.BIT -> {
        frame.x(node, w);
        frame.y(node, w);
        c.l2i().bipush(63 - shift).iand().lushr().lconst_1().land();
        if (setsFlags) {
          c.lstore(frame.value);
          flags.ofBit(w);
          c.lload(frame.value);
        }
      }
      case Op.LOWEST_BIT, Op.HIGHEST_BIT -> scan(node, w, shift, d);
      case Op.HIGH_PRODUCT, Op.HIGH_PRODUCT_UNSIGNED -> wholeProduct(node, w, shift, setsFlags);
      case Op.SIGN_EXTEND -> {
        frame.y(node, w);
        frame.extend(shift);
      }
      case Op.INSERT8 -> insert(node, w, d, 0xffL, 0);
      case Op.INSERT_HIGH8 -> insert(node, w, d, 0xffL, 8);
      case Op.INSERT16 -> insert(node, w, d, 0xffffL, 0);
      case Op.EXTRACT_HIGH8 -> {
        frame.x(node, w);
        c.bipush(8).lushr().loadConstant(0xffL).land();
      }
      case Op.ADDRESS -> {
        accesses.pushAddress(node, w);
        frame.cut(shift);
      }
      case Op.SET -> select((int) (w >> 32), () -> c.lconst_1(), () -> c.lconst_0());
      case Op.SELECT -> {
        select((int) (w >> 32), () -> frame.x(node, w), () -> frame.push(node, d));
        frame.cut(shift);
      }
      case Op.FUNCTION -> {
        frame.x(node, w);
        if ((w & Op.IMMEDIATE) != 0) {
          c.loadConstant(w >> 48);
        } else {
          frame.y(node, w);
        }
        frame.function(w);
        frame.cut(shift);
      }
      case Op.REVERSE_BYTES -> {
        frame.x(node, w);
        c.invokestatic(LONG, "reverseBytes", MethodTypeDesc.of(CD_long, CD_long));
        if (shift != 0) {
          c.bipush(shift).lushr();
        }
      }
      default -> throw new IllegalStateException("operation " + (w & 127));
    }
    frame.destination(w);
  }

  private void scan(Node node, long w, int shift, int d) {
    Label none = c.newLabel();
    Label end = c.newLabel();
    frame.x(node, w);
    if (shift != 0) {
      c.bipush(shift).lshl();
    }
    c.dup2().lstore(frame.value).lconst_0().lcmp().ifeq(none);
    MethodTypeDesc counts = MethodTypeDesc.of(CD_int, CD_long);
    if (((int) w & 127) == Op.LOWEST_BIT) {
      c.lload(frame.value).invokestatic(LONG, "numberOfTrailingZeros", counts);
      c.bipush(shift).isub().i2l();
    } else {
      c.bipush(63 - shift).lload(frame.value);
      c.invokestatic(LONG, "numberOfLeadingZeros", counts).isub().i2l();
    }
    c.goto_(end);
    c.labelBinding(none);
    frame.push(node, d);
    c.labelBinding(end);
  }

  private void wholeProduct(Node node, long w, int shift, boolean setsFlags) {
    boolean signed = ((int) w & 127) == Op.HIGH_PRODUCT;
    frame.x(node, w);
    frame.widen(shift, signed);
    frame.y(node, w);
    frame.widen(shift, signed);
    c.lstore(frame.value).lstore(frame.address);
    if (setsFlags) {
      flags.ofWholeProduct(w, frame.address, frame.value);
    }
    c.lload(frame.address).lload(frame.value);
    if (shift == 0) {
      c.invokestatic(
          MATH,
          signed ? "multiplyHigh" : "unsignedMultiplyHigh",
          MethodTypeDesc.of(CD_long, CD_long, CD_long));
    } else {
      c.lmul().bipush(32).lushr();
    }
  }

  private void binary(Node node, long w) {
    frame.x(node, w);
    frame.y(node, w);
    switch ((int) w & 127) {
      case Op.ADD -> c.ladd();
      case Op.SUBTRACT -> c.lsub();
      case Op.AND -> c.land();
      case Op.OR -> c.lor();
      case Op.XOR -> c.lxor();
      case Op.ADD_CARRY -> {
        c.ladd();
        flags.pushCarry();
        c.ladd();
      }
      default -> {
        c.lsub();
        flags.pushCarry();
        c.lsub();
      }
    }
  }

  private void rotate(Node node, long w, int shift) {
    String name = ((int) w & 127) == Op.ROTATE_LEFT ? "rotateLeft" : "rotateRight";
    frame.x(node, w);
    if (shift == 0) {
      c.loadConstant((int) (w >> 32));
      c.invokestatic(LONG, name, MethodTypeDesc.of(CD_long, CD_long, CD_int));
    } else {
      c.l2i().loadConstant((int) (w >> 32));
      c.invokestatic(INTEGER, name, MethodTypeDesc.of(CD_int, CD_int, CD_int)).i2l();
    }
  }

  private void shift(Node node, long w, int shift, boolean setsFlags) {
    frame.x(node, w);
    int operation = (int) w & 127;
    if (operation == Op.SHIFT_RIGHT) {
      frame.cut(shift);
    } else if (operation == Op.SHIFT_ARITHMETIC) {
      frame.extend(shift);
    }
    boolean immediate = (w & Op.IMMEDIATE) != 0;
    Runnable count =
        immediate
            ? () -> c.loadConstant(FlagKnowledge.count(w))
            : () -> {
              frame.y(node, w);
              c.l2i().bipush(shift == 0 ? 63 : 31).iand();
            };
    boolean flagged = setsFlags && !(immediate && FlagKnowledge.count(w) == 0);
    if (flagged) {
      c.dup2().lstore(frame.address);
    }
    count.run();
    switch (operation) {
      case Op.SHIFT_LEFT -> c.lshl();
      case Op.SHIFT_RIGHT -> c.lushr();
      default -> c.lshr();
    }
    if (!flagged) {
      return;
    }
    c.lstore(frame.value);
    Label none = c.newLabel();
    if (!immediate) {
      count.run();
      c.ifeq(none);
    }
    flags.ofShift(w, frame.address, count);
    c.labelBinding(none);
    flags.shifted(w);
    c.lload(frame.value);
  }

  private void insert(Node node, long w, int d, long bits, int at) {
    frame.push(node, d);
    c.loadConstant(~(bits << at)).land();
    frame.y(node, w);
    c.loadConstant(bits).land();
    if (at != 0) {
      c.bipush(at).lshl();
    }
    c.lor();
  }

  private void select(int condition, Runnable ifHolds, Runnable otherwise) {
    Label holds = c.newLabel();
    Label end = c.newLabel();
    flags.branch(condition, holds);
    otherwise.run();
    c.goto_(end);
    c.labelBinding(holds);
    ifHolds.run();
    c.labelBinding(end);
  }
}
