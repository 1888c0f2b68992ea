// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import dev.strata.system.cpu.softfloat.SoftFloat;
import dev.strata.system.cpu.softfloat.Unpacked;

/**
 * The x87 (Intel SDM, volume 1, chapter 8): which instruction an escape is, whether it may run, and
 * the register stack.
 */
final class X87 {
  static final int C0 = 1 << 8;
  static final int C1 = 1 << 9;
  static final int C2 = 1 << 10;
  static final int C3 = 1 << 14;
  static final int STACK_FAULT = 0x41;

  final X86 cpu;
  final ExtendedState state;
  final SoftFloat arithmetic = new SoftFloat();
  final Unpacked a = new Unpacked();
  final Unpacked b = new Unpacked();
  final Unpacked result = new Unpacked();
  private final X87Arithmetic binary;
  private final X87Transfers transfers;
  private final X87Functions functions;

  X87(X86 cpu, ExtendedState state) {
    this.cpu = cpu;
    this.state = state;
    binary = new X87Arithmetic(this);
    transfers = new X87Transfers(this);
    functions = new X87Functions(this, binary);
  }

  private void available() {
    if ((cpu.cr0 & (X86.EM | X86.TS)) != 0) {
      throw cpu.fault(X86.DEVICE_NOT_AVAILABLE, -1);
    }
  }

  /** An exception that an earlier instruction left comes now. */
  void pending() {
    if (state.isPending() && (cpu.cr0 & X86.NE) != 0) {
      throw cpu.fault(X86.FLOATING_POINT, -1);
    }
  }

  /**
   * An escape: the low three bits of its opcode at 8, and ModRM; or WAIT; at 12 whether operands
   * have 16 bits.
   *
   * @param address of the operand in memory
   * @param pc of the instruction
   */
  void run(long address, long pc, int code) {
    if ((code & 0xfff) == 0x900) {
      if ((cpu.cr0 & (X86.MP | X86.TS)) == (X86.MP | X86.TS)) {
        throw cpu.fault(X86.DEVICE_NOT_AVAILABLE, -1);
      }
      pending();
      return;
    }
    available();
    int opcode = code >> 8 & 7;
    int modrm = code & 0xff;
    boolean narrow = (code & 1 << 12) != 0;
    if (modrm < 0xc0 ? controlMemory(opcode, modrm, address, narrow) : control(opcode, modrm)) {
      return;
    }
    pending();
    state.lastOpcode = code & 0x7ff;
    state.lastInstruction = pc;
    state.lastCodeSelector = cpu.selector[X86.CS];
    if (modrm < 0xc0) {
      state.lastOperand = address;
      state.lastDataSelector = cpu.selector[X86.DS];
      memory(opcode, modrm >> 3 & 7, address);
    } else {
      registers(opcode, modrm >> 3 & 7, modrm & 7);
    }
  }

  /** What touches the environment only and, but for loads of it, waits for no exception. */
  private boolean controlMemory(int opcode, int modrm, long address, boolean narrow) {
    int which = modrm >> 3 & 7;
    switch (opcode << 3 | which) {
      case 1 << 3 | 4 -> {
        pending();
        state.loadEnvironment(address, narrow);
      }
      case 1 << 3 | 5 -> {
        pending();
        state.controlWord((int) cpu.core.load(address, 1));
      }
      case 1 << 3 | 6 -> {
        state.storeEnvironment(address, narrow);
        state.control |= 0x3f;
        state.summarise();
      }
      case 1 << 3 | 7 -> cpu.core.store(address, 1, state.control);
      case 5 << 3 | 4 -> {
        pending();
        state.loadAll(address, narrow);
      }
      case 5 << 3 | 6 -> state.storeAll(address, narrow);
      case 5 << 3 | 7 -> cpu.core.store(address, 1, state.statusWord());
      default -> {
        return false;
      }
    }
    return true;
  }

  private boolean control(int opcode, int modrm) {
    switch (opcode << 8 | modrm) {
      case 0x3e0, 0x3e1, 0x3e4 -> {} // FNENI, FNDISI, FNSETPM do nothing since the 80287.
      case 0x3e2 -> state.status &= 0x7f00;
      case 0x3e3 -> state.initialise();
      case 0x7e0 -> cpu.r[Slots.RAX] = (cpu.r[Slots.RAX] & ~0xffffL) | state.statusWord();
      default -> {
        return false;
      }
    }
    return true;
  }

  private void memory(int opcode, int which, long address) {
    if ((opcode & 1) == 0) {
      transfers.operand(opcode >> 1, address);
      binary.withOperand(which);
    } else {
      transfers.run(opcode, which, address);
    }
  }

  private void registers(int opcode, int which, int i) {
    switch (opcode) {
      case 0 -> binary.stack(which, 0, i, false);
      case 1 -> simple(which, i);
      case 2 -> {
        if (which < 4) {
          conditionalMove(new int[] {2, 4, 6, 10}[which], i);
        } else if (which == 5 && i == 1) {
          binary.compare(1, false, 2);
        } else {
          throw cpu.fault(X86.UNDEFINED_OPCODE, -1);
        }
      }
      case 3 -> {
        if (which < 4) {
          conditionalMove(new int[] {3, 5, 7, 11}[which], i);
        } else if (which == 5 || which == 6) {
          binary.compareToFlags(i, which == 6, false);
        } else {
          throw cpu.fault(X86.UNDEFINED_OPCODE, -1);
        }
      }
      case 4 -> binary.stack(which, i, i, false);
      case 5 -> {
        switch (which) {
          case 0 -> free(i);
          case 1 -> exchange(i);
          case 2 -> store(i, false);
          case 3 -> store(i, true);
          case 4 -> binary.compare(i, false, 0);
          case 5 -> binary.compare(i, false, 1);
          default -> throw cpu.fault(X86.UNDEFINED_OPCODE, -1);
        }
      }
      case 6 -> {
        if (which == 3 && i != 1) {
          throw cpu.fault(X86.UNDEFINED_OPCODE, -1);
        }
        if (which == 3) {
          binary.compare(1, true, 2);
        } else {
          binary.stack(which, i, i, true);
        }
      }
      default -> {
        switch (which) {
          case 0 -> {
            free(i);
            pop();
          }
          case 1 -> exchange(i);
          case 2, 3 -> store(i, true);
          case 5, 6 -> binary.compareToFlags(i, which == 6, true);
          default -> throw cpu.fault(X86.UNDEFINED_OPCODE, -1);
        }
      }
    }
  }

  /** The escapes D9 with registers. */
  private void simple(int which, int i) {
    switch (which) {
      case 0 -> load(i);
      case 1 -> exchange(i);
      case 2 -> {
        if (i != 0) {
          throw cpu.fault(X86.UNDEFINED_OPCODE, -1);
        }
      }
      case 3 -> store(i, true);
      case 5 -> {
        if (i == 7) {
          throw cpu.fault(X86.UNDEFINED_OPCODE, -1);
        }
        functions.constant(i);
      }
      case 4 -> {
        switch (i) {
          case 0, 1 -> sign(i == 0);
          case 4 -> binary.test();
          case 5 -> functions.examine();
          default -> throw cpu.fault(X86.UNDEFINED_OPCODE, -1);
        }
      }
      default -> functions.run(which << 3 | i);
    }
  }

  // --- the stack ---

  int register(int i) {
    return state.top + i & 7;
  }

  boolean isEmpty(int i) {
    return (state.tags & 1 << register(i)) == 0;
  }

  void read(int i, Unpacked to) {
    int register = register(i);
    to.ofExtended(state.exponent[register], state.significand[register]);
  }

  void write(int i, Unpacked from) {
    int register = register(i);
    state.exponent[register] = from.signAndExponent();
    state.significand[register] = from.significand();
    state.tags |= 1 << register;
  }

  void pop() {
    state.tags &= ~(1 << state.top);
    state.top = state.top + 1 & 7;
  }

  /** Pushes; the caller has asked {@link #pushFaults}. */
  void push(Unpacked value) {
    state.top = state.top - 1 & 7;
    write(0, value);
  }

  private void free(int i) {
    state.status &= ~C1;
    state.tags &= ~(1 << register(i));
  }

  /** Prepares for arithmetic as the control word says. */
  void begin() {
    arithmetic.rounding = state.control >> 10 & 3;
    arithmetic.masked = state.control & 0x3f;
    arithmetic.flags = 0;
    arithmetic.roundedUp = false;
    state.status &= ~C1;
  }

  /** Sets flags; true if one is not masked. */
  boolean raise(int flags) {
    state.status |= flags;
    state.summarise();
    return (flags & ~state.control & 0x3f) != 0;
  }

  /** Sets what arithmetic found before its result; true if that forbids one. */
  boolean raiseBefore() {
    int before = arithmetic.flags & 7;
    return (before & ~state.control) != 0 && raise(before);
  }

  /** Sets all flags of a result that was rounded. */
  void raiseAfter() {
    raise(arithmetic.flags);
    if (arithmetic.roundedUp) {
      state.status |= C1;
    }
  }

  /** An operand is missing; true if the instruction shall go on with the indefinite NaN. */
  boolean underflows() {
    state.status &= ~C1;
    return !raise(STACK_FAULT);
  }

  /** Whether a push has no room; then what it pushes, if anything, is done. */
  boolean pushFaults() {
    state.status &= ~C1;
    if (isEmpty(-1)) {
      return false;
    }
    boolean stops = raise(STACK_FAULT);
    state.status |= C1;
    if (!stops) {
      result.indefinite();
      push(result);
    }
    return true;
  }

  private void load(int i) {
    if (isEmpty(i)) {
      if (underflows()) {
        result.indefinite();
        push(result);
      }
      return;
    }
    if (pushFaults()) {
      return;
    }
    int from = register(i);
    state.top = state.top - 1 & 7;
    copy(from, state.top);
  }

  private void copy(int from, int to) {
    state.significand[to] = state.significand[from];
    state.exponent[to] = state.exponent[from];
    state.tags |= 1 << to;
  }

  private void store(int i, boolean pops) {
    state.status &= ~C1;
    if (isEmpty(0)) {
      if (!underflows()) {
        return;
      }
      result.indefinite();
      write(i, result);
    } else {
      copy(state.top, register(i));
    }
    if (pops) {
      pop();
    }
  }

  private void exchange(int i) {
    state.status &= ~C1;
    if (isEmpty(0) || isEmpty(i)) {
      if (!underflows()) {
        return;
      }
      result.indefinite();
      if (isEmpty(0)) {
        write(0, result);
      }
      if (isEmpty(i)) {
        write(i, result);
      }
    }
    int to = register(i);
    long significand = state.significand[to];
    int exponent = state.exponent[to];
    state.significand[to] = state.significand[state.top];
    state.exponent[to] = state.exponent[state.top];
    state.significand[state.top] = significand;
    state.exponent[state.top] = exponent;
  }

  private void conditionalMove(int condition, int i) {
    if (isEmpty(0) || isEmpty(i)) {
      if (underflows()) {
        result.indefinite();
        write(0, result);
      }
    } else if (cpu.core.holds(condition)) {
      state.status &= ~C1;
      copy(register(i), state.top);
    }
  }

  private void sign(boolean changes) {
    state.status &= ~C1;
    if (isEmpty(0)) {
      if (underflows()) {
        result.indefinite();
        write(0, result);
      }
      return;
    }
    int old = state.exponent[state.top];
    state.exponent[state.top] = changes ? old ^ 0x8000 : old & 0x7fff;
  }
}
