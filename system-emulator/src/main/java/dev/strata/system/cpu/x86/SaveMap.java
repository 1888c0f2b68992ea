// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

/** How a processor lays out what it saves when it enters system management mode. */
sealed interface SaveMap permits WideSaveMap, NarrowSaveMap {
  /** Writes the registers, but for the control registers, and how it was. */
  void save(X86 cpu, SaveArea area);

  /** Reads the registers of {@link #save}. */
  void load(X86 cpu, SaveArea area);

  /** Says whether the processor was halted. */
  void halted(SaveArea area, boolean halted);

  /** Whether it is to be halted again. */
  boolean isHalted(SaveArea area);

  /** Where the address is that the area lies by; 4 bytes, which may be changed. */
  int base();

  /** Writes CR0, CR3, CR4 and EFER. */
  void control(SaveArea area, long[] registers);

  /** CR0, CR3, CR4 and EFER. */
  long[] control(SaveArea area);
}
