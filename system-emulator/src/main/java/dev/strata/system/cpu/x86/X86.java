// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import dev.strata.block.BlockException;
import dev.strata.system.cpu.CpuSurroundings;
import dev.strata.system.cpu.GuestFault;
import dev.strata.system.cpu.PageWalker;
import dev.strata.system.cpu.interpret.Interpreter;
import dev.strata.system.state.StateFields;
import java.util.Arrays;

/** The state of a processor that all its parts share (Intel SDM, volume 3, chapter 2). */
final class X86 {
  static final int DEBUG = 1;
  static final int UNDEFINED_OPCODE = 6;
  static final int DEVICE_NOT_AVAILABLE = 7;
  static final int DOUBLE_FAULT = 8;
  static final int INVALID_TSS = 10;
  static final int NOT_PRESENT = 11;
  static final int STACK = 12;
  static final int GENERAL_PROTECTION = 13;
  static final int PAGE = 14;
  static final int FLOATING_POINT = 16;
  static final int SIMD = 19;

  static final int ES = 0;
  static final int CS = 1;
  static final int SS = 2;
  static final int DS = 3;
  static final int FS = 4;
  static final int GS = 5;
  static final int LDTR = 6;
  static final int TR = 7;

  static final long PE = 1;
  static final long MP = 2;
  static final long EM = 4;
  static final long TS = 8;
  static final long NE = 0x20;
  static final long WP = 1 << 16;
  static final long PG = 1L << 31;
  static final long PSE = 1 << 4;
  static final long PAE = 1 << 5;
  static final long PGE = 1 << 7;

  /** CR4: the system saves by FXSAVE, and takes #XM. */
  static final long OSFXSR = 1 << 9;

  static final long OSXMMEXCPT = 1 << 10;
  static final long FSGSBASE = 1 << 16;

  /** CR4: the system saves by XSAVE. */
  static final long OSXSAVE = 1 << 18;

  static final long SMEP = 1 << 20;
  static final long SMAP = 1 << 21;
  static final long EFER_SCE = 1;
  static final long EFER_LME = 1 << 8;
  static final long EFER_LMA = 1 << 10;
  static final long EFER_NX = 1 << 11;

  static final long TRAP = 1 << 8;
  static final long INTERRUPT = 1 << 9;
  static final long DIRECTION = 1 << 10;
  static final long IOPL = 3 << 12;
  static final long NESTED = 1 << 14;
  static final long RESUME = 1 << 16;
  static final long VIRTUAL8086 = 1 << 17;
  static final long ALIGNMENT = 1 << 18;
  static final long ID = 1 << 21;
  static final long SYSTEM_FLAGS =
      TRAP
          | INTERRUPT
          | DIRECTION
          | IOPL
          | NESTED
          | RESUME
          | VIRTUAL8086
          | ALIGNMENT
          | ID
          | 3 << 19;

  final Interpreter core;
  final long[] r;
  final CpuSurroundings surroundings;
  final X86Model model;

  final int[] selector = new int[8];
  final long[] base = new long[8];
  final long[] limit = new long[8];

  /** Bits 8 to 23 of a descriptor's high half: type, S, DPL, P; then AVL, L, D, G at 12 to 15. */
  final int[] access = new int[8];

  long gdtBase;
  int gdtLimit;
  long idtBase;
  int idtLimit;
  long cr0;
  long cr2;
  long cr3;
  long cr4;
  long efer;
  final long[] debug = new long[8];
  final long[] pageDirectoryPointers = new long[4];

  /** The flags that no arithmetic sets. */
  long system;

  int cpl;
  volatile boolean interruptLine;
  volatile boolean nonMaskable;
  volatile boolean initialise;

  /** A system management interrupt has been asked for. */
  volatile boolean managementWanted;

  /** In system management mode. */
  boolean managed;

  /** No non-maskable interrupt is taken: one is being served, or it is system management mode. */
  boolean nonMaskableBlocked;

  boolean halted;
  boolean shutdown;

  /** Interrupts wait for one more instruction (after STI and loads of SS). */
  boolean inhibited;

  boolean trapping;

  X86(Interpreter core, CpuSurroundings surroundings, X86Model model) {
    this.core = core;
    this.r = core.slots;
    this.surroundings = surroundings;
    this.model = model;
  }

  void reset() {
    Arrays.fill(r, 0);
    r[Slots.RDX] = model.signature();
    for (int i = 0; i < 8; i++) {
      selector[i] = 0;
      base[i] = 0;
      limit[i] = 0xffff;
      access[i] = i == LDTR ? 0x82 : i == TR ? 0x8b : i == CS ? 0x9b : 0x93;
    }
    selector[CS] = 0xf000;
    base[CS] = 0xffff0000L;
    r[Slots.PC] = 0xfff0;
    gdtBase = 0;
    gdtLimit = 0xffff;
    idtBase = 0;
    idtLimit = 0xffff;
    cr0 = 0x60000010L;
    cr2 = 0;
    cr3 = 0;
    cr4 = 0;
    efer = 0;
    Arrays.fill(debug, 0);
    debug[6] = 0xffff0ff0L;
    debug[7] = 0x400;
    system = 0;
    core.flags(0);
    cpl = 0;
    halted = false;
    shutdown = false;
    inhibited = false;
    managed = false;
    nonMaskableBlocked = false;
    core.flushTlb();
    modeChanged();
  }

  boolean isProtected() {
    return (cr0 & PE) != 0;
  }

  boolean isLong() {
    return (efer & EFER_LMA) != 0;
  }

  boolean is64() {
    return (efer & EFER_LMA) != 0 && (access[CS] & 0x2000) != 0;
  }

  boolean isVirtual8086() {
    return (system & VIRTUAL8086) != 0;
  }

  /** Real mode, or VM86: selectors are paragraphs. */
  boolean isParagraphs() {
    return !isProtected() || isVirtual8086();
  }

  GuestFault fault(int vector, int code) {
    return core.fault.with(vector, code);
  }

  GuestFault generalProtection(int code) {
    return core.fault.with(GENERAL_PROTECTION, code);
  }

  void needPrivilege() {
    if (cpl != 0) {
      throw generalProtection(0);
    }
  }

  /** All of RFLAGS. */
  long flags() {
    return core.flags() | system | 2;
  }

  /** Sets the bits in {@code mask} of RFLAGS. */
  void flags(long value, long mask) {
    core.flags((core.flags() & ~mask) | (value & mask));
    long before = system;
    system = ((system & ~mask) | (value & mask)) & SYSTEM_FLAGS;
    if ((system & INTERRUPT) != 0 && interruptLine) {
      core.attend(1);
    }
    if (((system ^ before) & (TRAP | VIRTUAL8086 | ALIGNMENT)) != 0) {
      modeChanged();
    }
  }

  /** Whether SSE may be used (SDM volume 3, 13.1). */
  boolean hasVectors() {
    return (cr0 & (EM | TS)) == 0 && (cr4 & OSFXSR) != 0;
  }

  /** Tells the interpreter after a change of segments, privilege or control registers. */
  void modeChanged() {
    boolean is64 = is64();
    int mode = is64 ? 2 : (access[CS] & 0x4000) != 0 ? 1 : 0;
    boolean flat = !is64 && !isParagraphs();
    for (int i = 0; i < 6; i++) {
      r[Slots.BASE + i] = is64 && i < 4 ? 0 : base[i];
      r[Slots.SELECTOR + i] = selector[i];
      if (i < 4) {
        flat &= base[i] == 0 && limit[i] == 0xffffffffL && (access[i] & 0x80) != 0;
        flat &= i == CS || (access[i] & 0x0e) == 2;
        flat &= i != CS || (access[i] & 2) != 0;
      }
    }
    if ((access[SS] & 0x4000) != 0) {
      mode |= InstructionBytes.STACK32;
    }
    if (flat) {
      mode |= InstructionBytes.FLAT;
    }
    if (hasVectors()) {
      mode |= InstructionBytes.VECTORS;
    }
    if ((system & TRAP) != 0) {
      mode |= Interpreter.ALONE;
      core.attend(1);
    }
    core.mode(mode, is64 ? -1L : 0xffffffffL, is64 ? -1L : limit[CS]);
    core.mmuMode(cpl == 3 ? 1 : (cr4 & SMAP) != 0 && (system & ALIGNMENT) == 0 ? 2 : 0);
  }

  // --- memory as the processor itself reads it, whatever the privilege ---

  long readSystem(long address, int size) {
    int mode = core.mmuMode();
    core.mmuMode(0);
    try {
      return core.load(cut(address), size);
    } finally {
      core.mmuMode(mode);
    }
  }

  void writeSystem(long address, int size, long value) {
    int mode = core.mmuMode();
    core.mmuMode(0);
    try {
      core.store(cut(address), size, value);
    } finally {
      core.mmuMode(mode);
    }
  }

  private long cut(long address) {
    return isLong() ? address : address & 0xffffffffL;
  }

  /** Whether a walk's access is one of {@link PageWalker#WRITE}. */
  static boolean writes(int access) {
    return access == PageWalker.WRITE;
  }

  /** The linear address of an operand, its segment checked (SDM volume 3, 5.3 to 5.5). */
  long linear(int segment, long offset, int bytes, boolean write) {
    if (!reaches(segment, offset, bytes, write)) {
      throw fault(segment == SS ? STACK : GENERAL_PROTECTION, 0);
    }
    return unchecked(segment, offset);
  }

  /** The linear address of an operand whose segment {@link #reaches} it. */
  long unchecked(int segment, long offset) {
    return is64() ? offset + r[Slots.BASE + segment] : base[segment] + offset & 0xffffffffL;
  }

  /** Whether all of an operand may be accessed through its segment. */
  boolean reaches(int segment, long offset, int bytes, boolean write) {
    if (is64()) {
      return true;
    }
    int rights = access[segment];
    boolean wrong = false;
    if (!isParagraphs()) {
      boolean code = (rights & 8) != 0;
      wrong =
          (rights & 0x80) == 0 || (write ? code || (rights & 2) == 0 : code && (rights & 2) == 0);
    }
    long last = offset + bytes - 1;
    long top = limit[segment];
    if ((rights & 0x0c) == 4) {
      long highest = (rights & 0x4000) != 0 ? 0xffffffffL : 0xffff;
      wrong |= offset <= top || last > highest;
    } else {
      wrong |= last > top;
    }
    return !wrong;
  }

  int stackSize() {
    return is64() ? 3 : (access[SS] & 0x4000) != 0 ? 2 : 1;
  }

  /** Sets the stack pointer, or the part of it that the stack's size has. */
  void stackPointer(long value) {
    switch (stackSize()) {
      case 1 -> r[Slots.RSP] = (r[Slots.RSP] & ~0xffffL) | (value & 0xffff);
      case 2 -> r[Slots.RSP] = value & 0xffffffffL;
      default -> r[Slots.RSP] = value;
    }
  }

  long stackMask() {
    return -1L >>> (64 - (8 << stackSize()));
  }

  /** Reads from the stack at {@code displacement} from its top. */
  long peek(int displacement, int size) {
    long offset = r[Slots.RSP] + displacement & stackMask();
    return core.load(linear(SS, offset, 1 << size, false), size);
  }

  boolean isCanonical(long address) {
    return address << 16 >> 16 == address;
  }

  void state(StateFields fields) throws BlockException {
    for (int slot = 0; slot <= Slots.PC; slot++) {
      r[slot] = fields.i64("register " + slot, r[slot]);
    }
    fields.within("selectors", selector, 0, 0xffff);
    fields.i64("bases", base);
    fields.i64("limits", limit);
    fields.within("access rights", access, 0, 0xffff);
    gdtBase = fields.i64("GDT base", gdtBase);
    gdtLimit = fields.u16("GDT limit", gdtLimit);
    idtBase = fields.i64("IDT base", idtBase);
    idtLimit = fields.u16("IDT limit", idtLimit);
    cr2 = fields.i64("CR2", cr2);
    fields.i64("debug registers", debug);
    fields.i64("page directory pointers", pageDirectoryPointers);
    system = fields.i64("system flags", system) & SYSTEM_FLAGS;
    core.flags(fields.i64("arithmetic flags", core.flags()));
    cpl = fields.within("CPL", cpl, 0, 3);
    interruptLine = fields.flag("INTR", interruptLine);
    nonMaskable = fields.flag("NMI", nonMaskable);
    initialise = fields.flag("INIT", initialise);
    managementWanted = fields.flag("SMI", managementWanted);
    managed = fields.flag("system management", managed);
    nonMaskableBlocked = fields.flag("NMI blocked", nonMaskableBlocked);
    halted = fields.flag("halted", halted);
    shutdown = fields.flag("shut down", shutdown);
    inhibited = fields.flag("interrupts inhibited", inhibited);
    trapping = fields.flag("trapping", trapping);
  }
}
