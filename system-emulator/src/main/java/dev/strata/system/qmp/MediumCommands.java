// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.qmp;

import static dev.strata.monitor.command.Monitor.flag;
import static dev.strata.monitor.command.Monitor.required;

import dev.strata.block.BlockException;
import dev.strata.block.drive.GuestDrive;
import dev.strata.block.json.JsonObject;
import dev.strata.monitor.command.Monitor;
import dev.strata.monitor.qmp.QmpException;

/** The commands by which a program changes media. */
final class MediumCommands {
  private final Monitor monitor;
  private final DriveMedia media;

  private MediumCommands(Monitor monitor, DriveMedia media) {
    this.monitor = monitor;
    this.media = media;
  }

  static void contribute(Monitor monitor, DriveMedia media) {
    var own = new MediumCommands(monitor, media);
    own.add(
        "blockdev-open-tray",
        (drive, named, arguments) -> media.openTray(drive, named, flag(arguments, "force", false)));
    own.add("blockdev-close-tray", (drive, named, arguments) -> media.closeTray(drive, named));
    own.add("blockdev-remove-medium", (drive, named, arguments) -> media.remove(drive, named));
    own.add(
        "blockdev-insert-medium",
        (drive, named, arguments) -> media.insert(drive, required(arguments, "node-name")));
    own.add("blockdev-change-medium", own::change);
    own.add(
        "eject",
        (drive, named, arguments) -> media.eject(drive, named, flag(arguments, "force", false)));
  }

  /** Something done to a drive. */
  private interface Action {
    void run(GuestDrive drive, String named, JsonObject arguments)
        throws BlockException, QmpException;
  }

  private void add(String name, Action action) {
    monitor
        .commands()
        .add(
            name,
            arguments -> {
              GuestDrive drive = monitor.drives().named(arguments);
              String device = arguments.string("device");
              String named = device == null ? required(arguments, "id") : device;
              action.run(drive, named, arguments);
              return new JsonObject();
            });
  }

  private void change(GuestDrive drive, String named, JsonObject arguments) throws BlockException {
    String mode = arguments.string("read-only-mode");
    DriveMedia.Mode wanted = mode == null ? null : DriveMedia.Mode.named(mode);
    media.change(
        drive,
        named,
        required(arguments, "filename"),
        arguments.string("format"),
        wanted == null ? DriveMedia.Mode.RETAIN : wanted,
        flag(arguments, "force", false));
  }
}
