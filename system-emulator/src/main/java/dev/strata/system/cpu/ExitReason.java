// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu;

/** Why a processor came back from {@link Cpu#run}. */
public enum ExitReason {
  /** The time given is over, or someone asked for a stop. */
  TIME,
  /** It waits for an interrupt. */
  HALTED,
  /** It shut down: on a PC, the machine resets (a triple fault). */
  SHUTDOWN
}
