// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import dev.strata.block.BlockException;
import dev.strata.system.state.StateFields;
import java.util.Arrays;

/**
 * The registers of x87, MMX and SSE, and how FXSAVE lays them out (Intel SDM, volume 1, 8.1, 10.2
 * and 10.5.1).
 */
final class ExtendedState {
  static final int MXCSR_MASK = 0xffff;

  private static final int BUSY = 0x8000;
  private static final int SUMMARY = 0x80;
  private static final int TOP = 7 << 11;
  private static final int AREA = 512;

  private final X86 cpu;

  /** Significands of the x87's registers, by their own number; also the MMX registers. */
  final long[] significand = new long[8];

  /** Sign and exponent of each, 16 bits. */
  final int[] exponent = new int[8];

  /** A bit for each register that is not empty. */
  int tags;

  int top;
  int control;

  /** The status word but for TOP. */
  int status;

  int lastOpcode;
  long lastInstruction;
  long lastOperand;
  int lastCodeSelector;
  int lastDataSelector;

  /** XMM registers: the low halves at the even places. */
  final long[] xmm;

  /** How many of these numbers are registers. */
  static final int XMM_HALVES = 32;

  /**
   * Where code finds whether scalar floating point needs care: 0 if MXCSR rounds to nearest and has
   * the inexact flag both set and masked, so that an ordinary result changes nothing but itself.
   */
  static final int CAREFUL = XMM_HALVES;

  // Rounding, the inexact flag and its mask.
  private static final int PLAIN_MASK = 3 << 13 | 1 << 12 | 1 << 5;
  private static final int PLAIN = 1 << 12 | 1 << 5;

  private int mxcsr;

  ExtendedState(X86 cpu) {
    this.cpu = cpu;
    xmm = cpu.core.vectors;
  }

  int mxcsr() {
    return mxcsr;
  }

  void mxcsr(int value) {
    mxcsr = value;
    xmm[CAREFUL] = (value & PLAIN_MASK) == PLAIN ? 0 : 1;
  }

  /** Whether ordinary results of scalar floating point change nothing but themselves. */
  boolean isPlain() {
    return xmm[CAREFUL] == 0;
  }

  void reset() {
    clearX87();
    Arrays.fill(xmm, 0, XMM_HALVES, 0);
    mxcsr(0x1f80);
  }

  /** FNINIT. */
  void initialise() {
    control = 0x37f;
    status = 0;
    top = 0;
    tags = 0;
    lastOpcode = 0;
    lastInstruction = 0;
    lastOperand = 0;
    lastCodeSelector = 0;
    lastDataSelector = 0;
  }

  int statusWord() {
    return status | top << 11;
  }

  void statusWord(int word) {
    top = (word & TOP) >> 11;
    status = word & ~TOP & 0xffff;
    summarise();
  }

  void controlWord(int word) {
    control = (word & 0xffff) | 0x40;
    summarise();
  }

  /** The error summary follows from the flags and the masks. */
  void summarise() {
    if ((status & ~control & 0x3f) != 0) {
      status |= SUMMARY | BUSY;
    } else {
      status &= ~(SUMMARY | BUSY);
    }
  }

  boolean isPending() {
    return (status & SUMMARY) != 0;
  }

  /** The tag word of FNSTENV, two bits a register (SDM volume 1, 8.1.7). */
  int tagWord() {
    int word = 0;
    for (int i = 0; i < 8; i++) {
      word |= tag(i) << (2 * i);
    }
    return word;
  }

  private int tag(int register) {
    if ((tags & 1 << register) == 0) {
      return 3;
    }
    int biased = exponent[register] & 0x7fff;
    if (biased == 0 && significand[register] == 0) {
      return 1;
    }
    return biased == 0 || biased == 0x7fff || significand[register] >= 0 ? 2 : 0;
  }

  void tagWord(int word) {
    tags = 0;
    for (int i = 0; i < 8; i++) {
      if ((word >> (2 * i) & 3) != 3) {
        tags |= 1 << i;
      }
    }
  }

  private void needAlignment(long address) {
    if ((address & 15) != 0) {
      throw cpu.generalProtection(0);
    }
  }

  private int xmmRegisters() {
    return cpu.is64() ? 16 : 8;
  }

  /** FXSAVE; {@code wide} with REX.W. */
  void save(long address, boolean wide) {
    needAlignment(address);
    // All that can fault does so before anything is written.
    cpu.core.loadToWrite(address, 3);
    cpu.core.loadToWrite(address + AREA - 8, 3);
    saveX87(address, wide);
    saveMxcsr(address);
    saveXmm(address);
  }

  /** The part of an area for the x87; nothing faults. */
  void saveX87(long address, boolean wide) {
    cpu.core.store(
        address,
        3,
        control | (long) statusWord() << 16 | (long) tags << 32 | (long) lastOpcode << 48);
    pointer(address + 8, lastInstruction, lastCodeSelector, wide);
    pointer(address + 16, lastOperand, lastDataSelector, wide);
    for (int i = 0; i < 8; i++) {
      int register = top + i & 7;
      cpu.core.store(address + 32 + 16L * i, 3, significand[register]);
      cpu.core.store(address + 40 + 16L * i, 3, exponent[register] & 0xffff);
    }
  }

  void saveMxcsr(long address) {
    cpu.core.store(address + 24, 3, (mxcsr & 0xffffffffL) | (long) MXCSR_MASK << 32);
  }

  void saveXmm(long address) {
    for (int i = 0; i < 2 * xmmRegisters(); i++) {
      cpu.core.store(address + 160 + 8L * i, 3, xmm[i]);
    }
  }

  private void pointer(long address, long offset, int selector, boolean wide) {
    cpu.core.store(address, 3, wide ? offset : (offset & 0xffffffffL) | (selector & 0xffffL) << 32);
  }

  /** FXRSTOR. */
  void restore(long address, boolean wide) {
    needAlignment(address);
    cpu.core.load(address + AREA - 8, 3);
    restoreMxcsr(address);
    restoreX87(address, wide);
    restoreXmm(address);
  }

  void restoreMxcsr(long address) {
    loadMxcsr(cpu.core.load(address + 24, 2));
  }

  /** Loads from an area; nothing faults. */
  void restoreX87(long address, boolean wide) {
    long first = cpu.core.load(address, 3);
    control = ((int) first & 0xffff) | 0x40;
    statusWord((int) (first >>> 16) & 0xffff);
    tags = (int) (first >>> 32) & 0xff;
    lastOpcode = (int) (first >>> 48) & 0x7ff;
    long instruction = cpu.core.load(address + 8, 3);
    long operand = cpu.core.load(address + 16, 3);
    lastInstruction = wide ? instruction : instruction & 0xffffffffL;
    lastOperand = wide ? operand : operand & 0xffffffffL;
    lastCodeSelector = wide ? 0 : (int) (instruction >>> 32) & 0xffff;
    lastDataSelector = wide ? 0 : (int) (operand >>> 32) & 0xffff;
    for (int i = 0; i < 8; i++) {
      int register = top + i & 7;
      significand[register] = cpu.core.load(address + 32 + 16L * i, 3);
      exponent[register] = (int) cpu.core.load(address + 40 + 16L * i, 1);
    }
  }

  void restoreXmm(long address) {
    for (int i = 0; i < 2 * xmmRegisters(); i++) {
      xmm[i] = cpu.core.load(address + 160 + 8L * i, 3);
    }
  }

  /** The x87's registers as they are at the beginning. */
  void clearX87() {
    initialise();
    Arrays.fill(significand, 0);
    Arrays.fill(exponent, 0);
  }

  void clearXmm() {
    Arrays.fill(xmm, 0, 2 * xmmRegisters(), 0);
  }

  /** Whether the x87 is not as it is at the beginning. */
  boolean isX87Used() {
    long used =
        (control ^ 0x37f) | statusWord() | tags | lastOpcode | lastInstruction | lastOperand;
    used |= lastCodeSelector | lastDataSelector;
    for (int i = 0; i < 8; i++) {
      used |= significand[i] | exponent[i];
    }
    return used != 0;
  }

  boolean isXmmUsed() {
    long used = 0;
    for (int i = 0; i < 2 * xmmRegisters(); i++) {
      used |= xmm[i];
    }
    return used != 0;
  }

  /** LDMXCSR. */
  void loadMxcsr(long value) {
    if ((value & 0xffffffffL & ~(long) MXCSR_MASK) != 0) {
      throw cpu.generalProtection(0);
    }
    mxcsr((int) value);
  }

  // --- FNSTENV, FLDENV, FNSAVE, FRSTOR (SDM volume 1, figures 8-9 to 8-12) ---

  private static int size(boolean narrow) {
    return narrow ? 1 : 2;
  }

  static int environmentBytes(boolean narrow) {
    return narrow ? 14 : 28;
  }

  void storeEnvironment(long address, boolean narrow) {
    int size = size(narrow);
    long filler = narrow ? 0 : 0xffff0000L;
    cpu.core.loadToWrite(address, size);
    cpu.core.loadToWrite(address + environmentBytes(narrow) - (1 << size), size);
    boolean real = cpu.isParagraphs();
    long ip = real ? lastInstruction + 16L * lastCodeSelector : lastInstruction;
    long dp = real ? lastOperand + 16L * lastDataSelector : lastOperand;
    long part = narrow ? 0xffff : 0xffffffffL;
    word(address, 0, size, control | filler);
    word(address, 1, size, statusWord() | filler);
    word(address, 2, size, tagWord() | filler);
    if (real) {
      word(address, 3, size, ip & 0xffff);
      word(address, 4, size, (ip >>> 16 & part >>> 12) << 12 | lastOpcode);
      word(address, 5, size, dp & 0xffff);
      word(address, 6, size, (dp >>> 16 & part >>> 12) << 12);
    } else {
      word(address, 3, size, ip);
      word(address, 4, size, lastCodeSelector | (narrow ? 0 : (long) lastOpcode << 16));
      word(address, 5, size, dp);
      word(address, 6, size, lastDataSelector | filler);
    }
  }

  private void word(long address, int index, int size, long value) {
    cpu.core.store(address + ((long) index << size), size, value);
  }

  private long word(long address, int index, int size) {
    return cpu.core.load(address + ((long) index << size), size);
  }

  void loadEnvironment(long address, boolean narrow) {
    int size = size(narrow);
    cpu.core.load(address + environmentBytes(narrow) - (1 << size), size);
    long newControl = word(address, 0, size);
    long newStatus = word(address, 1, size);
    long newTags = word(address, 2, size);
    long w3 = word(address, 3, size);
    long w4 = word(address, 4, size);
    long w5 = word(address, 5, size);
    long w6 = word(address, 6, size);
    control = ((int) newControl & 0xffff) | 0x40;
    statusWord((int) newStatus & 0xffff);
    tagWord((int) newTags & 0xffff);
    if (cpu.isParagraphs()) {
      lastInstruction = (w3 & 0xffff) | (w4 >>> 12) << 16;
      lastOpcode = (int) w4 & 0x7ff;
      lastOperand = (w5 & 0xffff) | (w6 >>> 12) << 16;
      lastCodeSelector = 0;
      lastDataSelector = 0;
    } else {
      lastInstruction = w3;
      lastCodeSelector = (int) w4 & 0xffff;
      lastOpcode = (int) (w4 >>> 16) & 0x7ff;
      lastOperand = w5;
      lastDataSelector = (int) w6 & 0xffff;
    }
  }

  void storeAll(long address, boolean narrow) {
    int bytes = environmentBytes(narrow);
    cpu.core.loadToWrite(address, 1);
    cpu.core.loadToWrite(address + bytes + 78, 1);
    storeEnvironment(address, narrow);
    for (int i = 0; i < 8; i++) {
      int register = top + i & 7;
      cpu.core.store(address + bytes + 10L * i, 3, significand[register]);
      cpu.core.store(address + bytes + 10L * i + 8, 1, exponent[register]);
    }
    initialise();
  }

  void loadAll(long address, boolean narrow) {
    int bytes = environmentBytes(narrow);
    cpu.core.load(address + bytes + 78, 1);
    loadEnvironment(address, narrow);
    for (int i = 0; i < 8; i++) {
      int register = top + i & 7;
      significand[register] = cpu.core.load(address + bytes + 10L * i, 3);
      exponent[register] = (int) cpu.core.load(address + bytes + 10L * i + 8, 1);
    }
  }

  // --- MMX ---

  /** An MMX instruction other than EMMS: the stack is full and its top is register 0. */
  void multimedia() {
    top = 0;
    tags = 0xff;
  }

  void writeMultimedia(int register, long value) {
    significand[register] = value;
    exponent[register] = 0xffff;
  }

  void state(StateFields state) throws BlockException {
    state.i64("significands", significand);
    state.within("exponents", exponent, 0, 0xffff);
    tags = state.u8("tags", tags);
    top = state.within("top", top, 0, 7);
    control = state.u16("control word", control);
    status = state.u16("status word", status) & ~TOP;
    lastOpcode = state.i32("last opcode", lastOpcode);
    lastInstruction = state.i64("last instruction", lastInstruction);
    lastOperand = state.i64("last operand", lastOperand);
    lastCodeSelector = state.u16("last code selector", lastCodeSelector);
    lastDataSelector = state.u16("last data selector", lastDataSelector);
    long[] registers = Arrays.copyOf(xmm, XMM_HALVES);
    state.i64("XMM registers", registers);
    System.arraycopy(registers, 0, xmm, 0, XMM_HALVES);
    mxcsr(state.u16("MXCSR", mxcsr));
  }
}
