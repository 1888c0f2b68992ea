// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu;

/** The interrupt controller as its processor sees it. Called on the processor's thread. */
public interface InterruptPins {
  /** The vector of the interrupt taken, or -1 if it went away. */
  int acknowledge();

  /** The task priority, 0 to 15: x86's CR8. */
  default int taskPriority() {
    return 0;
  }

  /** Sets the task priority. */
  default void taskPriority(int priority) {}

  /** The controller's base address and enable bits: x86's IA32_APIC_BASE. */
  default long base() {
    return 0;
  }

  /** Moves, enables or disables the controller. */
  default void base(long value) {}

  /**
   * The processor enters or leaves system management mode: x86's SMIACT#. When this returns, memory
   * is as it is then.
   */
  default void systemManagement(boolean active) {}
}
