// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import dev.strata.block.BlockException;
import dev.strata.system.state.StateFields;

/**
 * System management mode: firmware's own, in memory that only it sees. Of the processor's thread.
 *
 * @see "Intel SDM, volume 3, chapter 32; AMD64 Architecture Programmer's Manual, volume 2, chapter
 *     10"
 */
final class SystemManagement {
  private static final long FIRST_BASE = 0x30000;
  private static final int ENTRY = 0x8000;

  private final X86 cpu;
  private final SystemRegisters registers;
  private final InterruptLog log;
  private final SaveMap map;
  private long base = FIRST_BASE;
  private boolean blockedBefore; // non-maskable interrupts, by the interrupted program

  SystemManagement(X86 cpu, SystemRegisters registers, InterruptLog log, SaveMap map) {
    this.cpu = cpu;
    this.registers = registers;
    this.log = log;
    this.map = map;
  }

  void reset() {
    base = FIRST_BASE;
    cpu.managementWanted = false;
    if (cpu.managed) {
      cpu.managed = false;
      cpu.surroundings.pins().systemManagement(false);
    }
  }

  private SaveArea area() {
    return new SaveArea(cpu.surroundings.memory(), base);
  }

  /** Takes a system management interrupt. */
  void enter() {
    log.management(true);
    cpu.managed = true;
    cpu.surroundings.pins().systemManagement(true);
    SaveArea area = area();
    map.save(cpu, area);
    map.control(area, new long[] {cpu.cr0, cpu.cr3, cpu.cr4, cpu.efer});
    area.put32(map.base(), base);
    map.halted(area, cpu.halted);
    cpu.halted = false;
    blockedBefore = cpu.nonMaskableBlocked;
    cpu.nonMaskableBlocked = true;
    registers.enterManagement();
    for (int segment = X86.ES; segment <= X86.GS; segment++) {
      cpu.selector[segment] = 0;
      cpu.base[segment] = 0;
      cpu.limit[segment] = 0xffffffffL;
      cpu.access[segment] = 0x8093;
    }
    cpu.selector[X86.CS] = (int) (base >>> 4) & 0xffff;
    cpu.base[X86.CS] = base;
    cpu.cpl = 0;
    cpu.debug[7] = 0x400;
    cpu.flags(0, -1);
    cpu.r[Slots.PC] = ENTRY;
    cpu.modeChanged();
  }

  /** The instruction RSM. */
  void resume() {
    if (!cpu.managed) {
      throw cpu.fault(X86.UNDEFINED_OPCODE, -1);
    }
    SaveArea area = area();
    long[] control = map.control(area);
    boolean halted = map.isHalted(area);
    long nextBase = area.u32(map.base());
    map.load(cpu, area);
    cpu.managed = false;
    cpu.nonMaskableBlocked = blockedBefore;
    cpu.surroundings.pins().systemManagement(false);
    base = nextBase;
    cpu.core.attend(1); // to see memory as it is now, and what has been waiting
    if (!registers.isRestored(control[0], control[1], control[2], control[3])
        || (cpu.isLong() && cpu.isVirtual8086())) {
      cpu.shutdown = true;
      return;
    }
    cpu.cpl = privilege();
    cpu.halted = halted;
    cpu.modeChanged();
    log.management(false);
  }

  private int privilege() {
    if (!cpu.isProtected()) {
      return 0;
    }
    return cpu.isVirtual8086() ? 3 : cpu.access[X86.SS] >> 5 & 3;
  }

  void state(StateFields state) throws BlockException {
    base = state.within("SMBASE", base, 0, 0xffffffffL);
    blockedBefore = state.flag("NMI blocked before", blockedBefore);
  }
}
