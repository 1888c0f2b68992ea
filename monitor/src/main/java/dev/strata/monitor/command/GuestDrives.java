// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.command;

import dev.strata.block.graph.BlockBackend;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** The drives of a guest, in the order in which they were made. Thread-safe. */
public final class GuestDrives {
  /**
   * A drive.
   *
   * @param name "" if a device uses a node that the user made
   * @param device where the guest's device is in the tree of objects; null if none uses the drive
   * @param removable whether the medium can be taken out
   * @param tray whether what is removable lies in a tray
   * @param medium null in an empty drive
   */
  public record Drive(
      String name,
      @Nullable String device,
      boolean removable,
      boolean tray,
      @Nullable BlockBackend medium) {}

  private final List<Drive> drives = new CopyOnWriteArrayList<>();

  /** No drives yet. */
  public GuestDrives() {}

  /** Adds a drive. */
  public void add(Drive drive) {
    drives.add(drive);
  }

  /** The drives. */
  public List<Drive> all() {
    return List.copyOf(drives);
  }

  /** The drive of that name, or null. */
  public @Nullable Drive find(String name) {
    for (Drive each : drives) {
      if (each.name().equals(name) && !name.isEmpty()) {
        return each;
      }
    }
    return null;
  }
}
