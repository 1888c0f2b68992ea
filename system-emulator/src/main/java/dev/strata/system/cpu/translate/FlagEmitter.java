// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.translate;

import static java.lang.constant.ConstantDescs.CD_boolean;
import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_long;

import dev.strata.system.cpu.interpret.Flags;
import dev.strata.system.cpu.ir.Op;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.Opcode;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;

/**
 * Flags as numbers in local variables: defining them is copying, which the JIT drops where nothing
 * looks; a condition on what is known is one comparison.
 */
final class FlagEmitter {
  private static final ClassDesc FLAGS = ClassDesc.of("dev.strata.system.cpu.interpret.Flags");
  private static final ClassDesc LONG = ClassDesc.of("java.lang.Long");
  private static final ClassDesc INTEGER = ClassDesc.of("java.lang.Integer");
  private static final MethodTypeDesc CARRY_OF =
      MethodTypeDesc.of(CD_long, CD_int, CD_long, CD_long, CD_long);

  private final Frame frame;
  private final CodeBuilder c;

  /** What is known where code is being emitted. */
  FlagKnowledge known = FlagKnowledge.NONE;

  FlagEmitter(Frame frame) {
    this.frame = frame;
    this.c = frame.c;
  }

  private void is(long w) {
    FlagKnowledge next = known.after(w);
    if (next.form() != known.form() && next.form() >= 0) {
      c.loadConstant(next.form()).istore(frame.form);
    }
    known = next;
  }

  /** Of an operation whose two operands and result, which is on the stack, they follow from. */
  void ofOperands(Node node, long w) {
    c.dup2().lstore(frame.third);
    int operation = (int) w & 127;
    if (operation == Op.AND || operation == Op.OR || operation == Op.XOR) {
      c.lconst_0().lstore(frame.first);
    } else {
      frame.x(node, w);
      c.lstore(frame.first);
      frame.y(node, w);
      c.lstore(frame.second);
    }
    is(w);
  }

  /** Of INCREMENT and DECREMENT; the result is in {@link Frame#value}. */
  void ofStep(Node node, long w) {
    pushCarry();
    c.loadConstant(Frame.shift(w));
    if (((int) w & 127) == Op.DECREMENT) {
      frame.x(node, w);
      c.lload(frame.value);
      c.invokestatic(
          FLAGS, "decremented", MethodTypeDesc.of(CD_long, CD_long, CD_int, CD_long, CD_long));
    } else {
      c.lload(frame.value);
      c.invokestatic(FLAGS, "incremented", MethodTypeDesc.of(CD_long, CD_long, CD_int, CD_long));
    }
    c.lstore(frame.first);
    c.lload(frame.value).lstore(frame.third);
    is(w);
  }

  /**
   * Of a shift by what is not 0.
   *
   * @param operand the local variable of the operand, cut or extended
   * @param pushCount pushes by how much
   */
  void ofShift(long w, int operand, Runnable pushCount) {
    int shift = Frame.shift(w);
    switch ((int) w & 127) {
      case Op.SHIFT_LEFT -> {
        c.loadConstant(shift).lload(operand);
        pushCount.run();
        c.lload(frame.value);
        c.invokestatic(
            FLAGS, "shiftedLeft", MethodTypeDesc.of(CD_long, CD_int, CD_long, CD_int, CD_long));
      }
      case Op.SHIFT_RIGHT -> {
        c.loadConstant(shift).lload(operand);
        pushCount.run();
        c.invokestatic(FLAGS, "shiftedRight", MethodTypeDesc.of(CD_long, CD_int, CD_long, CD_int));
      }
      default -> {
        c.lload(operand);
        pushCount.run();
        c.invokestatic(FLAGS, "shiftedArithmetic", MethodTypeDesc.of(CD_long, CD_long, CD_int));
      }
    }
    c.lstore(frame.first);
    c.lload(frame.value).lstore(frame.third);
    if ((w & Op.IMMEDIATE) != 0) {
      is(w);
    } else {
      // Where it shifts by 0, none of this is run.
      c.loadConstant(Flags.RESULT | shift << 2).istore(frame.form);
    }
  }

  /** After a shift that might have been by 0. */
  void shifted(long w) {
    known = known.after(w);
  }

  /** Of turning, by what is not 0; the result is in {@link Frame#value}. */
  void ofRotation(long w) {
    c.iload(frame.form);
    operands();
    c.invokestatic(FLAGS, "flags", CARRY_OF);
    c.loadConstant(Frame.shift(w)).lload(frame.value);
    String name = ((int) w & 127) == Op.ROTATE_LEFT ? "rotatedLeft" : "rotatedRight";
    c.invokestatic(FLAGS, name, MethodTypeDesc.of(CD_long, CD_long, CD_int, CD_long));
    c.lstore(frame.first);
    is(w);
  }

  /** Of BIT, whose result is in {@link Frame#value}. */
  void ofBit(long w) {
    switch (known.kind()) {
      case FlagKnowledge.FIRST, -1 -> {
        c.iload(frame.form).lload(frame.first).lload(frame.value);
        c.invokestatic(FLAGS, "withCarry", MethodTypeDesc.of(CD_long, CD_int, CD_long, CD_long));
        c.lstore(frame.first);
        c.iload(frame.form);
        c.invokestatic(FLAGS, "formWithCarry", MethodTypeDesc.of(CD_int, CD_int));
        c.istore(frame.form);
      }
      case Flags.EXPLICIT -> {
        c.lload(frame.first).loadConstant(~(long) Flags.CARRY).land();
        c.lload(frame.value).lor().lstore(frame.first);
      }
      default -> c.lload(frame.value).lstore(frame.first);
    }
    is(w);
  }

  /** Of a whole product of what the two variables hold, sign-extended or cut. */
  void ofWholeProduct(long w, int x, int y) {
    c.loadConstant(((int) w & 127) == Op.HIGH_PRODUCT ? 1 : 0).loadConstant(Frame.shift(w));
    c.lload(x).lload(y);
    c.invokestatic(
        FLAGS, "multipliedWhole", MethodTypeDesc.of(CD_long, CD_boolean, CD_int, CD_long, CD_long));
    c.lstore(frame.first);
    c.lload(x).lload(y).lmul().lstore(frame.third);
    is(w);
  }

  /** The bits on the stack. */
  void ofBits(long w) {
    c.loadConstant((long) Flags.ALL).land().lstore(frame.first);
    is(w);
  }

  /** Of a product, in {@link Frame#value}, of what the two variables hold, sign-extended. */
  void ofProduct(long w, int x, int y) {
    c.loadConstant(Frame.shift(w)).lload(x).lload(y).lload(frame.value);
    c.invokestatic(FLAGS, "multiplied", CARRY_OF);
    c.lstore(frame.first);
    c.lload(frame.value).lstore(frame.third);
    is(w);
  }

  private void operands() {
    c.lload(frame.first).lload(frame.second).lload(frame.third);
  }

  /** Pushes the carry as a long. */
  void pushCarry() {
    switch (known.kind()) {
      case FlagKnowledge.LOGIC -> c.lconst_0();
      case Flags.RESULT, Flags.EXPLICIT, FlagKnowledge.FIRST ->
          c.lload(frame.first).lconst_1().land();
      case Flags.SUM, FlagKnowledge.SUM_WITH -> {
        c.loadConstant(known.shift());
        operands();
        c.invokestatic(FLAGS, "carryOfSum", CARRY_OF);
      }
      case Flags.DIFFERENCE, FlagKnowledge.DIFFERENCE_WITH -> {
        c.loadConstant(known.shift());
        operands();
        c.invokestatic(FLAGS, "carryOfDifference", CARRY_OF);
      }
      default -> {
        c.iload(frame.form);
        operands();
        c.invokestatic(FLAGS, "carry", CARRY_OF);
      }
    }
  }

  /** Goes to the label if a condition holds. */
  void branch(int condition, Label to) {
    boolean not = (condition & 1) != 0;
    int which = condition >> 1;
    boolean done =
        switch (known.kind()) {
          case Flags.DIFFERENCE -> difference(which, not, to);
          case FlagKnowledge.LOGIC -> logic(which, not, to);
          case Flags.RESULT -> result(which, not, to);
          case FlagKnowledge.FIRST -> which < 2 && result(which, not, to);
          case Flags.SUM, FlagKnowledge.SUM_WITH, FlagKnowledge.DIFFERENCE_WITH ->
              ofResult(which, not, to) || (which == 1 && carry(not, to));
          default -> false;
        };
    if (!done) {
      c.loadConstant(condition).iload(frame.form);
      operands();
      c.invokestatic(
          FLAGS, "holds", MethodTypeDesc.of(CD_boolean, CD_int, CD_int, CD_long, CD_long, CD_long));
      c.ifne(to);
    }
  }

  private boolean carry(boolean not, Label to) {
    pushCarry();
    c.l2i();
    jump(not ? Opcode.IFEQ : Opcode.IFNE, to);
    return true;
  }

  private void jump(Opcode how, Label to) {
    c.branch(how, to);
  }

  /** Zero and sign, of whatever has a result. */
  private boolean ofResult(int which, boolean not, Label to) {
    if (which != 2 && which != 4) {
      return false;
    }
    pushResult();
    jump(which == 2 ? not ? Opcode.IFNE : Opcode.IFEQ : not ? Opcode.IFGE : Opcode.IFLT, to);
    return true;
  }

  /** The result, as an int of the same sign. */
  private void pushResult() {
    c.lload(frame.third);
    switch (known.shift()) {
      case 0 -> c.lconst_0().lcmp();
      case 32 -> c.l2i();
      case 48 -> c.l2i().i2s();
      default -> c.l2i().i2b();
    }
  }

  private boolean logic(int which, boolean not, Label to) {
    switch (which) {
      case 0, 1 -> {
        if (not) {
          c.goto_(to);
        }
        return true;
      }
      case 3 -> {
        return ofResult(2, not, to);
      }
      case 6 -> {
        return ofResult(4, not, to);
      }
      case 7 -> {
        pushResult();
        jump(not ? Opcode.IFGT : Opcode.IFLE, to);
        return true;
      }
      default -> {
        return ofResult(which, not, to);
      }
    }
  }

  private boolean result(int which, boolean not, Label to) {
    if (which > 1) {
      return ofResult(which, not, to);
    }
    c.lload(frame.first).l2i().loadConstant(which == 0 ? Flags.OVERFLOW : Flags.CARRY).iand();
    jump(not ? Opcode.IFEQ : Opcode.IFNE, to);
    return true;
  }

  private boolean difference(int which, boolean not, Label to) {
    boolean unsigned = which == 1 || which == 3;
    if (!unsigned && which < 6) {
      return ofResult(which, not, to);
    }
    boolean orEqual = (which & 3) == 3;
    int shift = known.shift();
    if (shift == 0) {
      c.lload(frame.first).lload(frame.second);
      if (unsigned) {
        c.invokestatic(LONG, "compareUnsigned", MethodTypeDesc.of(CD_int, CD_long, CD_long));
      } else {
        c.lcmp();
      }
    } else {
      pushOperand(frame.first, unsigned);
      pushOperand(frame.second, unsigned);
      if (!unsigned || shift > 32) {
        Opcode how =
            orEqual
                ? not ? Opcode.IF_ICMPGT : Opcode.IF_ICMPLE
                : not ? Opcode.IF_ICMPGE : Opcode.IF_ICMPLT;
        jump(how, to);
        return true;
      }
      c.invokestatic(INTEGER, "compareUnsigned", MethodTypeDesc.of(CD_int, CD_int, CD_int));
    }
    jump(orEqual ? not ? Opcode.IFGT : Opcode.IFLE : not ? Opcode.IFGE : Opcode.IFLT, to);
    return true;
  }

  private void pushOperand(int local, boolean unsigned) {
    c.lload(local).l2i();
    switch (known.shift()) {
      case 48 -> {
        if (unsigned) {
          c.i2c();
        } else {
          c.i2s();
        }
      }
      case 56 -> {
        if (unsigned) {
          c.sipush(0xff).iand();
        } else {
          c.i2b();
        }
      }
      default -> {}
    }
  }
}
