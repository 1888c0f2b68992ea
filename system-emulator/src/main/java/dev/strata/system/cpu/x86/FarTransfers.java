// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

/** Far jumps, calls and returns, IRET, call gates (Intel SDM, volume 3, 5.8). */
final class FarTransfers {
  private final X86 cpu;
  private final Segments segments;

  FarTransfers(X86 cpu, Segments segments) {
    this.cpu = cpu;
    this.segments = segments;
  }

  private static boolean isCode(int access) {
    return (access & 0x18) == 0x18;
  }

  void jump(int selector, long offset, int size) {
    if (cpu.isParagraphs()) {
      checkLimit(offset, cpu.limit[X86.CS]);
      enterParagraph(selector, offset);
      return;
    }
    long address = target(selector);
    long descriptor = cpu.readSystem(address, 3);
    int access = Segments.access(descriptor);
    if (isCode(access)) {
      checkDirect(selector, access);
      enter(selector, address, descriptor, offset, cpu.cpl);
      return;
    }
    Gate gate = gate(selector, address, descriptor);
    int target = Segments.access(gate.descriptor);
    boolean conforming = (target & 4) != 0;
    int dpl = target >> 5 & 3;
    if (conforming ? dpl > cpu.cpl : dpl != cpu.cpl) {
      throw cpu.generalProtection(gate.selector & 0xfffc);
    }
    enter(gate.selector, gate.address, gate.descriptor, gate.offset, cpu.cpl);
  }

  /** CS and the pc in real and in virtual 8086 mode. */
  private void enterParagraph(int selector, long offset) {
    segments.paragraph(X86.CS, selector);
    cpu.r[Slots.PC] = offset;
    cpu.modeChanged();
  }

  /** Where the descriptor of a jump's or a call's target lies. */
  private long target(int selector) {
    if ((selector & 0xfffc) == 0) {
      throw cpu.generalProtection(0);
    }
    return segments.descriptorAddress(selector, X86.GENERAL_PROTECTION);
  }

  private void checkDirect(int selector, int access) {
    int dpl = access >> 5 & 3;
    boolean conforming = (access & 4) != 0;
    if (conforming ? dpl > cpu.cpl : dpl != cpu.cpl || (selector & 3) > cpu.cpl) {
      throw cpu.generalProtection(selector & 0xfffc);
    }
    if ((access & 0x80) == 0) {
      throw cpu.fault(X86.NOT_PRESENT, selector & 0xfffc);
    }
  }

  private void checkLimit(long offset, long limit) {
    if (offset > limit) {
      throw cpu.generalProtection(0);
    }
  }

  /** CS and the pc, all else being checked. */
  private void enter(int selector, long address, long descriptor, long offset, int cpl) {
    int access = Segments.access(descriptor);
    boolean wide = cpu.isLong() && (access & 0x2000) != 0;
    if (wide
        ? !cpu.isCanonical(offset) || (access & 0x4000) != 0
        : offset > Segments.limit(descriptor)) {
      throw cpu.generalProtection(0);
    }
    segments.set(X86.CS, (selector & ~3) | cpl, segments.accessed(address, descriptor));
    cpu.cpl = cpl;
    cpu.r[Slots.PC] = offset;
    cpu.modeChanged();
  }

  private record Gate(
      int selector, long offset, int parameters, boolean is32, long address, long descriptor) {}

  private Gate gate(int selector, long gateAddress, long gate) {
    int access = Segments.access(gate);
    int type = access & 0x1f;
    if (type != 12 && (type != 4 || cpu.isLong())) {
      throw cpu.generalProtection(selector & 0xfffc);
    }
    int dpl = access >> 5 & 3;
    if (dpl < cpu.cpl || dpl < (selector & 3)) {
      throw cpu.generalProtection(selector & 0xfffc);
    }
    if ((access & 0x80) == 0) {
      throw cpu.fault(X86.NOT_PRESENT, selector & 0xfffc);
    }
    long offset = (gate & 0xffff) | (type == 12 ? gate >>> 32 & 0xffff0000L : 0);
    if (cpu.isLong()) {
      offset |= cpu.readSystem(gateAddress + 8, 2) << 32;
    }
    int target = (int) (gate >>> 16) & 0xffff;
    if ((target & 0xfffc) == 0) {
      throw cpu.generalProtection(0);
    }
    long address = segments.descriptorAddress(target, X86.GENERAL_PROTECTION);
    long descriptor = cpu.readSystem(address, 3);
    int code = Segments.access(descriptor);
    if (!isCode(code) || (code >> 5 & 3) > cpu.cpl || (cpu.isLong() && (code & 0x6000) != 0x2000)) {
      throw cpu.generalProtection(target & 0xfffc);
    }
    if ((code & 0x80) == 0) {
      throw cpu.fault(X86.NOT_PRESENT, target & 0xfffc);
    }
    return new Gate(target, offset, (int) (gate >>> 32) & 31, type == 12, address, descriptor);
  }

  void call(int selector, long offset, int size) {
    long next = cpu.r[Slots.NEXT];
    if (cpu.isParagraphs()) {
      checkLimit(offset, cpu.limit[X86.CS]);
      StackWriter stack = StackWriter.current(cpu);
      stack.push(cpu.selector[X86.CS], size);
      stack.push(next, size);
      stack.commit();
      enterParagraph(selector, offset);
      return;
    }
    long address = target(selector);
    long descriptor = cpu.readSystem(address, 3);
    int access = Segments.access(descriptor);
    if (isCode(access)) {
      checkDirect(selector, access);
      StackWriter stack = StackWriter.current(cpu);
      stack.push(cpu.selector[X86.CS], size);
      stack.push(next, size);
      enter(selector, address, descriptor, offset, cpu.cpl);
      stack.commit();
      return;
    }
    throughGate(gate(selector, address, descriptor), next);
  }

  private void throughGate(Gate gate, long next) {
    int access = Segments.access(gate.descriptor);
    int dpl = access >> 5 & 3;
    int size = cpu.isLong() ? 3 : gate.is32 ? 2 : 1;
    int oldCs = cpu.selector[X86.CS];
    if ((access & 4) != 0 || dpl == cpu.cpl) {
      StackWriter stack = StackWriter.current(cpu);
      stack.push(oldCs, size);
      stack.push(next, size);
      enter(gate.selector, gate.address, gate.descriptor, gate.offset, cpu.cpl);
      stack.commit();
      return;
    }
    long oldSp = cpu.r[Slots.RSP];
    int oldSs = cpu.selector[X86.SS];
    long[] parameters = new long[cpu.isLong() ? 0 : gate.parameters];
    for (int i = 0; i < parameters.length; i++) {
      parameters[i] = cpu.peek(i << size, size);
    }
    StackWriter stack = StackWriter.inner(cpu, segments, dpl);
    stack.push(oldSs, size);
    stack.push(oldSp, size);
    for (int i = parameters.length - 1; i >= 0; i--) {
      stack.push(parameters[i], size);
    }
    stack.push(oldCs, size);
    stack.push(next, size);
    stack.commitInner();
    enter(gate.selector, gate.address, gate.descriptor, gate.offset, dpl);
  }

  void returnFar(int bytes, int size) {
    long target = cpu.peek(0, size);
    int selector = (int) cpu.peek(1 << size, size) & 0xffff;
    if (cpu.isParagraphs()) {
      checkLimit(target, cpu.limit[X86.CS]);
      segments.paragraph(X86.CS, selector);
      cpu.stackPointer(cpu.r[Slots.RSP] + (2 << size) + bytes);
      cpu.r[Slots.PC] = target;
      cpu.modeChanged();
      return;
    }
    toSegment(selector, target, size, 2 << size, bytes, false);
  }

  /** The end of RETF and IRET in protected mode. */
  private void toSegment(
      int selector, long target, int size, int frame, int bytes, boolean interrupt) {
    if ((selector & 0xfffc) == 0) {
      throw cpu.generalProtection(0);
    }
    long address = segments.descriptorAddress(selector, X86.GENERAL_PROTECTION);
    long descriptor = cpu.readSystem(address, 3);
    int access = Segments.access(descriptor);
    int rpl = selector & 3;
    int dpl = access >> 5 & 3;
    boolean conforming = (access & 4) != 0;
    if (!isCode(access) || rpl < cpu.cpl || (conforming ? dpl > rpl : dpl != rpl)) {
      throw cpu.generalProtection(selector & 0xfffc);
    }
    if ((access & 0x80) == 0) {
      throw cpu.fault(X86.NOT_PRESENT, selector & 0xfffc);
    }
    boolean from64 = cpu.is64();
    if (rpl == cpu.cpl && !(interrupt && from64)) {
      long sp = cpu.r[Slots.RSP] + frame + bytes;
      enter(selector, address, descriptor, target, rpl);
      cpu.stackPointer(sp);
      return;
    }
    long sp = cpu.peek(frame + bytes, size);
    int ss = (int) cpu.peek(frame + bytes + (1 << size), size) & 0xffff;
    int oldCpl = cpu.cpl;
    boolean to64 = cpu.isLong() && (access & 0x2000) != 0;
    if ((ss & 0xfffc) == 0 && to64 && rpl < 3) {
      enter(selector, address, descriptor, target, rpl);
      segments.nullStack(rpl);
    } else {
      if ((ss & 0xfffc) == 0) {
        throw cpu.generalProtection(0);
      }
      segments.stack(ss, rpl, X86.GENERAL_PROTECTION);
      enter(selector, address, descriptor, target, rpl);
    }
    cpu.modeChanged();
    cpu.stackPointer(interrupt ? sp : sp + bytes);
    if (rpl > oldCpl) {
      segments.dropInner();
      cpu.modeChanged();
    }
  }

  void returnFromInterrupt(int size) {
    long target = cpu.peek(0, size);
    int selector = (int) cpu.peek(1 << size, size) & 0xffff;
    long flags = cpu.peek(2 << size, size);
    long changeable = (0x254fd5L & ~X86.VIRTUAL8086) | 3 << 19;
    if (size == 1) {
      changeable &= 0xffff;
    }
    if (!cpu.isProtected()) {
      checkLimit(target, cpu.limit[X86.CS]);
      segments.paragraph(X86.CS, selector);
      cpu.stackPointer(cpu.r[Slots.RSP] + (3 << size));
      cpu.r[Slots.PC] = target;
      cpu.flags(flags, changeable | X86.IOPL);
      cpu.modeChanged();
      return;
    }
    if (cpu.isVirtual8086()) {
      if ((cpu.system & X86.IOPL) != X86.IOPL) {
        throw cpu.generalProtection(0);
      }
      segments.paragraph(X86.CS, selector);
      cpu.stackPointer(cpu.r[Slots.RSP] + (3 << size));
      cpu.r[Slots.PC] = target;
      cpu.flags(flags, changeable & ~X86.IOPL);
      cpu.modeChanged();
      return;
    }
    if ((cpu.system & X86.NESTED) != 0) {
      throw cpu.generalProtection(0); // A return to another task: none was ever switched from.
    }
    if ((flags & X86.VIRTUAL8086) != 0 && cpu.cpl == 0 && size == 2 && !cpu.isLong()) {
      toVirtual8086(target, selector, flags);
      return;
    }
    int oldCpl = cpu.cpl;
    if (oldCpl == 0) {
      changeable |= X86.IOPL;
    } else {
      changeable &= ~X86.IOPL;
    }
    if (oldCpl > (cpu.system & X86.IOPL) >> 12) {
      changeable &= ~X86.INTERRUPT;
    }
    toSegment(selector, target, size, 3 << size, 0, true);
    cpu.flags(flags, changeable);
  }

  private void toVirtual8086(long target, int cs, long flags) {
    long sp = cpu.peek(12, 2);
    int[] from = new int[6];
    int[] order = {X86.SS, X86.ES, X86.DS, X86.FS, X86.GS};
    for (int i = 0; i < order.length; i++) {
      from[order[i]] = (int) cpu.peek(16 + 4 * i, 2) & 0xffff;
    }
    from[X86.CS] = cs;
    cpu.flags(flags, 0x3f7fd5L);
    for (int i = 0; i < 6; i++) {
      segments.paragraph(i, from[i]);
    }
    cpu.cpl = 3;
    cpu.r[Slots.RSP] = sp;
    cpu.r[Slots.PC] = target & 0xffff;
    cpu.modeChanged();
  }
}
