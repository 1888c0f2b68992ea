// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.snapshot;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.drive.GuestDrive;
import dev.strata.block.driver.SnapshotStore;
import dev.strata.block.driver.SnapshotStore.Snapshot;
import dev.strata.block.driver.VmStateStore;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockGraph;
import dev.strata.block.graph.BlockNode;
import dev.strata.monitor.command.Monitor;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The disks that a snapshot of a machine is of, or is to be. */
final class SnapshotDisks {
  /**
   * A disk.
   *
   * @param drive the name of the drive that has it; empty if there is none, or it has none
   */
  record Disk(String drive, BlockNode node) {
    /** Its drive's, or else its node's. */
    String name() {
      return drive.isEmpty() ? node.name() : drive;
    }

    SnapshotStore store() {
      return node.capability(SnapshotStore.class).orElseThrow();
    }

    @Nullable Snapshot find(String tag) throws BlockException {
      for (Snapshot snapshot : store().snapshots()) {
        if (snapshot.name().equals(tag)) {
          return snapshot;
        }
      }
      return null;
    }

    private boolean canKeepSnapshots() {
      return node.flags().writesNow() && node.capability(SnapshotStore.class).isPresent();
    }

    private boolean canKeepState() {
      return canKeepSnapshots() && node.capability(VmStateStore.class).isPresent();
    }
  }

  private final List<Disk> disks;

  private SnapshotDisks(List<Disk> disks) {
    this.disks = disks;
  }

  /**
   * Disks.
   *
   * @param names of their nodes; null for all that somebody uses as a whole and may write
   */
  static SnapshotDisks of(Monitor monitor, @Nullable List<String> names) throws BlockException {
    var all = new ArrayList<Disk>();
    for (BlockNode node : names == null ? inUse(monitor) : named(monitor.graph(), names)) {
      if (names != null || node.flags().writable()) {
        all.add(new Disk(drive(monitor, node), node));
      }
    }
    return new SnapshotDisks(all);
  }

  private static Set<BlockNode> named(BlockGraph graph, List<String> names) throws BlockException {
    if (names.isEmpty()) {
      throw error("At least one device is required for snapshot");
    }
    var nodes = new LinkedHashSet<BlockNode>();
    for (String name : names) {
      BlockNode node = graph.find(name);
      if (node == null) {
        throw error("No block device node '" + name + "'");
      }
      nodes.add(node);
    }
    return nodes;
  }

  private static Set<BlockNode> inUse(Monitor monitor) {
    var nodes = new LinkedHashSet<BlockNode>();
    for (GuestDrive drive : monitor.drives().all()) {
      BlockBackend medium = drive.medium();
      if (medium != null) {
        nodes.add(medium.node());
      }
    }
    for (BlockBackend user : monitor.graph().backends()) {
      nodes.add(user.node());
    }
    for (BlockNode node : monitor.graph().nodes()) {
      if (!node.usedByNode()) {
        nodes.add(node);
      }
    }
    return nodes;
  }

  private static String drive(Monitor monitor, BlockNode node) {
    for (GuestDrive drive : monitor.drives().all()) {
      BlockBackend medium = drive.medium();
      if (medium != null && medium.node() == node && !drive.name().isEmpty()) {
        return drive.name();
      }
    }
    return "";
  }

  private static BlockException error(String message) {
    return new BlockException(Errno.EINVAL, message);
  }

  /** These. */
  List<Disk> all() {
    return disks;
  }

  /** Their nodes. */
  List<BlockNode> nodes() {
    return disks.stream().map(Disk::node).toList();
  }

  /** Those of them that can keep snapshots. */
  SnapshotDisks able() {
    return new SnapshotDisks(disks.stream().filter(Disk::canKeepSnapshots).toList());
  }

  /** Fails if one of them cannot keep snapshots. */
  void requireSnapshots() throws BlockException {
    for (Disk disk : disks) {
      if (!disk.canKeepSnapshots()) {
        throw error("Device '" + disk.name() + "' is writable but does not support snapshots");
      }
    }
  }

  /**
   * The one that keeps the machine's state.
   *
   * @param wanted its node; null for the first that can
   */
  Disk stateKeeper(@Nullable String wanted) throws BlockException {
    for (Disk disk : disks) {
      if (wanted == null ? disk.canKeepState() : disk.node().name().equals(wanted)) {
        if (!disk.canKeepState()) {
          throw error("vmstate block device '" + wanted + "' does not support snapshots");
        }
        return disk;
      }
    }
    throw error(
        wanted == null
            ? "no block device can store vmstate for snapshot"
            : "vmstate block device '" + wanted + "' does not exist");
  }

  /** Whether any of them has a snapshot of that name. */
  boolean someHave(String tag) throws BlockException {
    for (Disk disk : disks) {
      if (disk.find(tag) != null) {
        return true;
      }
    }
    return false;
  }

  /** Whether all of them have. */
  boolean allHave(String tag) throws BlockException {
    for (Disk disk : disks) {
      if (disk.find(tag) == null) {
        return false;
      }
    }
    return true;
  }
}
