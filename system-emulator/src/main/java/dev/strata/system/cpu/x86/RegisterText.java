// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import dev.strata.system.cpu.interpret.Flags;

/** The registers in lines, laid out as the reference's monitor and log have them. */
final class RegisterText {
  private static final String[] NAMES = {
    "AX", "CX", "DX", "BX", "SP", "BP", "SI", "DI", "8 ", "9 ", "10", "11", "12", "13", "14", "15"
  };
  private static final int[] ORDER = {0, 3, 1, 2, 6, 7, 5, 4, 8, 9, 10, 11, 12, 13, 14, 15};
  private static final String[] SEGMENTS = {"ES", "CS", "SS", "DS", "FS", "GS"};
  private static final int PRESENT = 0x80;
  private static final int CODE_OR_DATA = 0x10;
  private static final int EXECUTABLE = 8;
  private static final int LONG = 0x2000;
  private static final int BIG = 0x4000;
  private static final int GRANULAR = 0x8000;

  private final X86 cpu;
  private final boolean code64; // instructions are of 64 bits
  private final boolean longMode;
  private final StringBuilder text = new StringBuilder();

  private RegisterText(X86 cpu) {
    this.cpu = cpu;
    code64 = cpu.is64();
    longMode = cpu.isLong();
  }

  /** The registers but those of x87 and SSE, as they are with the pc at {@code pc}. */
  static String of(X86 cpu, long pc) {
    return new RegisterText(cpu).integers(pc).toString();
  }

  /** All registers. */
  static String of(X86 cpu, ExtendedState extended) {
    var written = new RegisterText(cpu);
    written.integers(cpu.r[Slots.PC]);
    return written.floats(extended).toString();
  }

  private StringBuilder add(String name, long value, int digits) {
    return text.append(name).append('=').append(hex(value, digits));
  }

  /** The low digits of a number. */
  static String hex(long value, int digits) {
    String all = Long.toHexString(value);
    return all.length() > digits
        ? all.substring(all.length() - digits)
        : "0".repeat(digits - all.length()) + all;
  }

  private StringBuilder integers(long pc) {
    int digits = code64 ? 16 : 8;
    int count = code64 ? 16 : 8;
    for (int index = 0; index < count; index++) {
      int register = ORDER[index];
      String prefix = register >= 8 ? "R" : code64 ? "R" : "E";
      add(prefix + NAMES[register], cpu.r[register], digits);
      text.append(index % 4 == 3 ? '\n' : ' ');
    }
    add(code64 ? "RIP" : "EIP", pc, digits).append(' ');
    long flags = cpu.flags();
    add(code64 ? "RFL" : "EFL", flags, 8);
    text.append(" [")
        .append((flags & X86.DIRECTION) != 0 ? 'D' : '-')
        .append((flags & Flags.OVERFLOW) != 0 ? 'O' : '-')
        .append((flags & Flags.SIGN) != 0 ? 'S' : '-')
        .append((flags & Flags.ZERO) != 0 ? 'Z' : '-')
        .append((flags & Flags.ADJUST) != 0 ? 'A' : '-')
        .append((flags & Flags.PARITY) != 0 ? 'P' : '-')
        .append((flags & Flags.CARRY) != 0 ? 'C' : '-')
        .append("] CPL=")
        .append(cpu.cpl)
        .append(" II=")
        .append(cpu.inhibited ? 1 : 0)
        .append(" A20=")
        .append(cpu.surroundings.memory().addressMask() == -1 ? 1 : 0)
        .append(" SMM=")
        .append(cpu.managed ? 1 : 0)
        .append(" HLT=")
        .append(cpu.halted ? 1 : 0)
        .append('\n');
    for (int segment = 0; segment < SEGMENTS.length; segment++) {
      segment(SEGMENTS[segment] + " ", segment);
    }
    segment("LDT", X86.LDTR);
    segment("TR ", X86.TR);
    int wide = longMode ? 16 : 8;
    table("GDT", cpu.gdtBase, cpu.gdtLimit, wide);
    table("IDT", cpu.idtBase, cpu.idtLimit, wide);
    add("CR0", cpu.cr0, 8);
    add(" CR2", cpu.cr2, wide);
    add(" CR3", cpu.cr3, wide);
    add(" CR4", cpu.cr4, 8).append('\n');
    debugRegisters();
    return add("EFER", cpu.efer, 16).append('\n');
  }

  private void debugRegisters() {
    int digits = cpu.model.features().has(Feature.LM) ? 16 : 8;
    for (int index = 0; index < 4; index++) {
      add("DR" + index, cpu.debug[index], digits).append(' ');
    }
    text.append('\n');
    add("DR6", cpu.debug[6], digits).append(' ');
    add("DR7", cpu.debug[7], digits).append('\n');
  }

  private void table(String name, long base, int limit, int digits) {
    text.append(name).append("=     ").append(hex(base, digits)).append(' ');
    text.append(hex(limit, 8)).append('\n');
  }

  private void segment(String name, int segment) {
    int access = cpu.access[segment];
    long limit = cpu.limit[segment];
    // Bits 16 to 19 of the limit are among the attributes in a descriptor's high half.
    long shown =
        (long) access << 8 | ((access & GRANULAR) != 0 ? limit >>> 28 : limit >>> 16) << 16;
    add(name, cpu.selector[segment], 4).append(' ');
    text.append(hex(cpu.base[segment], code64 ? 16 : 8)).append(' ');
    text.append(hex(limit, 8)).append(' ').append(hex(shown & 0xffff00, 8));
    if (cpu.isProtected() && (access & PRESENT) != 0) {
      text.append(" DPL=").append(access >> 5 & 3).append(' ');
      text.append((access & CODE_OR_DATA) == 0 ? system(access & 15) : kind(access));
    }
    text.append('\n');
  }

  private String kind(int access) {
    boolean code = (access & EXECUTABLE) != 0;
    boolean big = (access & BIG) != 0;
    String name;
    if (code) {
      name = (access & LONG) != 0 ? "CS64" : big ? "CS32" : "CS16";
    } else {
      name = big || longMode ? "DS  " : "DS16";
    }
    char down = (access & 4) == 0 ? '-' : code ? 'C' : 'E';
    char more = (access & 2) == 0 ? '-' : code ? 'R' : 'W';
    return name + " [" + down + more + ((access & 1) == 0 ? '-' : 'A') + "]";
  }

  /** The types that LDTR and TR can hold (Intel SDM, volume 3, table 3-2). */
  private String system(int type) {
    String state = (type & 2) != 0 ? "busy" : "avl";
    return switch (type) {
      case 2 -> "LDT";
      case 1, 3 -> "TSS16-" + state;
      case 9, 11 -> (longMode ? "TSS64-" : "TSS32-") + state;
      default -> "Reserved";
    };
  }

  private StringBuilder floats(ExtendedState extended) {
    add("FCW", extended.control, 4);
    add(" FSW", extended.statusWord(), 4);
    text.append(" [ST=").append(extended.top).append(']');
    add(" FTW", extended.tags, 2);
    add(" MXCSR", extended.mxcsr(), 8).append('\n');
    for (int index = 0; index < 8; index++) {
      add("FPR" + index, extended.significand[index], 16).append(' ');
      text.append(hex(extended.exponent[index], 4)).append(index % 2 == 1 ? '\n' : ' ');
    }
    for (int index = 0; index < (code64 ? 16 : 8); index++) {
      add((index < 10 ? "XMM0" : "XMM") + index, extended.xmm[2 * index + 1], 16).append(' ');
      text.append(hex(extended.xmm[2 * index], 16)).append(index % 2 == 1 ? '\n' : ' ');
    }
    return text;
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
