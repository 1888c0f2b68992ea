// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine.pc;

import dev.strata.system.device.vga.Picture;
import dev.strata.system.device.vga.VgaCard;
import dev.strata.system.memory.AddressSpace;

/** A PC's VGA, wired: what it has at places of its own beside those of a card. */
final class PcDisplay {
  private static final int BOARD_PRIORITY = 1;
  private static final int[] PORTS = {0x3b4, 0x3ba, 0x3c0, 0x3d4, 0x3da};
  private static final int[] COUNTS = {2, 1, 16, 2, 1};

  private final VgaCard card;

  PcDisplay(VgaCard card, AddressSpace memory, PcPorts ports) {
    this.card = card;
    memory.map(VgaCard.WINDOW, card.window(), BOARD_PRIORITY);
    for (int index = 0; index < PORTS.length; index++) {
      ports.map(PORTS[index], COUNTS[index], 1, card.ports(PORTS[index]));
    }
    ports.mapAll(VgaCard.DISPLAY_PORT, 4, card.displayPorts());
  }

  Picture picture() {
    return card.picture();
  }
}
