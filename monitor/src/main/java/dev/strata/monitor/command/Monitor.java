// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.command;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.drive.GuestDrive;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockGraph;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.job.JobRegistry;
import dev.strata.block.json.JsonBool;
import dev.strata.block.json.JsonObject;
import dev.strata.monitor.qmp.QmpCommands;
import dev.strata.monitor.qmp.QmpEvents;
import org.jspecify.annotations.Nullable;

/**
 * What commands work on.
 *
 * @param graph with the objects that options refer to
 * @param drives the guest's, if there is one
 */
public record Monitor(
    BlockGraph graph,
    JobRegistry jobs,
    QmpEvents events,
    QmpCommands commands,
    GuestDrives drives,
    Exports exports) {

  /** The node in that drive, or else of that name. */
  public BlockNode node(@Nullable String device, @Nullable String name) throws BlockException {
    GuestDrive drive = device == null ? null : drives.find(device);
    if (drive != null) {
      BlockBackend medium = drive.medium();
      if (medium == null) {
        throw new BlockException(Errno.ENOMEDIUM, "Device '" + device + "' has no medium");
      }
      return medium.node();
    }
    String wanted = name == null ? device : name;
    BlockNode node = wanted == null ? null : graph.find(wanted);
    if (node == null) {
      throw notFound(device, name);
    }
    return node;
  }

  /** The node in the drive of that name, or of that name itself; null if there is neither. */
  public @Nullable BlockNode find(String name) {
    GuestDrive drive = drives.find(name);
    BlockBackend medium = drive == null ? null : drive.medium();
    return medium == null ? graph.find(name) : medium.node();
  }

  /** The failure of a command that names what there is not. */
  static BlockException notFound(@Nullable String device, @Nullable String name) {
    return new BlockException(
        Errno.ENODEV,
        "Cannot find device='"
            + (device == null ? "" : device)
            + "' nor node-name='"
            + (name == null ? "" : name)
            + "'");
  }

  /**
   * Fails for a node that is part of another one, or of what a job works with: only what its users
   * see as a whole will do.
   */
  public void requireRoot(BlockNode node) throws BlockException {
    if (node.usedByNode() || jobs.isBusy(node)) {
      throw new BlockException(Errno.EINVAL, "Need a root block node");
    }
  }

  /** A text that the schema says is there. */
  public static String required(JsonObject arguments, String name) {
    String value = arguments.string(name);
    if (value == null) {
      throw new IllegalArgumentException("the schema lets '" + name + "' be left out");
    }
    return value;
  }

  /** A flag that may be left out. */
  public static boolean flag(JsonObject arguments, String name, boolean otherwise) {
    return arguments.get(name) instanceof JsonBool(boolean value) ? value : otherwise;
  }
}
