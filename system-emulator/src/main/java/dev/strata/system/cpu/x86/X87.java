// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

/** The x87's control registers, and whether it may be used (Intel SDM, volume 1, chapter 8). */
final class X87 {
  private final X86 cpu;
  private int control;
  private int status;

  X87(X86 cpu) {
    this.cpu = cpu;
  }

  void reset() {
    control = 0x37f;
    status = 0;
  }

  private void available() {
    if ((cpu.cr0 & (X86.EM | X86.TS)) != 0) {
      throw cpu.fault(X86.DEVICE_NOT_AVAILABLE, -1);
    }
  }

  /** An escape: the low three bits of its opcode, and ModRM; or WAIT. */
  void run(long address, int code) {
    if (code == 0x900) {
      if ((cpu.cr0 & (X86.MP | X86.TS)) == (X86.MP | X86.TS)) {
        throw cpu.fault(X86.DEVICE_NOT_AVAILABLE, -1);
      }
      return;
    }
    available();
    int opcode = code >> 8;
    int modrm = code & 0xff;
    int which = modrm >> 3 & 7;
    if (opcode == 3 && modrm == 0xe3) {
      reset();
    } else if (opcode == 3 && modrm == 0xe2) {
      status &= 0x7f00;
    } else if (opcode == 7 && modrm == 0xe0) {
      cpu.r[Slots.RAX] = (cpu.r[Slots.RAX] & ~0xffffL) | status;
    } else if (modrm < 0xc0 && opcode == 1 && which == 7) {
      cpu.core.store(address, 1, control);
    } else if (modrm < 0xc0 && opcode == 1 && which == 5) {
      control = (int) cpu.core.load(address, 1);
    } else if (modrm < 0xc0 && opcode == 5 && which == 7) {
      cpu.core.store(address, 1, status);
    } else {
      throw cpu.fault(X86.UNDEFINED_OPCODE, -1);
    }
  }

  /** FXSAVE and its kin. */
  long state(long operand, int kind) {
    throw cpu.fault(X86.UNDEFINED_OPCODE, -1);
  }
}
