// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.strata.system.clock.VirtualClock;
import org.junit.jupiter.api.Test;

/** What a machine says of itself. */
final class MachineTest {
  @Test
  void aMachineThatGoesOnAndIsStoppedAtOnceHasBegun() {
    var machine = new Machine(VirtualClock.stepped(), () -> {}, Actions.DEFAULT);
    machine.pause();
    assertEquals("prelaunch", machine.state());
    machine.resume();
    machine.pause();
    assertEquals("paused", machine.state());
  }
}
