// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import dev.strata.system.cpu.interpret.Flags;

/** Instructions that move several things between registers and the stack; and selector queries. */
final class Frames {
  private final X86 cpu;

  Frames(X86 cpu) {
    this.cpu = cpu;
  }

  private void needIopl() {
    if (cpu.isVirtual8086() && (cpu.system & X86.IOPL) != X86.IOPL) {
      throw cpu.generalProtection(0);
    }
  }

  long flagsToPush() {
    needIopl();
    return cpu.flags() & ~(X86.VIRTUAL8086 | X86.RESUME);
  }

  void popFlags(int size) {
    needIopl();
    long value = cpu.peek(0, size);
    long mask = Flags.ALL | X86.TRAP | X86.DIRECTION | X86.NESTED | X86.ALIGNMENT | X86.ID;
    long iopl = (cpu.system & X86.IOPL) >> 12;
    if (!cpu.isProtected() || cpu.cpl == 0) {
      mask |= X86.IOPL | X86.INTERRUPT;
    } else if (cpu.cpl <= iopl) {
      mask |= X86.INTERRUPT;
    }
    if (size == 1) {
      mask &= 0xffff;
    }
    cpu.stackPointer(cpu.r[Slots.RSP] + (1 << size));
    cpu.r[Slots.PC] = cpu.r[Slots.NEXT];
    cpu.flags(value, mask);
  }

  void pushAll(int size) {
    StackWriter stack = StackWriter.current(cpu);
    for (int i = 0; i < 8; i++) {
      stack.push(cpu.r[i], size);
    }
    stack.commit();
  }

  void popAll(int size) {
    long[] values = new long[8];
    for (int i = 0; i < 8; i++) {
      values[7 - i] = cpu.peek(i << size, size);
    }
    for (int i = 0; i < 8; i++) {
      if (i != Slots.RSP) {
        cpu.r[i] = size == 1 ? (cpu.r[i] & ~0xffffL) | values[i] : values[i];
      }
    }
    cpu.stackPointer(cpu.r[Slots.RSP] + (8 << size));
  }

  void enter(int bytes, int level, int size) {
    StackWriter stack = StackWriter.current(cpu);
    long frame = cpu.r[Slots.RBP];
    stack.push(frame, size);
    long top = stack.pointer();
    for (int i = 1; i < level; i++) {
      long at = frame - ((long) i << size) & cpu.stackMask();
      stack.push(cpu.core.load(cpu.linear(X86.SS, at, 1 << size, false), size), size);
    }
    if (level > 0) {
      stack.push(top, size);
    }
    long end = stack.pointer() - bytes & cpu.stackMask();
    // The manual has the new top written to, so that it faults here.
    cpu.core.loadToWrite(cpu.linear(X86.SS, end, 1 << size, true), size);
    stack.commit();
    cpu.stackPointer(end);
    cpu.r[Slots.RBP] =
        size == 1
            ? (cpu.r[Slots.RBP] & ~0xffffL) | (top & 0xffff)
            : size == 2 ? top & 0xffffffffL : top;
  }

  void bound(long address, long index, int size) {
    long low = cpu.core.load(address, size);
    long high = cpu.core.load(address + (1 << size), size);
    int shift = 64 - (8 << size);
    long i = index << shift >> shift;
    if (i < low << shift >> shift || i > high << shift >> shift) {
      throw cpu.fault(5, -1);
    }
  }

  /** LAR (0), LSL (1), VERR (2), VERW (3): ZF tells; returns what LAR and LSL load. */
  long selectorInfo(Segments segments, int selector, long register, int kind) {
    long result = cpu.r[(int) register & 15];
    boolean valid = (selector & 0xfffc) != 0;
    boolean local = (selector & 4) != 0;
    long limit = local ? cpu.limit[X86.LDTR] : cpu.gdtLimit;
    valid &= (selector | 7) <= limit && (!local || (cpu.access[X86.LDTR] & 0x80) != 0);
    if (valid) {
      long descriptor = segments.descriptor(selector, X86.GENERAL_PROTECTION);
      int access = Segments.access(descriptor);
      boolean code = (access & 0x18) == 0x18;
      int dpl = access >> 5 & 3;
      boolean visible = (access & 0x1c) == 0x1c || Math.max(cpu.cpl, selector & 3) <= dpl;
      int type = access & 0x1f;
      boolean system = (access & 0x10) == 0;
      boolean known =
          switch (kind) {
            case 0 ->
                !system
                    || type == 2
                    || type == 9
                    || type == 11
                    || type == 12
                    || (!cpu.isLong() && (type == 1 || type == 3 || type == 4 || type == 5));
            case 1 ->
                !system
                    || type == 2
                    || type == 9
                    || type == 11
                    || (!cpu.isLong() && (type == 1 || type == 3));
            case 2 -> !system && (!code || (access & 2) != 0);
            default -> !system && !code && (access & 2) != 0;
          };
      valid = visible && known;
      if (valid) {
        result = kind == 0 ? descriptor >>> 32 & 0xffff00 : Segments.limit(descriptor);
      }
    }
    Flags flags = cpu.core;
    flags.flags((flags.flags() & ~Flags.ZERO) | (valid ? Flags.ZERO : 0));
    return result;
  }
}
