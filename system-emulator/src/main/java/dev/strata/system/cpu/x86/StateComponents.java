// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import dev.strata.block.BlockException;
import dev.strata.system.state.StateFields;

/**
 * XSAVE and XRSTOR, of the x87's registers and those of SSE (Intel SDM, volume 1, chapter 13). An
 * area is that of FXSAVE with a header behind it.
 */
final class StateComponents {
  /** Bits of XCR0, and of an area's header. */
  static final long X87 = 1;

  static final long SSE = 2;
  static final long ALL = X87 | SSE;

  /** Bytes of an area. */
  static final int AREA = 576;

  private static final int HEADER = 512;

  private final X86 cpu;
  private final ExtendedState state;

  /** XCR0: what the system saves. */
  long enabled = X87;

  StateComponents(X86 cpu, ExtendedState state) {
    this.cpu = cpu;
    this.state = state;
  }

  void reset() {
    enabled = X87;
  }

  private void needSystem() {
    if ((cpu.cr4 & X86.OSXSAVE) == 0) {
      throw cpu.fault(X86.UNDEFINED_OPCODE, -1);
    }
  }

  /** XGETBV. */
  long control(long number) {
    needSystem();
    if ((number & 0xffffffffL) != 0) {
      throw cpu.generalProtection(0);
    }
    return enabled;
  }

  /** XSETBV. */
  void control(long number, long value) {
    needSystem();
    cpu.needPrivilege();
    if ((number & 0xffffffffL) != 0 || (value & ~ALL) != 0 || (value & X87) == 0) {
      throw cpu.generalProtection(0);
    }
    enabled = value;
  }

  /** Which components EDX:EAX asks for. */
  private long begin(long address) {
    needSystem();
    if ((cpu.cr0 & X86.TS) != 0) {
      throw cpu.fault(X86.DEVICE_NOT_AVAILABLE, -1);
    }
    if ((address & 63) != 0) {
      throw cpu.generalProtection(0);
    }
    return enabled & ((cpu.r[Slots.RDX] & 0xffffffffL) << 32 | (cpu.r[Slots.RAX] & 0xffffffffL));
  }

  /** XSAVE; {@code wide} with REX.W. */
  void save(long address, boolean wide) {
    long asked = begin(address);
    // All that can fault does so before anything is written.
    cpu.core.loadToWrite(address, 3);
    cpu.core.loadToWrite(address + AREA - 8, 3);
    if ((asked & X87) != 0) {
      state.saveX87(address, wide);
    }
    if ((asked & SSE) != 0) {
      state.saveMxcsr(address);
      state.saveXmm(address);
    }
    long used = (state.isX87Used() ? X87 : 0) | (state.isXmmUsed() ? SSE : 0);
    long before = cpu.core.load(address + HEADER, 3);
    cpu.core.store(address + HEADER, 3, (before & ~asked) | (used & asked));
  }

  /** XRSTOR. */
  void restore(long address, boolean wide) {
    long asked = begin(address);
    cpu.core.load(address, 3);
    long present = cpu.core.load(address + HEADER, 3);
    long compacted = cpu.core.load(address + HEADER + 8, 3);
    long reserved = cpu.core.load(address + HEADER + 16, 3);
    if ((present & ~enabled) != 0 || compacted != 0 || reserved != 0) {
      throw cpu.generalProtection(0);
    }
    if ((asked & SSE) != 0) {
      state.restoreMxcsr(address); // whether SSE's registers are there or not
      if ((present & SSE) != 0) {
        state.restoreXmm(address);
      } else {
        state.clearXmm();
      }
    }
    if ((asked & X87) != 0) {
      if ((present & X87) != 0) {
        state.restoreX87(address, wide);
      } else {
        state.clearX87();
      }
    }
  }

  void state(StateFields fields) throws BlockException {
    enabled = fields.within("XCR0", enabled, 0, ALL) | X87;
  }
}
