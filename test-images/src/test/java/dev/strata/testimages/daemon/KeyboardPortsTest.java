// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.daemon;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the keyboard controller's ports give, and its status after each of their uses. */
final class KeyboardPortsTest extends DriveConversation {
  private static final String STATUS = "inb 0x64";

  /** Ports' uses, each followed by a look at the status. */
  private static List<String> watched(String... uses) {
    var all = new ArrayList<>(List.of(STATUS));
    for (String use : uses) {
      all.add(use);
      all.add(STATUS);
    }
    return ports(all.toArray(String[]::new));
  }

  private static String command(int value) {
    return "outb 0x64 " + value;
  }

  private static String data(int value) {
    return "outb 0x60 " + value;
  }

  private static final String READ = "inb 0x60";

  @Test
  void theStatusSaysTheSameOfCommandsAndData() throws Exception {
    compare(
        List.of(),
        watched(
            command(0xaa),
            READ,
            command(0x60),
            data(0x45),
            command(0x60),
            data(0x41),
            command(0x20),
            READ,
            data(0xf4), // the keyboard is to scan
            READ,
            command(0xd4),
            data(0xf4), // and the mouse
            READ,
            command(0xd2),
            data(0x12),
            READ,
            command(0xd3),
            data(0x55),
            READ,
            command(0xa9),
            READ,
            command(0xab),
            READ,
            command(0xad),
            command(0xae),
            command(0xa7),
            command(0xa8),
            data(0xee), // echo
            READ));
  }
}
