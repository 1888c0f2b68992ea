// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

/** Who may use a port: IOPL, then the TSS's permission map (SDM volume 1, 19.5). */
final class PortAccess {
  private PortAccess() {}

  static void check(X86 cpu, int port, int bytes) {
    if (!cpu.isProtected() || (!cpu.isVirtual8086() && cpu.cpl <= (cpu.system & X86.IOPL) >> 12)) {
      return;
    }
    long limit = cpu.limit[X86.TR];
    if ((cpu.access[X86.TR] & 0x0d) != 9 || limit < 0x67) {
      throw cpu.generalProtection(0);
    }
    long map = cpu.readSystem(cpu.base[X86.TR] + 0x66, 1) + port / 8;
    if (map + 1 > limit) {
      throw cpu.generalProtection(0);
    }
    long bits = cpu.readSystem(cpu.base[X86.TR] + map, 1);
    if ((bits >>> (port & 7) & ((1 << bytes) - 1)) != 0) {
      throw cpu.generalProtection(0);
    }
  }
}
