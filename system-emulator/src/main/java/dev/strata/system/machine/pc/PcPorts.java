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
    map(name(port, handler), port, count, new RegisterWidth(handler, 1, widest));
  }

  /** Maps registers that understand accesses of any width, at any port. */
  void mapAll(int port, int count, MmioHandler handler) {
    map(name(port, handler), port, count, handler);
  }

  private void map(String name, int port, int count, MmioHandler handler) {
    space.map(port, MemoryRegion.mmio(name, count, handler), PRIORITY);
  }

  /** What listings call the chip at a port. */
  private static String name(int port, MmioHandler handler) {
    return switch (port) {
      case 0x00, 0xc0 -> "dma";
      case 0x40 -> "pit";
      case 0x60 -> "i8042-data";
      case 0x61 -> "pcspk";
      case 0x64 -> "i8042-cmd";
      case 0x70 -> "rtc";
      case 0x80 -> "dma-page";
      case 0x92 -> "port92";
      case 0xb2 -> "apm-io";
      case 0x2e8, 0x2f8, 0x3e8, 0x3f8 -> "serial";
      case 0x378 -> "parallel";
      case 0x3b4, 0x3ba, 0x3c0, 0x3d4, 0x3da -> "vga";
      case 0x3f0, 0x3f7 -> "fdc";
      case 0x510 -> "fwcfg";
      case 0x514 -> "fwcfg.dma";
      case 0xcf8 -> "pci-conf";
      default -> handler.getClass().getSimpleName();
    };
  }
}
