// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import dev.strata.system.cpu.interpret.Interpreter;

/** Pushes that count only when all of them have not faulted. */
final class StackWriter {
  private final X86 cpu;
  private final boolean inner;
  private long pointer;
  private final long mask;
  private int selector;
  private long base;
  private long limit;
  private int access;
  private int cpl;

  private StackWriter(X86 cpu, boolean inner, long pointer, long mask) {
    this.cpu = cpu;
    this.inner = inner;
    this.pointer = pointer;
    this.mask = mask;
  }

  /** Onto the stack in use. */
  static StackWriter current(X86 cpu) {
    return new StackWriter(cpu, false, cpu.r[Slots.RSP], cpu.stackMask());
  }

  /** Onto a stack in long mode. */
  static StackWriter at(X86 cpu, long pointer, int cpl) {
    var writer = new StackWriter(cpu, true, pointer, -1);
    writer.cpl = cpl;
    writer.selector = cpl == cpu.cpl ? cpu.selector[X86.SS] : cpl;
    writer.access = cpl << 5 | 0x4000 | 0x93;
    writer.limit = 0xffffffffL;
    return writer;
  }

  /** Onto the stack that the TSS has for an inner privilege. */
  static StackWriter inner(X86 cpu, Segments segments, int cpl) {
    long tss = cpu.base[X86.TR];
    if (cpu.isLong()) {
      if (4 + 8 * cpl + 7 > cpu.limit[X86.TR]) {
        throw cpu.fault(X86.INVALID_TSS, cpu.selector[X86.TR] & 0xfffc);
      }
      return at(cpu, cpu.readSystem(tss + 4 + 8L * cpl, 3), cpl);
    }
    boolean is32 = (cpu.access[X86.TR] & 8) != 0;
    long at = is32 ? 4 + 8 * cpl : 2 + 4 * cpl;
    if (at + (is32 ? 5 : 3) > cpu.limit[X86.TR]) {
      throw cpu.fault(X86.INVALID_TSS, cpu.selector[X86.TR] & 0xfffc);
    }
    long pointer = cpu.readSystem(tss + at, is32 ? 2 : 1);
    int selector = (int) cpu.readSystem(tss + at + (is32 ? 4 : 2), 1);
    if ((selector & 0xfffc) == 0) {
      throw cpu.fault(X86.INVALID_TSS, 0);
    }
    long descriptor = segments.descriptor(selector, X86.INVALID_TSS);
    int access = Segments.access(descriptor);
    if ((selector & 3) != cpl || (access & 0x1a) != 0x12 || (access >> 5 & 3) != cpl) {
      throw cpu.fault(X86.INVALID_TSS, selector & 0xfffc);
    }
    if ((access & 0x80) == 0) {
      throw cpu.fault(X86.STACK, selector & 0xfffc);
    }
    var writer = new StackWriter(cpu, true, pointer, (access & 0x4000) != 0 ? 0xffffffffL : 0xffff);
    writer.selector = selector;
    writer.base = Segments.base(descriptor);
    writer.limit = Segments.limit(descriptor);
    writer.access = access;
    writer.cpl = cpl;
    return writer;
  }

  long pointer() {
    return pointer;
  }

  void align() {
    pointer &= ~15L;
  }

  void push(long value, int size) {
    int bytes = 1 << size;
    long at = pointer - bytes & mask;
    if (!inner) {
      cpu.core.store(cpu.linear(X86.SS, at, bytes, true), size, value);
    } else {
      boolean down = (access & 0x0c) == 4;
      if (mask != -1 && (down ? at <= limit : at + bytes - 1 > limit)) {
        throw cpu.fault(X86.STACK, selector & 0xfffc);
      }
      // The pushes have the new privilege's rights.
      if (cpl == 3) {
        cpu.core.store(mask == -1 ? at : base + at & 0xffffffffL, size, value);
      } else {
        cpu.writeSystem(mask == -1 ? at : base + at, size, value);
      }
    }
    pointer = (pointer & ~mask) | at;
  }

  /** The stack pointer moves. */
  void commit() {
    cpu.stackPointer(pointer);
  }

  /** The stack pointer moves to a stack of long mode; the segment stays. */
  void keepSegment() {
    cpu.r[Slots.RSP] = pointer;
  }

  /** The new stack becomes the one in use. */
  void commitInner() {
    cpu.selector[X86.SS] = selector;
    cpu.base[X86.SS] = base;
    cpu.limit[X86.SS] = limit;
    cpu.access[X86.SS] = access;
    cpu.cpl = cpl;
    cpu.modeChanged();
    if (mask == -1) {
      cpu.r[Slots.RSP] = pointer;
    } else {
      cpu.stackPointer(pointer);
    }
    cpu.core.alone &= Interpreter.ALONE;
  }
}
