// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.command;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.drive.DriveListener;
import dev.strata.block.drive.GuestDrive;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.json.JsonObject;
import dev.strata.monitor.qmp.QmpException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** The drives of a guest, in the order in which they were made. Thread-safe. */
public final class GuestDrives {
  private static final String VIRTIO_DEVICE = "/virtio-backend"; // on a card, with the drive

  private final List<GuestDrive> drives = new CopyOnWriteArrayList<>();

  private volatile @Nullable DriveListener listener;

  /** No drives yet. */
  public GuestDrives() {}

  /** Adds a drive. */
  public void add(GuestDrive drive) {
    introduce(drive);
    drives.add(drive);
  }

  private void introduce(GuestDrive drive) {
    DriveListener told = listener;
    if (told != null) {
      drive.listener(told);
    }
  }

  /** Takes a drive away that no device uses. */
  public void remove(GuestDrive drive) {
    drives.remove(drive);
  }

  /** Says who hears of what befalls the drives, those that will be added too. */
  public void listener(DriveListener told) {
    listener = told;
    drives.forEach(drive -> drive.listener(told));
  }

  /** The drives. */
  public List<GuestDrive> all() {
    return List.copyOf(drives);
  }

  /** The drive of that name, or null. */
  public @Nullable GuestDrive find(String name) {
    for (GuestDrive each : drives) {
      if (each.name().equals(name) && !name.isEmpty()) {
        return each;
      }
    }
    return null;
  }

  /** Has a device's drive be where it was that no device used. */
  public void replace(GuestDrive unused, GuestDrive used) {
    introduce(used);
    int at = drives.indexOf(unused);
    if (at >= 0) {
      drives.set(at, used);
    } else {
      drives.add(used);
    }
  }

  /** Tells the devices whose medium a node is that it has another length. */
  void tellResized(BlockNode node) {
    for (GuestDrive each : drives) {
      BlockBackend medium = each.medium();
      if (medium != null && medium.node() == node) {
        each.tellResized();
      }
    }
  }

  /** The name of the drive that a node is the medium of; "" if there is none. */
  String of(BlockNode node) {
    for (GuestDrive each : drives) {
      BlockBackend medium = each.medium();
      if (medium != null && medium.node() == node && !each.name().isEmpty()) {
        return each.name();
      }
    }
    return "";
  }

  /** The name of the drive that a node of that name is the medium of; "" if there is none. */
  String ofNode(String name) {
    for (GuestDrive each : drives) {
      BlockBackend medium = each.medium();
      if (medium != null && medium.node().name().equals(name)) {
        return each.name();
      }
    }
    return "";
  }

  /**
   * The drive that a command is about, by its name as {@code device} or its device as {@code id}.
   */
  public GuestDrive named(JsonObject arguments) throws BlockException, QmpException {
    String device = arguments.string("device");
    String id = arguments.string("id");
    if (device != null && id == null) {
      return orNone(find(device), device);
    }
    if (id != null && device == null) {
      return orNone(ofDevice(id), id);
    }
    throw new BlockException(Errno.EINVAL, "Need exactly one of 'device' and 'id'");
  }

  private static GuestDrive orNone(@Nullable GuestDrive drive, String name) throws QmpException {
    if (drive == null) {
      throw new QmpException("DeviceNotFound", "Device '" + name + "' not found");
    }
    return drive;
  }

  /** The drive of the device with that id, or at that place; null if there is none. */
  public @Nullable GuestDrive ofDevice(String id) throws BlockException {
    String place = id.startsWith("/") ? id : "/machine/peripheral/" + id;
    for (GuestDrive each : drives) {
      GuestDrive.User user = each.user();
      if (user == null) {
        continue;
      }
      if (user.place().equals(place)) {
        return each;
      }
      // The card of a virtio disk is another device than the disk that is on it.
      if (user.place().startsWith(place + "/")) {
        throw new BlockException(Errno.EINVAL, "Device does not have a block device backend");
      }
    }
    return null;
  }

  /**
   * The drive that a device has as a property, be it the card that the device is on; null if there
   * is none.
   *
   * @param path of the device, or its id
   */
  @Nullable GuestDrive at(String path) {
    String place = path.startsWith("/") ? path : "/machine/peripheral/" + path;
    for (GuestDrive each : drives) {
      GuestDrive.User user = each.user();
      if (user != null
          && (user.place().equals(place) || user.place().equals(place + VIRTIO_DEVICE))) {
        return each;
      }
    }
    return null;
  }

  /** What clients know a drive's device by, or null if no device uses it. */
  public static @Nullable String device(GuestDrive drive) {
    GuestDrive.User user = drive.user();
    return user == null ? null : user.name();
  }
}
