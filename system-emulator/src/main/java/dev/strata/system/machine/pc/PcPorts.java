// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine.pc;

import dev.strata.system.memory.AddressSpace;
import dev.strata.system.memory.MemoryRegion;
import dev.strata.system.memory.MmioHandler;
import dev.strata.system.memory.RegisterWidth;

/** A board's ports, where its chips are. */
record PcPorts(AddressSpace space) {
  private static final int PRIORITY = 1; // over cards

  /**
   * Maps registers.
   *
   * @param widest bytes of an access that the chip understands at most
   */
  void map(int port, int count, int widest, MmioHandler handler) {
    mapAll(port, count, new RegisterWidth(handler, 1, widest));
  }

  /** Maps registers that understand accesses of any width, at any port. */
  void mapAll(int port, int count, MmioHandler handler) {
    String name = handler.getClass().getSimpleName();
    space.map(port, MemoryRegion.mmio(name, count, handler), PRIORITY);
  }
}
