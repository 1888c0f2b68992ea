// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.ir;

import java.util.Arrays;

/** Collects a block's operations; reused from block to block. */
public final class BlockBuilder {
  /** No block has more operations. */
  public static final int MOST = 1024;

  private final long[] code = new long[MOST];
  private final short[] offsets = new short[MOST];
  private long[] constants = new long[16];
  private int count;
  private int constantCount;
  private int instructions;
  private short offset;

  /** Starts a new block. */
  public void clear() {
    count = 0;
    constantCount = 0;
    instructions = 0;
  }

  /** The operations that follow belong to an instruction {@code start} bytes into the block. */
  public void instruction(int start) {
    offset = (short) start;
    instructions++;
  }

  /** Operations so far. */
  public int count() {
    return count;
  }

  /** Drops the operations from {@code from} on: an instruction turned out undecodable. */
  public void truncate(int from) {
    count = from;
  }

  /** Adds an operation. */
  public void add(long operation) {
    offsets[count] = offset;
    code[count++] = operation;
  }

  /** Adds an operation from its parts. */
  public void add(int operation, int size, int destination, int a, int b, int immediate) {
    add(Op.pack(operation, size, destination, a, b, immediate));
  }

  /** Adds a constant of any width. */
  public void constant(int destination, long value) {
    if (value == (int) value) {
      add(Op.pack(Op.MOVE, 3, destination, 0, 0, (int) value) | Op.IMMEDIATE);
      return;
    }
    if (constantCount == constants.length) {
      constants = Arrays.copyOf(constants, constantCount * 2);
    }
    constants[constantCount] = value;
    add(Op.CONSTANT, 3, destination, 0, 0, constantCount++);
  }

  /** The block; flags that nothing can see are not computed. */
  public Block build(int length, int mode) {
    dropDeadFlags();
    fuseConditions();
    return new Block(
        Arrays.copyOf(code, count),
        Arrays.copyOf(offsets, count),
        Arrays.copyOf(constants, constantCount),
        instructions,
        length,
        mode);
  }

  private void dropDeadFlags() {
    boolean live = true;
    for (int i = count - 1; i >= 0; i--) {
      int operation = (int) code[i] & 127;
      if (Op.observes(operation)) {
        live = true;
      } else if (operation == Op.SET_FLAGS) {
        live = false;
      } else if (Op.mayDefine(operation)) {
        boolean defines = (code[i] & Op.FLAGS) != 0;
        if (defines && !live) {
          code[i] &= ~Op.FLAGS;
          defines = false;
        }
        boolean reads = operation == Op.ADD_CARRY || operation == Op.SUBTRACT_BORROW;
        if (defines) {
          // What leaves some flags as they were reads them.
          boolean partial =
              (operation >= Op.INCREMENT && operation <= Op.SHIFT_ARITHMETIC)
                  || Op.leavesFlags(operation);
          live = reads || partial;
        } else if (reads) {
          live = true;
        }
      }
    }
  }

  /** Branches that follow what defines their flags are told how to see that they hold. */
  private void fuseConditions() {
    int definer = -1;
    for (int i = 0; i < count; i++) {
      long w = code[i];
      int operation = (int) w & 127;
      if (operation == Op.BRANCH) {
        if (definer >= 0) {
          code[i] = w | (long) howToTell((int) (w >>> 18) & 63, definer) << 24;
        }
      } else if (operation == Op.CALL
          || operation == Op.CALL_AND_LEAVE
          || operation == Op.SET_FLAGS) {
        definer = -1;
      } else if (Op.leavesFlags(operation) && (w & Op.FLAGS) != 0) {
        definer = -1; // what the others follow from may lie before the block
      } else if (Op.mayDefine(operation) && (w & Op.FLAGS) != 0) {
        boolean shifts = operation >= Op.SHIFT_LEFT && operation <= Op.SHIFT_ARITHMETIC;
        // By 0, a shift leaves the flags as they were.
        if (!shifts) {
          definer = operation;
        } else if ((w & Op.IMMEDIATE) == 0) {
          definer = -1;
        } else if (((w >> 32) & ((w >>> 7 & 3) == 3 ? 63 : 31)) != 0) {
          definer = operation;
        }
      }
    }
  }

  /** Of a condition as x86 numbers them, after an operation that has defined the flags. */
  private static int howToTell(int condition, int definer) {
    boolean difference = definer == Op.SUBTRACT;
    boolean logic = definer >= Op.AND && definer <= Op.XOR;
    return switch (condition >> 1) {
      case 1 -> difference ? Op.BY_BELOW : Op.BY_FLAGS;
      case 2 -> Op.BY_ZERO;
      case 3 -> difference ? Op.BY_BELOW_OR_EQUAL : logic ? Op.BY_ZERO : Op.BY_FLAGS;
      case 4 -> Op.BY_SIGN;
      case 6 -> difference ? Op.BY_LESS : logic ? Op.BY_SIGN : Op.BY_FLAGS;
      case 7 -> difference ? Op.BY_LESS_OR_EQUAL : logic ? Op.BY_SIGN_OR_ZERO : Op.BY_FLAGS;
      default -> Op.BY_FLAGS;
    };
  }
}
