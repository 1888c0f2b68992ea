// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

/** Loads segment registers from descriptors (Intel SDM, volume 3, 3.4 and 5.5). */
final class Segments {
  private final X86 cpu;

  Segments(X86 cpu) {
    this.cpu = cpu;
  }

  /** The linear address of a descriptor, its index checked. */
  long descriptorAddress(int selector, int vector) {
    boolean local = (selector & 4) != 0;
    long limit = local ? cpu.limit[X86.LDTR] : cpu.gdtLimit;
    if ((local && (cpu.access[X86.LDTR] & 0x80) == 0) || (selector | 7) > limit) {
      throw cpu.fault(vector, selector & 0xfffc);
    }
    return (local ? cpu.base[X86.LDTR] : cpu.gdtBase) + (selector & 0xfff8);
  }

  long descriptor(int selector, int vector) {
    return cpu.readSystem(descriptorAddress(selector, vector), 3);
  }

  static int access(long descriptor) {
    return (int) (descriptor >>> 40) & 0xf0ff;
  }

  static long base(long descriptor) {
    return (descriptor >>> 16 & 0xffffff) | (descriptor >>> 32 & 0xff000000L);
  }

  static long limit(long descriptor) {
    long limit = (descriptor & 0xffff) | (descriptor >>> 32 & 0xf0000);
    return (descriptor >>> 55 & 1) != 0 ? limit << 12 | 0xfff : limit;
  }

  /** Puts a checked descriptor into a register. */
  void set(int segment, int selector, long descriptor) {
    cpu.selector[segment] = selector;
    cpu.base[segment] = base(descriptor);
    cpu.limit[segment] = limit(descriptor);
    cpu.access[segment] = access(descriptor);
  }

  /** As real mode and VM86 load a segment register. */
  void paragraph(int segment, int selector) {
    cpu.selector[segment] = selector;
    cpu.base[segment] = (long) selector << 4;
    if (cpu.isVirtual8086()) {
      cpu.limit[segment] = 0xffff;
      cpu.access[segment] = 0xf3;
    }
  }

  private void unusable(int segment, int selector) {
    cpu.selector[segment] = selector;
    cpu.base[segment] = 0;
    cpu.limit[segment] = 0;
    cpu.access[segment] = segment == X86.SS ? cpu.cpl << 5 | 0x4000 : 0;
  }

  /** MOV and POP to ES, SS, DS, FS, GS. */
  void load(int segment, int selector) {
    if (cpu.isParagraphs()) {
      paragraph(segment, selector);
    } else if ((selector & 0xfffc) == 0) {
      boolean allowed =
          segment != X86.SS || (cpu.is64() && cpu.cpl < 3 && (selector & 3) == cpu.cpl);
      if (!allowed) {
        throw cpu.generalProtection(0);
      }
      unusable(segment, selector);
    } else if (segment == X86.SS) {
      stack(selector, cpu.cpl, X86.GENERAL_PROTECTION);
    } else {
      data(segment, selector);
    }
    if (segment == X86.SS) {
      cpu.inhibited = true;
      cpu.core.alone = dev.strata.system.cpu.interpret.Interpreter.ALONE;
      cpu.core.attend(1);
    }
    cpu.modeChanged();
  }

  /** SS = a selector that must be of privilege {@code cpl}. */
  void stack(int selector, int cpl, int vector) {
    long address = descriptorAddress(selector, vector);
    long descriptor = cpu.readSystem(address, 3);
    int access = access(descriptor);
    if ((selector & 3) != cpl || (access & 0x1a) != 0x12 || (access >> 5 & 3) != cpl) {
      throw cpu.fault(vector, selector & 0xfffc);
    }
    if ((access & 0x80) == 0) {
      throw cpu.fault(X86.STACK, selector & 0xfffc);
    }
    set(X86.SS, selector, accessed(address, descriptor));
  }

  /** SS = null, as long mode allows inside. */
  void nullStack(int cpl) {
    unusable(X86.SS, cpl);
    cpu.access[X86.SS] = cpl << 5 | 0x4000;
  }

  private void data(int segment, int selector) {
    long address = descriptorAddress(selector, X86.GENERAL_PROTECTION);
    long descriptor = cpu.readSystem(address, 3);
    int access = access(descriptor);
    boolean readable = (access & 0x10) != 0 && (access & 0x0a) != 8;
    boolean conforming = (access & 0x0c) == 0x0c;
    if (!readable || (!conforming && Math.max(selector & 3, cpu.cpl) > (access >> 5 & 3))) {
      throw cpu.generalProtection(selector & 0xfffc);
    }
    if ((access & 0x80) == 0) {
      throw cpu.fault(X86.NOT_PRESENT, selector & 0xfffc);
    }
    set(segment, selector, accessed(address, descriptor));
  }

  /** Marks a segment accessed, in memory too. */
  long accessed(long address, long descriptor) {
    long marked = descriptor | 1L << 40;
    if (marked != descriptor) {
      cpu.writeSystem(address + 5, 0, marked >>> 40);
    }
    return marked;
  }

  /** After a return to an outer level, data segments that it may not use become null. */
  void dropInner() {
    for (int segment : new int[] {X86.ES, X86.DS, X86.FS, X86.GS}) {
      int access = cpu.access[segment];
      // What is null already stays as it is: FS and GS have bases without a selector.
      boolean usable = (access & 0x80) != 0;
      if (usable && (access & 0x0c) != 0x0c && (access >> 5 & 3) < cpu.cpl) {
        unusable(segment, 0);
      }
    }
  }

  /** LLDT. */
  void loadLocalTable(int selector) {
    if ((selector & 0xfffc) == 0) {
      cpu.selector[X86.LDTR] = selector;
      cpu.access[X86.LDTR] = 0;
      cpu.limit[X86.LDTR] = 0;
      return;
    }
    loadSystem(X86.LDTR, selector, 2);
  }

  /** LTR. */
  void loadTask(int selector) {
    if ((selector & 0xfffc) == 0) {
      throw cpu.generalProtection(0);
    }
    loadSystem(X86.TR, selector, 9);
    long address = descriptorAddress(selector, X86.GENERAL_PROTECTION) + 5;
    cpu.writeSystem(address, 0, cpu.readSystem(address, 0) | 2);
    cpu.access[X86.TR] |= 2;
  }

  private void loadSystem(int register, int selector, int type) {
    if ((selector & 4) != 0) {
      throw cpu.generalProtection(selector & 0xfffc);
    }
    long address = descriptorAddress(selector, X86.GENERAL_PROTECTION);
    long descriptor = cpu.readSystem(address, 3);
    int access = access(descriptor);
    boolean matches =
        (access & 0x1f) == type || (type == 9 && !cpu.isLong() && (access & 0x1f) == 1);
    if (!matches) {
      throw cpu.generalProtection(selector & 0xfffc);
    }
    if ((access & 0x80) == 0) {
      throw cpu.fault(X86.NOT_PRESENT, selector & 0xfffc);
    }
    long high = 0;
    if (cpu.isLong()) {
      if ((selector | 7) + 8 > cpu.gdtLimit) {
        throw cpu.generalProtection(selector & 0xfffc);
      }
      high = cpu.readSystem(address + 8, 2);
    }
    set(register, selector, descriptor);
    cpu.base[register] |= high << 32;
  }
}
