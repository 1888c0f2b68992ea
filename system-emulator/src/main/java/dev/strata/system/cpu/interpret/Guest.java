// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.interpret;

import dev.strata.system.cpu.GuestFault;
import dev.strata.system.cpu.PageWalker;
import dev.strata.system.cpu.ir.Block;

/** The architecture of the guest that an {@link Interpreter} runs. */
public interface Guest extends PageWalker {
  /** What a CALL operation asks for. */
  long call(int number, long a, long b, int extra);

  /**
   * Decodes the block at a linear address.
   *
   * @param code physical memory from the first byte on, to be read at most to the end of the page
   *     unless the first instruction crosses it
   */
  Block decode(long linear, int mode);

  /** Delivers a fault to the guest; the pc is the faulting instruction's. */
  void deliver(GuestFault fault);

  /** Looks after interrupts and stops; false ends the run. */
  boolean service();
}
