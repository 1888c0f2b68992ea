// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import dev.strata.system.cpu.GuestFault;

/**
 * What a vector instruction reaches: whether it may run at all, its registers, its operand in
 * memory (Intel SDM, volume 3, 13.1; volume 1, 4.1.1).
 */
final class VectorOperands {
  final X86 cpu;
  final ExtendedState state;

  /** XMM registers: the low halves at the even places. */
  final long[] xmm;

  private final X87 x87;

  /** Of the operand in memory, or a general register's value. */
  long address;

  private int extra;

  /** The source's low half, once it is read. */
  long low;

  /** The source's high half. */
  long high;

  VectorOperands(X86 cpu, ExtendedState state, X87 x87) {
    this.cpu = cpu;
    this.state = state;
    this.x87 = x87;
    xmm = state.xmm;
  }

  /**
   * Begins an instruction.
   *
   * @param newExtra the destination at 0, the source at 4, whether that is memory at 8, REX.W at 9
   */
  void begin(long a, int newExtra) {
    address = a;
    extra = newExtra;
  }

  /** Where the destination's low half is. */
  int to() {
    return (extra & 15) * 2;
  }

  /** Where the source's low half is, if that is a register. */
  int from() {
    return (extra >> 4 & 15) * 2;
  }

  /** Whether the source is in memory. */
  boolean memory() {
    return (extra & 1 << 8) != 0;
  }

  /** Whether general registers are taken whole: REX.W. */
  boolean wide() {
    return (extra & 1 << 9) != 0;
  }

  /** What SSE raises where it may not be used. */
  GuestFault unavailable() {
    boolean known = (cpu.cr0 & X86.EM) == 0 && (cpu.cr4 & X86.OSFXSR) != 0;
    return cpu.fault(known ? X86.DEVICE_NOT_AVAILABLE : X86.UNDEFINED_OPCODE, -1);
  }

  /** Whether MMX may be used. */
  void multimedia() {
    if ((cpu.cr0 & X86.EM) != 0) {
      throw cpu.fault(X86.UNDEFINED_OPCODE, -1);
    }
    if ((cpu.cr0 & X86.TS) != 0) {
      throw cpu.fault(X86.DEVICE_NOT_AVAILABLE, -1);
    }
    x87.pending();
  }

  /** Reads a source of 16 bytes. */
  void read(boolean aligned) {
    if (!memory()) {
      low = xmm[from()];
      high = xmm[from() + 1];
      return;
    }
    if (aligned && (address & 15) != 0) {
      throw cpu.generalProtection(0);
    }
    low = cpu.core.load(address, 3);
    high = cpu.core.load(address + 8, 3);
  }

  /** Reads a source of up to 8 bytes, of which a register's others are above. */
  long scalar(int size) {
    if (memory()) {
      return cpu.core.load(address, size);
    }
    return size == 3 ? xmm[from()] : xmm[from()] & -1L >>> (64 - (8 << size));
  }

  /** Reads a source of an MMX register or of so many bytes in memory. */
  long multimediaSource(int size) {
    return memory() ? cpu.core.load(address, size) : state.significand[from() >> 1 & 7];
  }

  /** Reads a source of a general register or of memory of its size. */
  long general() {
    if (memory()) {
      return cpu.core.load(address, generalSize());
    }
    return cut(address);
  }

  /** log2 of the bytes that are taken of a general register. */
  int generalSize() {
    return wide() ? 3 : 2;
  }

  /** What of a value goes to a general register. */
  long cut(long value) {
    return wide() ? value : value & 0xffffffffL;
  }

  /** Writes a register. */
  void set(int register, long newLow, long newHigh) {
    xmm[register] = newLow;
    xmm[register + 1] = newHigh;
  }

  /** Writes the destination. */
  void set(long newLow, long newHigh) {
    set(to(), newLow, newHigh);
  }

  /** Writes the destination, an MMX register: the x87's stack becomes that of MMX. */
  void setMultimedia(long value) {
    setMultimedia(to() >> 1 & 7, value);
  }

  /** Writes an MMX register. */
  void setMultimedia(int register, long value) {
    state.multimedia();
    state.writeMultimedia(register, value);
  }

  /** Writes the lowest element of 4 or 8 bytes of a register. */
  void setScalar(int register, int size, long value) {
    xmm[register] = size == 3 ? value : (xmm[register] & ~0xffffffffL) | (value & 0xffffffffL);
  }
}
