// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import static dev.strata.system.cpu.x86.Slots.PC;
import static dev.strata.system.cpu.x86.Slots.RAX;
import static dev.strata.system.cpu.x86.Slots.RCX;
import static dev.strata.system.cpu.x86.Slots.RDX;

import dev.strata.block.BlockException;
import dev.strata.system.state.StateFields;

/** Control and model-specific registers, CPUID, fast system calls. */
final class SystemRegisters {
  private final X86 cpu;
  private final Paging paging;
  private final int[] identity = new int[4];
  private long star;
  private long longStar;
  private long compatibilityStar;
  private long flagMask;
  private long kernelGs;
  private long sysenterCs;
  private long sysenterSp;
  private long sysenterIp;
  private long pat;
  private long tscOffset;
  private long tscAux;
  private long mtrrDefault;
  private final long[] mtrrs = new long[32];
  private long managementInterrupts; // taken since the reset

  SystemRegisters(X86 cpu, Paging paging) {
    this.cpu = cpu;
    this.paging = paging;
  }

  void reset() {
    star = 0;
    longStar = 0;
    compatibilityStar = 0;
    flagMask = 0;
    kernelGs = 0;
    sysenterCs = 0;
    sysenterSp = 0;
    sysenterIp = 0;
    pat = 0x0007040600070406L;
    tscOffset = -tsc(0);
    tscAux = 0;
    mtrrDefault = 0;
    managementInterrupts = 0;
    java.util.Arrays.fill(mtrrs, 0);
  }

  private long tsc(long offset) {
    return cpu.surroundings.nanos().getAsLong() + offset;
  }

  /** Sets EDX:EAX. */
  void pair(long value) {
    cpu.r[RAX] = value & 0xffffffffL;
    cpu.r[RDX] = value >>> 32;
  }

  /** EDX:EAX. */
  long pair() {
    return cpu.r[RDX] << 32 | (cpu.r[RAX] & 0xffffffffL);
  }

  void readTsc(boolean withAux) {
    if ((cpu.cr4 & 4) != 0) {
      cpu.needPrivilege();
    }
    pair(tsc(tscOffset));
    if (withAux) {
      cpu.r[RCX] = tscAux & 0xffffffffL;
    }
  }

  void identify() {
    boolean apic = (cpu.surroundings.pins().base() & 1 << 11) != 0;
    int leaf = (int) cpu.r[RAX];
    cpu.model.identify(leaf, (int) cpu.r[RCX], identity, apic);
    if (leaf == 1 && (cpu.cr4 & X86.OSXSAVE) != 0) {
      identity[2] |= 1 << 27;
    }
    cpu.r[RAX] = identity[0] & 0xffffffffL;
    cpu.r[Slots.RBX] = identity[1] & 0xffffffffL;
    cpu.r[RCX] = identity[2] & 0xffffffffL;
    cpu.r[RDX] = identity[3] & 0xffffffffL;
  }

  long readControl(int number) {
    if (number == 16) {
      return cpu.cr0; // SMSW: without UMIP anyone may.
    }
    cpu.needPrivilege();
    return switch (number) {
      case 0 -> cpu.cr0;
      case 2 -> cpu.cr2;
      case 3 -> cpu.cr3;
      case 4 -> cpu.cr4;
      case 8 -> cpu.surroundings.pins().taskPriority();
      default -> throw cpu.fault(X86.UNDEFINED_OPCODE, -1);
    };
  }

  void writeControl(int number, long value) {
    cpu.needPrivilege();
    long next = cpu.r[Slots.NEXT];
    switch (number) {
      case 0 -> writeCr0(value);
      case 16 -> writeCr0((cpu.cr0 & ~0xeL) | (value & 0xf) | (cpu.cr0 & 1));
      case 2 -> cpu.cr2 = value;
      case 3 -> {
        cpu.cr3 = value;
        paging.loadPointers();
        cpu.core.flushLocal();
      }
      case 4 -> {
        if ((value & ~knownCr4()) != 0 || (cpu.isLong() && (value & X86.PAE) == 0)) {
          throw cpu.generalProtection(0);
        }
        cpu.cr4 = value;
        paging.loadPointers();
        cpu.core.flushTlb();
      }
      case 8 -> {
        if ((value & ~15L) != 0) {
          throw cpu.generalProtection(0);
        }
        cpu.surroundings.pins().taskPriority((int) value);
      }
      default -> throw cpu.fault(X86.UNDEFINED_OPCODE, -1);
    }
    cpu.r[PC] = next;
    cpu.modeChanged();
  }

  private long knownCr4() {
    return 0x7ff
        | (cpu.model.has(Feature.FSGSBASE) ? X86.FSGSBASE : 0)
        | (cpu.model.has(Feature.XSAVE) ? X86.OSXSAVE : 0)
        | (cpu.model.has(Feature.SMEP) ? X86.SMEP : 0)
        | (cpu.model.has(Feature.SMAP) ? X86.SMAP : 0);
  }

  private static boolean isCr0Wrong(long value) {
    boolean cachesWrong = (value & 1 << 29) != 0 && (value & 1 << 30) == 0;
    return value >>> 32 != 0 || cachesWrong || ((value & X86.PG) != 0 && (value & X86.PE) == 0);
  }

  private void writeCr0(long given) {
    long value = (given & 0xe005003fL) | 0x10;
    if (isCr0Wrong(given)) {
      throw cpu.generalProtection(0);
    }
    boolean turnsOn = (value & ~cpu.cr0 & X86.PG) != 0;
    if (turnsOn && (cpu.efer & X86.EFER_LME) != 0) {
      if ((cpu.cr4 & X86.PAE) == 0 || (cpu.access[X86.CS] & 0x2000) != 0) {
        throw cpu.generalProtection(0);
      }
      cpu.efer |= X86.EFER_LMA;
    } else if ((value & X86.PG) == 0 && cpu.isLong()) {
      if (cpu.is64()) {
        throw cpu.generalProtection(0);
      }
      cpu.efer &= ~X86.EFER_LMA;
    }
    cpu.cr0 = value;
    if ((value & X86.PE) == 0) {
      cpu.cpl = 0;
    }
    paging.loadPointers();
    cpu.core.flushTlb();
  }

  void readMsr() {
    cpu.needPrivilege();
    int number = (int) cpu.r[RCX];
    pair(
        switch (number) {
          case 0x10 -> tsc(tscOffset);
          case 0x1b -> cpu.surroundings.pins().base();
          case 0xfe -> 8 | 1 << 8 | 1 << 10;
          case 0x34 -> managementInterrupts;
          case 0x174 -> sysenterCs;
          case 0x175 -> sysenterSp;
          case 0x176 -> sysenterIp;
          case 0x277 -> pat;
          case 0x2ff -> mtrrDefault;
          case 0xc0000080 -> cpu.efer;
          case 0xc0000081 -> star;
          case 0xc0000082 -> longStar;
          case 0xc0000083 -> compatibilityStar;
          case 0xc0000084 -> flagMask;
          case 0xc0000100 -> cpu.base[X86.FS];
          case 0xc0000101 -> cpu.base[X86.GS];
          case 0xc0000102 -> kernelGs;
          case 0xc0000103 -> tscAux;
          case 0x17, 0x8b, 0x1a0, 0x1d9, 0x3a, 0xc0010015, 0xc001001f, 0xc0010010 -> 0L;
          default -> {
            int range = mtrr(number);
            if (range < 0) {
              throw cpu.generalProtection(0);
            }
            yield mtrrs[range];
          }
        });
  }

  private static int mtrr(int number) {
    if (number >= 0x200 && number < 0x210) {
      return number - 0x200;
    }
    return switch (number) {
      case 0x250 -> 16;
      case 0x258, 0x259 -> number - 0x258 + 17;
      default -> number >= 0x268 && number < 0x270 ? number - 0x268 + 19 : -1;
    };
  }

  void writeMsr() {
    cpu.needPrivilege();
    int number = (int) cpu.r[RCX];
    long value = pair();
    switch (number) {
      case 0x10 -> tscOffset += value - tsc(tscOffset);
      case 0x1b -> cpu.surroundings.pins().base(value);
      case 0x174 -> sysenterCs = value;
      case 0x175 -> sysenterSp = canonical(value);
      case 0x176 -> sysenterIp = canonical(value);
      case 0x277 -> pat = value;
      case 0x2ff -> mtrrDefault = value;
      case 0xc0000080 -> writeEfer(value);
      case 0xc0000081 -> star = value;
      case 0xc0000082 -> longStar = canonical(value);
      case 0xc0000083 -> compatibilityStar = canonical(value);
      case 0xc0000084 -> flagMask = value & 0xffffffffL;
      case 0xc0000100 -> cpu.base[X86.FS] = canonical(value);
      case 0xc0000101 -> cpu.base[X86.GS] = canonical(value);
      case 0xc0000102 -> kernelGs = canonical(value);
      case 0xc0000103 -> tscAux = value;
      case 0x17, 0x8b, 0x79, 0x1a0, 0x1d9, 0xc0010015, 0xc001001f, 0xc0010010 -> {}
      default -> {
        int range = mtrr(number);
        if (range < 0) {
          throw cpu.generalProtection(0);
        }
        mtrrs[range] = value;
      }
    }
    cpu.r[PC] = cpu.r[Slots.NEXT];
    cpu.modeChanged();
  }

  private long canonical(long value) {
    if (!cpu.isCanonical(value)) {
      throw cpu.generalProtection(0);
    }
    return value;
  }

  private long knownEfer() {
    return (cpu.model.has(Feature.SYSCALL) ? X86.EFER_SCE : 0)
        | (cpu.model.has(Feature.LM) ? X86.EFER_LME | X86.EFER_LMA : 0)
        | (cpu.model.has(Feature.NX) ? X86.EFER_NX : 0);
  }

  /** A system management interrupt is taken: there is no paging and no protection. */
  void enterManagement() {
    managementInterrupts++;
    cpu.cr0 &= ~(X86.PE | X86.EM | X86.TS | X86.PG);
    cpu.cr4 = 0;
    cpu.efer = 0;
    cpu.core.flushTlb();
  }

  /**
   * Sets what an interrupted program had (SDM volume 3, 32.4.1; AMD64 manual, volume 2, 10.3.6).
   *
   * @return false, and nothing is set, if no program can have had that
   */
  boolean isRestored(long cr0, long cr3, long cr4, long efer) {
    boolean wide = (cr0 & X86.PG) != 0 && (efer & X86.EFER_LME) != 0;
    if (isCr0Wrong(cr0)
        || (cr4 & ~knownCr4()) != 0
        || (efer & ~knownEfer()) != 0
        || (wide && (cr4 & X86.PAE) == 0)) {
      return false;
    }
    cpu.cr0 = (cr0 & 0xe005003fL) | 0x10;
    cpu.cr3 = cr3;
    cpu.cr4 = cr4;
    cpu.efer = (efer & ~X86.EFER_LMA) | (wide ? X86.EFER_LMA : 0);
    paging.loadPointers();
    cpu.core.flushTlb();
    return true;
  }

  private void writeEfer(long value) {
    if ((value & ~knownEfer()) != 0
        || ((cpu.cr0 & X86.PG) != 0 && ((value ^ cpu.efer) & X86.EFER_LME) != 0)) {
      throw cpu.generalProtection(0);
    }
    cpu.efer = (value & ~X86.EFER_LMA) | (cpu.efer & X86.EFER_LMA);
    cpu.core.flushTlb();
  }

  void swapGs() {
    cpu.needPrivilege();
    long base = cpu.base[X86.GS];
    cpu.base[X86.GS] = kernelGs;
    kernelGs = base;
    cpu.r[PC] = cpu.r[Slots.NEXT];
    cpu.modeChanged();
  }

  private void flatSegment(int segment, int selector, int access) {
    cpu.selector[segment] = selector;
    cpu.base[segment] = 0;
    cpu.limit[segment] = 0xffffffffL;
    cpu.access[segment] = access;
  }

  void syscall() {
    if ((cpu.efer & X86.EFER_SCE) == 0 || !cpu.isProtected()) {
      throw cpu.fault(X86.UNDEFINED_OPCODE, -1);
    }
    long next = cpu.r[Slots.NEXT];
    int selector = (int) (star >>> 32) & 0xfffc;
    boolean wide = cpu.isLong();
    boolean from64 = cpu.is64();
    cpu.r[RCX] = wide ? next : next & 0xffffffffL;
    if (wide) {
      cpu.r[11] = cpu.flags() & ~X86.RESUME;
    }
    cpu.cpl = 0;
    flatSegment(X86.CS, selector, wide ? 0xa09b : 0xc09b);
    flatSegment(X86.SS, selector + 8, 0xc093);
    if (wide) {
      cpu.flags(0, flagMask | X86.RESUME);
      cpu.r[PC] = from64 ? longStar : compatibilityStar;
    } else {
      cpu.flags(0, X86.INTERRUPT | X86.VIRTUAL8086 | X86.RESUME);
      cpu.r[PC] = star & 0xffffffffL;
    }
    cpu.modeChanged();
  }

  void sysret(int size) {
    if ((cpu.efer & X86.EFER_SCE) == 0 || !cpu.isProtected()) {
      throw cpu.fault(X86.UNDEFINED_OPCODE, -1);
    }
    cpu.needPrivilege();
    int selector = ((int) (star >>> 48) & 0xfffc) | 3;
    boolean wide = cpu.isLong();
    if (wide && size == 3) {
      if (!cpu.isCanonical(cpu.r[RCX])) {
        throw cpu.generalProtection(0);
      }
      flatSegment(X86.CS, selector + 16, 0xa0fb);
      cpu.r[PC] = cpu.r[RCX];
    } else {
      flatSegment(X86.CS, selector, 0xc0fb);
      cpu.r[PC] = cpu.r[RCX] & 0xffffffffL;
    }
    flatSegment(X86.SS, selector + 8, 0xc0f3);
    cpu.cpl = 3;
    if (wide) {
      cpu.flags(cpu.r[11], 0x3c7fd7L);
    } else {
      cpu.flags(X86.INTERRUPT, X86.INTERRUPT);
    }
    cpu.modeChanged();
  }

  void sysenter() {
    if (!cpu.isProtected() || (sysenterCs & 0xfffc) == 0) {
      throw cpu.generalProtection(0);
    }
    boolean wide = cpu.isLong();
    int selector = (int) sysenterCs & 0xfffc;
    cpu.cpl = 0;
    flatSegment(X86.CS, selector, wide ? 0xa09b : 0xc09b);
    flatSegment(X86.SS, selector + 8, 0xc093);
    cpu.flags(0, X86.INTERRUPT | X86.VIRTUAL8086 | X86.RESUME);
    cpu.modeChanged();
    cpu.r[Slots.RSP] = wide ? sysenterSp : sysenterSp & 0xffffffffL;
    cpu.r[PC] = wide ? sysenterIp : sysenterIp & 0xffffffffL;
  }

  void sysexit(int size) {
    cpu.needPrivilege();
    if (!cpu.isProtected() || (sysenterCs & 0xfffc) == 0) {
      throw cpu.generalProtection(0);
    }
    boolean wide = size == 3;
    int selector = ((int) sysenterCs & 0xfffc) | 3;
    flatSegment(X86.CS, selector + (wide ? 32 : 16), wide ? 0xa0fb : 0xc0fb);
    flatSegment(X86.SS, selector + (wide ? 40 : 24), 0xc0f3);
    cpu.cpl = 3;
    cpu.modeChanged();
    cpu.r[Slots.RSP] = wide ? cpu.r[RCX] : cpu.r[RCX] & 0xffffffffL;
    cpu.r[PC] = wide ? cpu.r[RDX] : cpu.r[RDX] & 0xffffffffL;
  }

  void state(StateFields state) throws BlockException {
    long cr0 = state.i64("CR0", cpu.cr0);
    long cr3 = state.i64("CR3", cpu.cr3);
    long cr4 = state.i64("CR4", cpu.cr4);
    long efer = state.i64("EFER", cpu.efer);
    star = state.i64("STAR", star);
    longStar = state.i64("LSTAR", longStar);
    compatibilityStar = state.i64("CSTAR", compatibilityStar);
    flagMask = state.i64("FMASK", flagMask);
    kernelGs = state.i64("KERNEL_GS_BASE", kernelGs);
    sysenterCs = state.i64("SYSENTER_CS", sysenterCs);
    sysenterSp = state.i64("SYSENTER_ESP", sysenterSp);
    sysenterIp = state.i64("SYSENTER_EIP", sysenterIp);
    pat = state.i64("PAT", pat);
    tscOffset = state.i64("TSC offset", tscOffset);
    tscAux = state.i64("TSC_AUX", tscAux);
    mtrrDefault = state.i64("MTRRdefType", mtrrDefault);
    state.i64("MTRRs", mtrrs);
    managementInterrupts = state.i64("SMI count", managementInterrupts);
    if (state.isLoading() && !isRestored(cr0, cr3, cr4, efer)) {
      throw state.wrong("CR0", "and CR4 and EFER are not what a processor can have");
    }
  }
}
