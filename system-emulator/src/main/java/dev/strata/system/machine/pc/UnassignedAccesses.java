// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine.pc;

import dev.strata.system.log.EventLog;
import dev.strata.system.log.LogItem;
import dev.strata.system.memory.UnassignedListener;
import java.util.Locale;

/**
 * Logs accesses to memory where nothing is, in the reference's words.
 *
 * @param log takes them
 */
record UnassignedAccesses(EventLog log) implements UnassignedListener {
  @Override
  public void accessed(boolean write, long address, int bytes) {
    if (log.has(LogItem.GUEST_ERRORS)) {
      log.add(
          (write ? "Invalid write" : "Invalid read")
              + " at addr 0x"
              + Long.toHexString(address).toUpperCase(Locale.ROOT)
              + ", size "
              + bytes
              + ", region '(null)', reason: rejected\n");
    }
  }
}
