// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.irq;

/** What interrupt controllers drive on a processor. All may be called from any thread. */
public interface ProcessorPins {
  /** Whether an interrupt waits to be acknowledged. */
  void interrupt(boolean level);

  /** A non-maskable interrupt. */
  void nonMaskableInterrupt();

  /** A system management interrupt. */
  void systemManagementInterrupt();

  /** INIT. */
  void initialise();

  /** A start-up message: the processor begins at {@code vector << 12}. */
  void startUp(int vector);
}
