// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

/** Numbers of the calls that decoded code makes into the processor: what is no plain arithmetic. */
final class Calls {
  private Calls() {}

  static final int UNDEFINED = 0;
  static final int LINEAR = 1;
  static final int LOAD_SEGMENT = 2;
  static final int INTERRUPT = 3;
  static final int INTO = 4;
  static final int BREAKPOINT = 5;
  static final int INTERRUPT_RETURN = 6;
  static final int FAR_JUMP = 7;
  static final int FAR_CALL = 8;
  static final int FAR_RETURN = 9;
  static final int PUSH_FLAGS = 10;
  static final int POP_FLAGS = 11;
  static final int HALT = 12;
  static final int IN = 13;
  static final int OUT = 14;
  static final int STRING = 15;
  static final int READ_CONTROL = 16;
  static final int WRITE_CONTROL = 17;
  static final int READ_DEBUG = 18;
  static final int WRITE_DEBUG = 19;
  static final int SYSTEM_TABLE = 20;
  static final int SELECTOR_INFO = 21;
  static final int CPUID = 22;
  static final int READ_MSR = 23;
  static final int WRITE_MSR = 24;
  static final int READ_TSC = 25;
  static final int SYSCALL = 26;
  static final int SYSRET = 27;
  static final int SYSENTER = 28;
  static final int SYSEXIT = 29;
  static final int INVALIDATE_PAGE = 30;
  static final int SWAP_GS = 31;
  static final int CLEAR_TS = 32;
  static final int SET_INTERRUPTS = 33;
  static final int CLEAR_INTERRUPTS = 34;
  static final int DIRECTION = 35;
  static final int CARRY = 36;
  static final int MULTIPLY_WIDE = 37;
  static final int DIVIDE = 38;
  static final int ROTATE = 39;
  static final int DOUBLE_SHIFT = 40;
  static final int BIT_COUNT = 42;
  static final int DECIMAL = 43;
  static final int LOAD_FLAGS = 44;
  static final int STORE_FLAGS = 45;
  static final int COMPARE_EXCHANGE = 46;
  static final int COMPARE_EXCHANGE_WIDE = 47;
  static final int PUSH_ALL = 48;
  static final int POP_ALL = 49;
  static final int ENTER = 50;
  static final int LOOP = 51;
  static final int BOUND = 52;
  static final int ADJUST_RPL = 53;
  static final int PRIVILEGED = 54;
  static final int ALIGN_CHECK_FLAG = 55;
  static final int X87 = 56;
  static final int X87_STATE = 57;
  static final int GET_EXTENDED_CONTROL = 58;
  static final int BIT_FIELD = 59;
  static final int PROTECTED_ONLY = 60;
  static final int BITS = 61;
  static final int OWN_CARRY = 62;
  static final int CRC32 = 63;
  static final int RANDOM = 64;
  static final int SET_EXTENDED_CONTROL = 65;
  static final int RESUME = 66;
  static final int MISALIGNED = 67;
  static final int NO_VECTORS = 68;

  /** A bit, not a number: an MMX or SSE instruction, of which the other bits tell. */
  static final int VECTOR = 0x1000;

  /** A bit: scalar floating point that {@link CarefulFloats} do, of which the other bits tell. */
  static final int CAREFULLY = 0x2000;
}
