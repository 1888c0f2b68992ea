// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine.pc;

import dev.strata.block.BlockException;
import dev.strata.system.cpu.Cpu;
import dev.strata.system.device.irq.ProcessorPins;
import dev.strata.system.machine.Machine;
import dev.strata.system.state.StateFields;
import org.jspecify.annotations.Nullable;

/** The processor's pins: what they carry also wakes the machine when the processor is halted. */
final class PcProcessor implements ProcessorPins {
  private static final int INTERRUPT = 0;
  private static final int NON_MASKABLE = 1;
  private static final int SYSTEM_MANAGEMENT = 2;
  private static final int INITIALISE = 3;

  private final Machine machine;
  private volatile @Nullable Cpu cpu;
  private boolean interrupt; // guarded by this

  PcProcessor(Machine machine) {
    this.machine = machine;
  }

  void plug(Cpu processor) {
    cpu = processor;
  }

  @Override
  public void interrupt(boolean level) {
    synchronized (this) {
      if (level == interrupt) {
        return;
      }
      interrupt = level;
      Cpu here = cpu;
      if (here != null) {
        here.interrupt(INTERRUPT, level);
      }
    }
    if (level) {
      machine.wake();
    }
  }

  private void pulse(int pin) {
    Cpu here = cpu;
    if (here != null) {
      here.interrupt(pin, true);
      here.interrupt(pin, false);
      machine.wake();
    }
  }

  @Override
  public void nonMaskableInterrupt() {
    pulse(NON_MASKABLE);
  }

  @Override
  public void systemManagementInterrupt() {
    pulse(SYSTEM_MANAGEMENT);
  }

  @Override
  public void initialise() {
    pulse(INITIALISE);
  }

  @Override
  public void startUp(int vector) {
    // The boot processor never waits for this message.
  }

  synchronized void state(StateFields state) throws BlockException {
    interrupt = state.flag("interrupt", interrupt);
  }
}
