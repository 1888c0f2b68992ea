// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu;

import dev.strata.system.state.Saved;
import org.jspecify.annotations.Nullable;

/**
 * One virtual processor. {@link #run}, {@link #reset} and {@link #state} belong to its thread, the
 * rest to all.
 */
public interface Cpu extends Saved {
  /** Runs for about {@code nanos} of host time, or until it halts, shuts down or is stopped. */
  ExitReason run(long nanos);

  /** Makes a current {@link #run} come back soon. */
  void stop();

  /**
   * Sets an input pin; lines are the architecture's own.
   *
   * @param line for x86: 0 INTR, 1 NMI, 2 SMI, 3 INIT
   */
  void interrupt(int line, boolean level);

  /** Back to the state after power-on. */
  void reset();

  /**
   * Where a virtual address leads to, as the processor is now; changes nothing.
   *
   * @return the physical address, or -1 if there is none
   */
  long physicalAddress(long virtualAddress);

  /** A register by the name that a monitor has for it, or null if there is none. */
  @Nullable Long register(String name);

  /** The registers as text for the monitor, lines ended by newlines. */
  String describe();

  /**
   * The virtual memory as text for the monitor, lines ended by newlines.
   *
   * @param merged whether it is ranges of the same rights that are told, not each page
   */
  String pages(boolean merged);
}
