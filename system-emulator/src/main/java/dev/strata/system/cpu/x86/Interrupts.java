// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import dev.strata.system.cpu.GuestFault;

/** Delivers interrupts and exceptions (Intel SDM, volume 3, chapter 6). */
final class Interrupts {
  private final X86 cpu;
  private final Segments segments;
  private final InterruptLog log;

  /** The exception whose delivery is under way, or -1. */
  private int delivering = -1;

  Interrupts(X86 cpu, Segments segments, InterruptLog log) {
    this.cpu = cpu;
    this.segments = segments;
    this.log = log;
  }

  private static boolean contributes(int vector) {
    return vector == 0 || (vector >= X86.INVALID_TSS && vector <= X86.GENERAL_PROTECTION);
  }

  /** An exception; what fails on the way becomes a double fault, then a shutdown. */
  void exception(GuestFault fault) {
    int vector = fault.vector;
    int code = fault.code;
    int first = delivering;
    while (true) {
      boolean told = contributes(first) || first == X86.PAGE || first == X86.DOUBLE_FAULT;
      log.raised(told ? first : -1, vector);
      if (first == X86.DOUBLE_FAULT) {
        log.tripleFault();
        cpu.shutdown = true;
        cpu.core.attend(1);
        delivering = -1;
        return;
      }
      if ((contributes(first) && contributes(vector))
          || (first == X86.PAGE && (contributes(vector) || vector == X86.PAGE))) {
        vector = X86.DOUBLE_FAULT;
        code = 0;
      }
      delivering = vector;
      try {
        if (vector == X86.DEBUG || vector == 3 || vector == 4) {
          code = -1;
        }
        deliver(vector, code, false, cpu.r[Slots.PC], vector != X86.DEBUG);
        delivering = -1;
        return;
      } catch (GuestFault next) {
        first = delivering;
        vector = next.vector;
        code = next.code;
      }
    }
  }

  /** INT n, INT3, INTO: the pc moves on first. */
  void software(int vector) {
    if (cpu.isVirtual8086() && (cpu.system & X86.IOPL) != X86.IOPL && vector != 3) {
      throw cpu.generalProtection(0);
    }
    deliver(vector, -1, true, cpu.r[Slots.NEXT], false);
  }

  /** An interrupt from outside. */
  void external(int vector) {
    cpu.halted = false;
    try {
      deliver(vector, -1, false, cpu.r[Slots.PC], false);
    } catch (GuestFault fault) {
      exception(fault);
    }
  }

  private void deliver(int vector, int code, boolean software, long returnTo, boolean resume) {
    if (!cpu.isProtected()) {
      realMode(vector, returnTo);
      return;
    }
    log.delivered(vector, code, software);
    boolean wide = cpu.isLong();
    int entry = wide ? 16 : 8;
    int told = vector * 8 + 2 + (software ? 0 : 1);
    if (vector * entry + entry - 1 > cpu.idtLimit) {
      throw cpu.generalProtection(told);
    }
    long gate = cpu.readSystem(cpu.idtBase + (long) vector * entry, 3);
    int access = Segments.access(gate);
    int type = access & 0x1f;
    boolean known = type == 14 || type == 15 || (!wide && (type == 6 || type == 7));
    if (!known || (software && (access >> 5 & 3) < cpu.cpl)) {
      throw cpu.generalProtection(told);
    }
    if ((access & 0x80) == 0) {
      throw cpu.fault(X86.NOT_PRESENT, told);
    }
    boolean is32 = type >= 14;
    long offset = (gate & 0xffff) | (is32 ? gate >>> 32 & 0xffff0000L : 0);
    int ist = 0;
    if (wide) {
      offset |= cpu.readSystem(cpu.idtBase + (long) vector * entry + 8, 2) << 32;
      ist = (int) (gate >>> 32) & 7;
    }
    int selector = (int) (gate >>> 16) & 0xffff;
    int external = software ? 0 : 1;
    if ((selector & 0xfffc) == 0) {
      throw cpu.generalProtection(external);
    }
    long address = segments.descriptorAddress(selector, X86.GENERAL_PROTECTION);
    long descriptor = cpu.readSystem(address, 3);
    int target = Segments.access(descriptor);
    int dpl = target >> 5 & 3;
    if ((target & 0x18) != 0x18 || dpl > cpu.cpl || (wide && (target & 0x6000) != 0x2000)) {
      throw cpu.generalProtection((selector & 0xfffc) | external);
    }
    if ((target & 0x80) == 0) {
      throw cpu.fault(X86.NOT_PRESENT, (selector & 0xfffc) | external);
    }
    int cpl = (target & 4) != 0 ? cpu.cpl : dpl;
    if (cpu.isVirtual8086() && cpl != 0) {
      throw cpu.generalProtection((selector & 0xfffc) | external);
    }
    push(cpl, ist, is32, code, returnTo, resume);
    long descriptorNow = segments.accessed(address, descriptor);
    segments.set(X86.CS, (selector & ~3) | cpl, descriptorNow);
    cpu.cpl = cpl;
    cpu.r[Slots.PC] = offset;
    long cleared = X86.TRAP | X86.NESTED | X86.VIRTUAL8086 | X86.RESUME;
    if ((type & 1) == 0) {
      cleared |= X86.INTERRUPT;
    }
    cpu.system &= ~cleared;
    cpu.modeChanged();
  }

  private void push(int cpl, int ist, boolean is32, int code, long returnTo, boolean resume) {
    boolean wide = cpu.isLong();
    int size = wide ? 3 : is32 ? 2 : 1;
    long flags = cpu.flags() | (resume ? X86.RESUME : 0);
    int cs = cpu.selector[X86.CS];
    int ss = cpu.selector[X86.SS];
    long sp = cpu.r[Slots.RSP];
    boolean switches = cpl != cpu.cpl;
    StackWriter stack;
    if (wide && ist != 0) {
      long at = cpu.base[X86.TR] + 0x1c + 8L * ist;
      stack = StackWriter.at(cpu, cpu.readSystem(at, 3), cpl);
      stack.align();
    } else if (switches) {
      stack = StackWriter.inner(cpu, segments, cpl);
      if (wide) {
        stack.align();
      }
    } else if (wide) {
      stack = StackWriter.at(cpu, sp, cpl);
      stack.align();
    } else {
      stack = StackWriter.current(cpu);
    }
    boolean virtual = cpu.isVirtual8086();
    if (virtual) {
      for (int segment : new int[] {X86.GS, X86.FS, X86.DS, X86.ES}) {
        stack.push(cpu.selector[segment], size);
      }
    }
    if (switches || wide) {
      stack.push(ss, size);
      stack.push(sp, size);
    }
    stack.push(flags, size);
    stack.push(cs, size);
    stack.push(returnTo, size);
    if (code >= 0) {
      stack.push(code, size);
    }
    if (virtual) {
      cpu.system &= ~X86.VIRTUAL8086;
      for (int segment : new int[] {X86.GS, X86.FS, X86.DS, X86.ES}) {
        cpu.selector[segment] = 0;
        cpu.base[segment] = 0;
        cpu.access[segment] = 0;
      }
    }
    if (wide && !switches) {
      // The stack segment stays as it is, unless there was a change of privilege.
      stack.keepSegment();
    } else if (switches) {
      stack.commitInner();
    } else {
      stack.commit();
    }
  }

  private void realMode(int vector, long returnTo) {
    if (vector * 4 + 3 > cpu.idtLimit) {
      throw cpu.generalProtection(0);
    }
    long entry = cpu.core.load(cpu.idtBase + vector * 4L, 2);
    StackWriter stack = StackWriter.current(cpu);
    stack.push(cpu.flags(), 1);
    stack.push(cpu.selector[X86.CS], 1);
    stack.push(returnTo, 1);
    stack.commit();
    cpu.system &= ~(X86.INTERRUPT | X86.TRAP | X86.ALIGNMENT | X86.RESUME);
    segments.paragraph(X86.CS, (int) (entry >>> 16) & 0xffff);
    cpu.r[Slots.PC] = entry & 0xffff;
    cpu.modeChanged();
  }
}
