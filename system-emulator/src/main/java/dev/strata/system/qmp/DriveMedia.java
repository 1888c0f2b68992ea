// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.qmp;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.drive.GuestDrive;
import dev.strata.block.drive.MediumSlot;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.OpenGate;
import dev.strata.block.graph.OpenRequest;
import dev.strata.block.option.BlockOptions;
import dev.strata.monitor.command.Monitor;
import org.jspecify.annotations.Nullable;

/**
 * Changes of the media in a guest's drives, by whoever is outside: one at a time. Messages name a
 * drive as the one who asks does.
 *
 * @see "QEMU qapi/block.json, blockdev-open-tray to blockdev-change-medium"
 */
public final class DriveMedia {
  /** Whether a medium can be written. */
  public enum Mode {
    /** As the one before. */
    RETAIN,
    READ_ONLY,
    READ_WRITE;

    /** The one that clients call so, or null. */
    public static @Nullable Mode named(String word) {
      return switch (word) {
        case "retain" -> RETAIN;
        case "read-only" -> READ_ONLY;
        case "read-write" -> READ_WRITE;
        default -> null;
      };
    }
  }

  private final Monitor monitor;

  /** Of the drives that a monitor has. */
  public DriveMedia(Monitor monitor) {
    this.monitor = monitor;
  }

  private static BlockException refusal(String message) {
    return new BlockException(Errno.EINVAL, message);
  }

  /**
   * Opens the tray, if the guest has not locked it; else asks the guest to do it.
   *
   * @param force whether the lock counts nothing
   * @return false if the guest has been asked
   */
  synchronized boolean openTray(GuestDrive drive, String named, boolean force)
      throws BlockException {
    requireRemovable(drive, named);
    MediumSlot slot = drive.slot();
    if (slot.kind() != MediumSlot.Kind.TRAY || slot.isOpen()) {
      return true;
    }
    boolean locked = slot.isLocked();
    if (locked) {
      drive.requestEject(force);
    }
    if (!locked || force) {
      drive.moveTray(true);
      return true;
    }
    return false;
  }

  private void requireOpen(GuestDrive drive, String named, boolean force) throws BlockException {
    if (!openTray(drive, named, force)) {
      throw refusal(
          "Device '"
              + named
              + "' is locked and force was not specified, wait for tray to open and try again");
    }
  }

  private static void requireRemovable(GuestDrive drive, String named) throws BlockException {
    if (drive.slot().kind() == MediumSlot.Kind.FIXED) {
      throw refusal("Device '" + named + "' is not removable");
    }
  }

  /** Closes the tray, where there is one. */
  synchronized void closeTray(GuestDrive drive, String named) throws BlockException {
    requireRemovable(drive, named);
    if (drive.slot().kind() == MediumSlot.Kind.TRAY && drive.moveTray(false)) {
      drive.tellMediumChanged();
    }
  }

  /** Opens the tray, where there is one, and takes the medium out. */
  public synchronized void eject(GuestDrive drive, String named, boolean force)
      throws BlockException {
    requireOpen(drive, named, force);
    remove(drive, named);
  }

  /** Takes the medium out, if there is one, of a tray that is open. */
  synchronized void remove(GuestDrive drive, String named) throws BlockException {
    requireRemovable(drive, named);
    MediumSlot slot = drive.slot();
    boolean tray = slot.kind() == MediumSlot.Kind.TRAY;
    if (tray && !slot.isOpen()) {
      throw refusal("Tray of device '" + named + "' is not open");
    }
    BlockBackend medium = drive.medium();
    if (medium == null) {
      return;
    }
    monitor.jobs().checkIdle(medium.node());
    monitor.exports().ejected(monitor, drive);
    try {
      drive.remove();
    } finally {
      if (!tray) {
        drive.tellMediumChanged();
      }
    }
  }

  /** Puts a node in that nobody else uses. */
  synchronized void insert(GuestDrive drive, String nodeName) throws BlockException {
    BlockNode node = monitor.graph().find(nodeName);
    if (node == null) {
      throw refusal("Node '" + nodeName + "' not found");
    }
    if (node.usedByBackend()) {
      throw refusal("Node '" + nodeName + "' is already in use");
    }
    insert(drive, node);
  }

  private void insert(GuestDrive drive, BlockNode node) throws BlockException {
    MediumSlot slot = drive.slot();
    if (slot.kind() == MediumSlot.Kind.FIXED) {
      throw refusal("Device is not removable");
    }
    boolean tray = slot.kind() == MediumSlot.Kind.TRAY;
    if (tray && !slot.isOpen()) {
      throw refusal("Tray of the device is not open");
    }
    if (drive.medium() != null) {
      throw refusal("There already is a medium in the device");
    }
    boolean writes = !tray && node.flags().writable();
    drive.insert(monitor.graph().use(node, drive.name(), drive.permissionsNow(writes)));
    if (!tray) {
      drive.tellMediumChanged();
    }
  }

  /**
   * Opens an image and puts it in, in place of what is there.
   *
   * @param format null to find out
   */
  public synchronized void change(
      GuestDrive drive,
      String named,
      String filename,
      @Nullable String format,
      Mode mode,
      boolean force)
      throws BlockException {
    BlockNode node = open(filename, format, drive.mediaFlags(), mode);
    try {
      requireOpen(drive, named, force);
      remove(drive, named);
      insert(drive, node);
    } catch (BlockException e) {
      if (!node.usedByBackend()) {
        monitor.graph().close(node);
      }
      throw e;
    }
    closeTray(drive, named);
  }

  private BlockNode open(String filename, @Nullable String format, NodeFlags flags, Mode mode)
      throws BlockException {
    NodeFlags wanted =
        switch (mode) {
          case RETAIN -> flags;
          case READ_ONLY -> flags.withWritable(false);
          case READ_WRITE -> flags.withWritable(true);
        };
    var options = new BlockOptions();
    if (format != null) {
      options.put("driver", format);
    }
    return monitor
        .graph()
        .open(new OpenRequest(filename, options, wanted, false, false, OpenGate.AS_QEMU));
  }
}
