// SPDX-License-Identifier: Apache-2.0
package dev.strata.system;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.drive.GuestDrive;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockGraph;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.OpenGate;
import dev.strata.block.graph.OpenRequest;
import dev.strata.block.json.JsonObject;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.OptionString;
import dev.strata.monitor.command.Monitor;
import dev.strata.monitor.qmp.QmpException;
import dev.strata.system.Drives.Drive;
import org.jspecify.annotations.Nullable;

/** Drives that come and go while the machine is there. One command at a time uses it. */
final class HotDrives {
  private static final NodeFlags FLAGS =
      NodeFlags.READ_ONLY.withWritable(true).withUnmap(false).withCache(false, false);

  private final Drives drives;
  private final @Nullable DriveDevices devices;
  private final Monitor monitor;

  /**
   * Beside the drives that there are.
   *
   * @param devices that may use them; null where there cannot be any
   */
  HotDrives(Drives drives, @Nullable DriveDevices devices, Monitor monitor) {
    this.drives = drives;
    this.devices = devices;
    this.monitor = monitor;
  }

  /** Opens what {@code -drive} would, for a device that comes later. */
  void add(String text) throws BlockException {
    Drive drive = drives.add(OptionString.parse(text, null, null));
    String name = drive.id() == null ? freeName() : drive.id();
    if (devices != null) {
      devices.come(drive, name);
      return;
    }
    drive.limit(name);
    monitor.drives().add(new GuestDrive(name, drive.settings(), drive.image(), System::nanoTime));
  }

  private String freeName() {
    int number = 0;
    while (monitor.drives().find("none" + number) != null) {
      number++;
    }
    return "none" + number;
  }

  /** Opens a node, which the user names. */
  void addNode(String text) throws BlockException {
    BlockOptions options = OptionString.parse(text, null, null);
    if (options.string("node-name") == null) {
      throw new BlockException(Errno.EINVAL, "'node-name' needs to be specified");
    }
    BlockGraph graph = monitor.graph();
    graph.open(new OpenRequest(null, options, FLAGS, false, false, OpenGate.AS_QEMU)).keep(true);
  }

  /** Takes away the drive or the node of that name. */
  void delete(String name) throws BlockException {
    if (monitor.graph().find(name) != null) {
      deleteNode(name);
      return;
    }
    GuestDrive drive = monitor.drives().find(name);
    if (drive == null) {
      throw new BlockException(Errno.ENODEV, "Device '" + name + "' not found");
    }
    BlockBackend medium = drive.medium();
    if (medium != null) {
      BlockNode node = medium.node();
      monitor.jobs().checkIdle(node);
      monitor.exports().ejected(monitor, drive);
    }
    drives.forget(name);
    if (devices != null) {
      devices.forget(drive);
    }
    try {
      drive.remove();
    } finally {
      if (drive.user() == null) {
        monitor.drives().remove(drive);
      } else {
        drive.forgetName();
      }
    }
  }

  private void deleteNode(String name) throws BlockException {
    try {
      monitor.commands().run("blockdev-del", new JsonObject().put("node-name", name));
    } catch (QmpException e) {
      throw new BlockException(Errno.EINVAL, String.valueOf(e.getMessage())).causedBy(e);
    }
  }
}
