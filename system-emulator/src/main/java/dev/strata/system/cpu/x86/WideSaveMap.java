// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

/**
 * What processors with 64 bits save.
 *
 * @see "AMD64 Architecture Programmer's Manual, volume 2, table 10-1"
 */
final class WideSaveMap implements SaveMap {
  private static final int SEGMENTS = 0x7e00; // 16 bytes each, from ES on
  private static final int GDTR = 0x7e60;
  private static final int LDTR = 0x7e70;
  private static final int IDTR = 0x7e80;
  private static final int TR = 0x7e90;
  private static final int HALTED = 0x7ec8; // in the second byte; the first is for I/O
  private static final int EFER = 0x7ed0;
  private static final int REVISION = 0x7efc;
  private static final int BASE = 0x7f00;
  private static final int CR4 = 0x7f48;
  private static final int CR3 = 0x7f50;
  private static final int CR0 = 0x7f58;
  private static final int DR7 = 0x7f60;
  private static final int DR6 = 0x7f68;
  private static final int FLAGS = 0x7f70;
  private static final int PC = 0x7f78;
  private static final int RAX = 0x7ff8; // the other registers are below

  /** This layout, of which the base may be changed. */
  private static final long LAYOUT = 0x20064;

  @Override
  public void save(X86 cpu, SaveArea area) {
    for (int segment = X86.ES; segment <= X86.GS; segment++) {
      save(cpu, segment, area, SEGMENTS + 16 * segment);
    }
    save(cpu, X86.LDTR, area, LDTR);
    save(cpu, X86.TR, area, TR);
    area.put32(GDTR + 4, cpu.gdtLimit);
    area.put64(GDTR + 8, cpu.gdtBase);
    area.put32(IDTR + 4, cpu.idtLimit);
    area.put64(IDTR + 8, cpu.idtBase);
    for (int register = 0; register < 16; register++) {
      area.put64(RAX - 8 * register, cpu.r[register]);
    }
    area.put64(PC, cpu.r[Slots.PC]);
    area.put64(FLAGS, cpu.flags());
    area.put64(DR6, cpu.debug[6]);
    area.put64(DR7, cpu.debug[7]);
    area.put32(REVISION, LAYOUT);
  }

  private static void save(X86 cpu, int segment, SaveArea area, int offset) {
    area.put16(offset, cpu.selector[segment]);
    area.put16(offset + 2, cpu.access[segment] & 0xf0ff);
    area.put32(offset + 4, cpu.limit[segment]);
    area.put64(offset + 8, cpu.base[segment]);
  }

  @Override
  public void load(X86 cpu, SaveArea area) {
    for (int segment = X86.ES; segment <= X86.GS; segment++) {
      load(cpu, segment, area, SEGMENTS + 16 * segment);
    }
    load(cpu, X86.LDTR, area, LDTR);
    load(cpu, X86.TR, area, TR);
    cpu.gdtLimit = area.u16(GDTR + 4);
    cpu.gdtBase = area.u64(GDTR + 8);
    cpu.idtLimit = area.u16(IDTR + 4);
    cpu.idtBase = area.u64(IDTR + 8);
    for (int register = 0; register < 16; register++) {
      cpu.r[register] = area.u64(RAX - 8 * register);
    }
    cpu.r[Slots.PC] = area.u64(PC);
    cpu.flags(area.u32(FLAGS), -1);
    cpu.debug[6] = area.u32(DR6);
    cpu.debug[7] = area.u32(DR7);
  }

  private static void load(X86 cpu, int segment, SaveArea area, int offset) {
    cpu.selector[segment] = area.u16(offset);
    cpu.access[segment] = area.u16(offset + 2) & 0xf0ff;
    cpu.limit[segment] = area.u32(offset + 4);
    cpu.base[segment] = area.u64(offset + 8);
  }

  @Override
  public void halted(SaveArea area, boolean halted) {
    area.put16(HALTED, halted ? 1 << 8 : 0);
  }

  @Override
  public boolean isHalted(SaveArea area) {
    return area.u16(HALTED) >> 8 != 0;
  }

  @Override
  public int base() {
    return BASE;
  }

  @Override
  public void control(SaveArea area, long[] registers) {
    area.put64(CR0, registers[0]);
    area.put64(CR3, registers[1]);
    area.put64(CR4, registers[2]);
    area.put64(EFER, registers[3]);
  }

  @Override
  public long[] control(SaveArea area) {
    return new long[] {area.u64(CR0), area.u64(CR3), area.u64(CR4), area.u64(EFER)};
  }
}
