// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.qmp;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.drive.Access;
import dev.strata.block.drive.DriveListener;
import dev.strata.block.drive.GuestDrive;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.job.ErrorAction;
import dev.strata.block.json.JsonObject;
import dev.strata.monitor.command.GuestDrives;
import dev.strata.monitor.qmp.QmpEvents;
import dev.strata.system.machine.Machine;

/**
 * Tells clients what befalls a guest's drives, and stops the machine where that is wanted.
 *
 * @see "QEMU qapi/block-core.json, BLOCK_IO_ERROR; qapi/block.json, DEVICE_TRAY_MOVED"
 */
public final class DriveEvents implements DriveListener {
  private final QmpEvents events;
  private final Machine machine;

  /** Tells the clients of those events. */
  public DriveEvents(QmpEvents events, Machine machine) {
    this.events = events;
    this.machine = machine;
  }

  @Override
  public void failed(GuestDrive drive, Access access, ErrorAction action, BlockException why) {
    BlockBackend medium = drive.medium();
    var data = new JsonObject().put("device", drive.name());
    if (medium != null) {
      data.put("node-name", medium.node().name());
    }
    data.put("operation", access == Access.READ ? "read" : "write");
    data.put("action", action.word());
    if (drive.ioStatus() != null) {
      data.put("nospace", why.errno() == Errno.ENOSPC);
    }
    data.put("reason", why.errno().text());
    events.emit("BLOCK_IO_ERROR", data);
    if (action == ErrorAction.STOP) {
      machine.pauseForFailure();
    }
  }

  @Override
  public void trayMoved(GuestDrive drive, boolean open) {
    String device = GuestDrives.device(drive);
    events.emit(
        "DEVICE_TRAY_MOVED",
        new JsonObject()
            .put("device", drive.name())
            .put("tray-open", open)
            .put("id", device == null ? "" : device));
  }
}
