// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.qmp;

import dev.strata.block.json.JsonObject;
import dev.strata.monitor.qmp.QmpEvents;
import dev.strata.system.machine.Cause;
import dev.strata.system.machine.Machine;

/**
 * Tells clients what becomes of a machine.
 *
 * @see "QEMU qapi/run-state.json, events"
 */
final class MachineEvents implements Machine.Listener {
  private final QmpEvents events;

  MachineEvents(QmpEvents events) {
    this.events = events;
  }

  @Override
  public void stopped() {
    events.emit("STOP");
  }

  @Override
  public void resumed() {
    events.emit("RESUME");
  }

  @Override
  public void reset(Cause cause) {
    events.emit("RESET", data(cause));
  }

  @Override
  public void ended(Cause cause) {
    events.emit("SHUTDOWN", data(cause));
  }

  @Override
  public void panicked(Machine.PanicAnswer answer) {
    events.emit("GUEST_PANICKED", new JsonObject().put("action", answer.word()));
  }

  @Override
  public void balloonMoved(long bytes) {
    events.emitSeldom("BALLOON_CHANGE", "", new JsonObject().put("actual", bytes));
  }

  /** What is told of a cause. */
  static JsonObject data(Cause cause) {
    return new JsonObject().put("guest", cause.isGuest()).put("reason", cause.word());
  }
}
