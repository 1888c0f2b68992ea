// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

/**
 * What processors with 32 bits save. The book leaves out what programs are not to change: caches of
 * descriptors, and the tables' bases, are where the reference has them.
 *
 * @see "Intel SDM, volume 3, table 32-1"
 */
final class NarrowSaveMap implements SaveMap {
  private static final int BASE = 0x7ef8;
  private static final int REVISION = 0x7efc;
  private static final int HALTED = 0x7f02;
  private static final int CR4 = 0x7f14;
  private static final int[] CACHES = {0x7f84, 0x7f90, 0x7f9c, 0x7f2c, 0x7f38, 0x7f44};
  private static final int IDT_LIMIT = 0x7f54;
  private static final int IDT_BASE = 0x7f58;
  private static final int TR_CACHE = 0x7f5c;
  private static final int GDT_LIMIT = 0x7f70;
  private static final int GDT_BASE = 0x7f74;
  private static final int LDTR_CACHE = 0x7f78;
  private static final int SELECTORS = 0x7fa8; // 4 bytes each, from ES on; then LDTR and TR
  private static final int DR7 = 0x7fc8;
  private static final int DR6 = 0x7fcc;
  private static final int EAX = 0x7fd0; // the other registers follow
  private static final int PC = 0x7ff0;
  private static final int FLAGS = 0x7ff4;
  private static final int CR3 = 0x7ff8;
  private static final int CR0 = 0x7ffc;

  /** This layout, of which the base may be changed. */
  private static final long LAYOUT = 0x20000;

  private static int cache(int segment) {
    return switch (segment) {
      case X86.LDTR -> LDTR_CACHE;
      case X86.TR -> TR_CACHE;
      default -> CACHES[segment];
    };
  }

  @Override
  public void save(X86 cpu, SaveArea area) {
    for (int segment = X86.ES; segment <= X86.TR; segment++) {
      int cache = cache(segment);
      area.put32(SELECTORS + 4 * segment, cpu.selector[segment]);
      area.put32(cache, cpu.access[segment] & 0xf0ff);
      area.put32(cache + 4, cpu.limit[segment]);
      area.put32(cache + 8, cpu.base[segment]);
    }
    area.put32(GDT_LIMIT, cpu.gdtLimit);
    area.put32(GDT_BASE, cpu.gdtBase);
    area.put32(IDT_LIMIT, cpu.idtLimit);
    area.put32(IDT_BASE, cpu.idtBase);
    for (int register = 0; register < 8; register++) {
      area.put32(EAX + 4 * register, cpu.r[register]);
    }
    area.put32(PC, cpu.r[Slots.PC]);
    area.put32(FLAGS, cpu.flags());
    area.put32(DR6, cpu.debug[6]);
    area.put32(DR7, cpu.debug[7]);
    area.put32(REVISION, LAYOUT);
  }

  @Override
  public void load(X86 cpu, SaveArea area) {
    for (int segment = X86.ES; segment <= X86.TR; segment++) {
      int cache = cache(segment);
      cpu.selector[segment] = area.u16(SELECTORS + 4 * segment);
      cpu.access[segment] = area.u16(cache) & 0xf0ff;
      cpu.limit[segment] = area.u32(cache + 4);
      cpu.base[segment] = area.u32(cache + 8);
    }
    cpu.gdtLimit = area.u16(GDT_LIMIT);
    cpu.gdtBase = area.u32(GDT_BASE);
    cpu.idtLimit = area.u16(IDT_LIMIT);
    cpu.idtBase = area.u32(IDT_BASE);
    for (int register = 0; register < 8; register++) {
      cpu.r[register] = area.u32(EAX + 4 * register);
    }
    cpu.r[Slots.PC] = area.u32(PC);
    cpu.flags(area.u32(FLAGS), -1);
    cpu.debug[6] = area.u32(DR6);
    cpu.debug[7] = area.u32(DR7);
  }

  @Override
  public void halted(SaveArea area, boolean halted) {
    area.put16(HALTED, halted ? 1 : 0);
  }

  @Override
  public boolean isHalted(SaveArea area) {
    return (area.u16(HALTED) & 1) != 0;
  }

  @Override
  public int base() {
    return BASE;
  }

  @Override
  public void control(SaveArea area, long[] registers) {
    area.put32(CR0, registers[0]);
    area.put32(CR3, registers[1]);
    area.put32(CR4, registers[2]);
  }

  @Override
  public long[] control(SaveArea area) {
    return new long[] {area.u32(CR0), area.u32(CR3), area.u32(CR4), 0};
  }
}
