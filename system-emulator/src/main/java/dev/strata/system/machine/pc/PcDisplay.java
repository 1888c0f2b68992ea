// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine.pc;

import dev.strata.system.device.vga.Picture;
import dev.strata.system.device.vga.VgaCard;
import dev.strata.system.memory.AddressSpace;
import dev.strata.system.memory.MemoryRegion;
import dev.strata.system.memory.MmioHandler;
import dev.strata.system.memory.RegisterWidth;

/** A PC's VGA, wired: what it has at places of its own beside those of a card. */
final class PcDisplay {
  private static final int BOARD_PRIORITY = 1;
  private static final int[] PORTS = {0x3b4, 0x3ba, 0x3c0, 0x3d4, 0x3da};
  private static final int[] COUNTS = {2, 1, 16, 2, 1};

  private final VgaCard card;

  PcDisplay(VgaCard card, AddressSpace memory, AddressSpace ports) {
    this.card = card;
    memory.map(VgaCard.WINDOW, card.window(), BOARD_PRIORITY);
    for (int index = 0; index < PORTS.length; index++) {
      MmioHandler registers = new RegisterWidth(card.ports(PORTS[index]), 1, 1);
      map(ports, PORTS[index], COUNTS[index], registers);
    }
    map(ports, VgaCard.DISPLAY_PORT, 4, card.displayPorts());
  }

  private static void map(AddressSpace ports, int port, int count, MmioHandler handler) {
    ports.map(port, MemoryRegion.mmio("vga", count, handler), BOARD_PRIORITY);
  }

  Picture picture() {
    return card.picture();
  }
}
