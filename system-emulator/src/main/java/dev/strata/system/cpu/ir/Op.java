// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.ir;

/**
 * The operations, and how one is packed into a {@code long}.
 *
 * <pre>
 *  0–6  operation     12–17  destination slot (a store's source)
 *  7–8  log2 of bytes 18–23  slot a
 *  9    FLAGS: defines the flags (arithmetic), or ADDRESS32: wraps addresses (memory)
 * 10–11 log2 of b's scale (memory)
 * 24–29 slot b        30     b is the immediate instead
 * 32–63 immediate, signed: displacement, number of a call, condition
 * </pre>
 *
 * <p>Results are cut to their size and zero-extended. Slots hold raw registers: operations ignore
 * what is above their size. A slot is written only after everything of its instruction that can
 * fault. Beside the slots there are 64 halves of vectors.
 */
public final class Op {
  private Op() {}

  /** Destination = b. */
  public static final int MOVE = 0;

  /** Destination = the block's constant number immediate. */
  public static final int CONSTANT = 1;

  /** a + b. */
  public static final int ADD = 2;

  /** a − b. */
  public static final int SUBTRACT = 3;

  /** a & b. */
  public static final int AND = 4;

  /** a | b. */
  public static final int OR = 5;

  /** a ^ b. */
  public static final int XOR = 6;

  /** a + b + carry. */
  public static final int ADD_CARRY = 7;

  /** a − b − carry. */
  public static final int SUBTRACT_BORROW = 8;

  /** a + 1; carry stays. */
  public static final int INCREMENT = 9;

  /** a − 1; carry stays. */
  public static final int DECREMENT = 10;

  /** a << b, b modulo 32 or 64; of 0, flags stay. */
  public static final int SHIFT_LEFT = 11;

  /** Logical shift right. */
  public static final int SHIFT_RIGHT = 12;

  /** Arithmetic shift right. */
  public static final int SHIFT_ARITHMETIC = 13;

  /** Signed product, low half; carry and overflow if it does not fit. */
  public static final int MULTIPLY = 14;

  /** b, sign-extended from the size to 64 bits. */
  public static final int SIGN_EXTEND = 15;

  /** Low 8 bits of the destination = b. */
  public static final int INSERT8 = 16;

  /** Bits 8 to 15 of the destination = b. */
  public static final int INSERT_HIGH8 = 17;

  /** Low 16 bits of the destination = b. */
  public static final int INSERT16 = 18;

  /** Bits 8 to 15 of a. */
  public static final int EXTRACT_HIGH8 = 19;

  /** a + (b << scale) + immediate, cut to the size. */
  public static final int ADDRESS = 20;

  /** Memory at a + (b << scale) + immediate, zero-extended. */
  public static final int LOAD = 21;

  /** As LOAD, of memory that will be written next: faults as a write. */
  public static final int LOAD_TO_WRITE = 22;

  /** Memory at a + (b << scale) + immediate = the destination slot. */
  public static final int STORE = 23;

  /** 1 if condition b (immediate) holds, else 0. */
  public static final int SET = 24;

  /** a if condition {@code immediate} holds, else the destination; cut to the size either way. */
  public static final int SELECT = 25;

  /**
   * Leaves to pc + the immediate, cut to the size, if condition a (a number, no slot) holds. In b's
   * place is how to tell: one of the numbers below.
   */
  public static final int BRANCH = 26;

  /** BRANCH: by the flags, whatever they follow from. */
  public static final int BY_FLAGS = 0;

  /** BRANCH: the result of the last operation that defines flags is zero. */
  public static final int BY_ZERO = 1;

  /** BRANCH: it is negative. */
  public static final int BY_SIGN = 2;

  /** BRANCH: it is negative or zero. */
  public static final int BY_SIGN_OR_ZERO = 3;

  /** BRANCH: of the difference a − b, a is below b, without signs. */
  public static final int BY_BELOW = 4;

  /** BRANCH: a is below or equal to b. */
  public static final int BY_BELOW_OR_EQUAL = 5;

  /** BRANCH: a is less than b, with signs. */
  public static final int BY_LESS = 6;

  /** BRANCH: a is less than or equal to b. */
  public static final int BY_LESS_OR_EQUAL = 7;

  /** Leaves to pc + immediate, cut to the size. */
  public static final int JUMP = 27;

  /** Leaves to a, cut to the size. */
  public static final int JUMP_TO = 28;

  /** Destination = the guest's call number (immediate's low half) of a, b and the high half. */
  public static final int CALL = 29;

  /** As CALL, then leaves: the call has set the pc. */
  public static final int CALL_AND_LEAVE = 30;

  /** Leaves at once if a is not 0: a call has set the pc. */
  public static final int LEAVE_IF = 31;

  /** a, its bytes in reverse order (32 or 64 bits). */
  public static final int REVERSE_BYTES = 32;

  /** Leaves to pc + the immediate, cut to the size, if a is not 0. */
  public static final int BRANCH_IF = 33;

  /**
   * a turned left by the immediate, which is neither 0 nor the size; only carry, overflow change.
   */
  public static final int ROTATE_LEFT = 34;

  /** The same to the right. */
  public static final int ROTATE_RIGHT = 35;

  /** Destination = half a (a number, no slot) of the vectors. */
  public static final int GET_HALF = 36;

  /** Half {@code destination} (a number, no slot) of the vectors = b. */
  public static final int SET_HALF = 37;

  /**
   * Destination = the architecture's pure function number (immediate's low half) of a and b; in b's
   * place is the immediate's high half, signed, with IMMEDIATE.
   */
  public static final int FUNCTION = 38;

  /** As FUNCTION, but destination, a and b are numbers of halves. */
  public static final int FUNCTION_OF_HALVES = 39;

  /** As FUNCTION, but destination and a are numbers of halves; b is a slot. */
  public static final int FUNCTION_WITH_SLOT = 40;

  /**
   * Destination = the guest's call number (immediate's low half) of a and b, if the slot that the
   * high half names is not 0; that is seldom so. The call may fault, and does nothing else.
   */
  public static final int CALL_IF = 41;

  /** The flags = b, by their bits. */
  public static final int SET_FLAGS = 42;

  /** Faults as two STOREs in a row would, the address being the first's, and writes nothing. */
  public static final int PROBE = 43;

  /**
   * Bit b of a, b modulo their size. As for flags, the carry is that bit, and zero stays; overflow
   * and adjust are not defined.
   */
  public static final int BIT = 44;

  /** How many zeroes are below the lowest bit of a that is set; the destination if a is 0. */
  public static final int LOWEST_BIT = 45;

  /** Which bit of a is the highest that is set; the destination if a is 0. */
  public static final int HIGHEST_BIT = 46;

  /**
   * Signed product, high half (of 32 or 64 bits); carry and overflow if the low half says less, the
   * other flags are of that.
   */
  public static final int HIGH_PRODUCT = 47;

  /** The same without signs. */
  public static final int HIGH_PRODUCT_UNSIGNED = 48;

  /** Operations have numbers up to this. */
  public static final int LAST = HIGH_PRODUCT_UNSIGNED;

  /** Bit 9: defines flags. */
  public static final long FLAGS = 1L << 9;

  /** Bit 9 of memory operations: addresses wrap at 4 GiB. */
  public static final long ADDRESS32 = 1L << 9;

  /** Bit 30: b is the immediate. */
  public static final long IMMEDIATE = 1L << 30;

  /** Packs an operation. */
  public static long pack(int operation, int size, int destination, int a, int b, int immediate) {
    return operation
        | (long) size << 7
        | (long) destination << 12
        | (long) a << 18
        | (long) b << 24
        | (long) immediate << 32;
  }

  /** Whether an operation turns bits. */
  public static boolean rotates(int operation) {
    return operation == ROTATE_LEFT || operation == ROTATE_RIGHT;
  }

  /** Whether an operation has an address in memory. */
  public static boolean accesses(int operation) {
    return (operation >= LOAD && operation <= STORE) || operation == PROBE;
  }

  /** log2 of the bytes that an operation with an address reaches. */
  public static int width(long w) {
    return ((int) (w >>> 7) & 3) + (((int) w & 127) == PROBE ? 1 : 0);
  }

  /** Which function an operation computes. */
  public static int function(long w) {
    return (int) (w >>> 32) & 0xffff;
  }

  /** The slot by which CALL_IF calls. */
  public static int condition(long w) {
    return (int) (w >>> 48) & 63;
  }

  /** Whether an operation's bit {@link #FLAGS} means that it defines flags. */
  public static boolean mayDefine(int operation) {
    return (operation >= ADD && operation <= MULTIPLY)
        || rotates(operation)
        || operation == BIT
        || operation == HIGH_PRODUCT
        || operation == HIGH_PRODUCT_UNSIGNED;
  }

  /** Whether an operation defines some flags and leaves others, whatever those follow from. */
  public static boolean leavesFlags(int operation) {
    return rotates(operation) || operation == BIT;
  }

  /** Whether an operation may fault, or run what may look at the flags. */
  static boolean observes(int operation) {
    return accesses(operation)
        || (operation >= SET && operation <= LEAVE_IF)
        || operation == BRANCH_IF
        || operation == CALL_IF;
  }
}
