// SPDX-License-Identifier: Apache-2.0
package dev.strata.system;

import dev.strata.system.clock.VirtualClock;
import dev.strata.system.machine.Machine;
import dev.strata.system.machine.MachineState;
import dev.strata.system.machine.MainMemory;
import dev.strata.system.state.StateSection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What lasts of a machine without a board: how long it has run. */
record BareState(List<StateSection> sections) implements MachineState.Parts {
  private static final int VERSION = 1;

  static MachineState of(Machine machine, VirtualClock clock) {
    return new MachineState(
        machine,
        new BareState(
            List.of(
                new StateSection.Fields(
                    "machine", VERSION, state -> state.same("machine type", "none")),
                new StateSection.Fields("clock", VERSION, clock))));
  }

  @Override
  public @Nullable MainMemory mainMemory() {
    return null;
  }

  @Override
  public void hold(boolean held) {
    // There is no device.
  }

  @Override
  public boolean isSettled() {
    return true;
  }
}
