// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.daemon;

import static dev.strata.monitor.daemon.Daemon.required;
import static dev.strata.monitor.daemon.JobArguments.invalid;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.ChainEdit;
import dev.strata.block.json.JsonObject;

/**
 * {@code blockdev-snapshot}: an overlay takes what is written from now on.
 *
 * @see "QEMU qapi/block-core.json, blockdev-snapshot"
 */
final class SnapshotCommands {
  private final Daemon daemon;

  SnapshotCommands(Daemon daemon) {
    this.daemon = daemon;
  }

  static void contribute(Daemon daemon) {
    var own = new SnapshotCommands(daemon);
    daemon
        .commands()
        .add(
            "blockdev-snapshot",
            arguments -> {
              own.take(arguments);
              return new JsonObject();
            });
  }

  /** Puts the overlay over the node. */
  void take(JsonObject arguments) throws BlockException {
    String nodeName = required(arguments, "node");
    BlockNode node = daemon.node(nodeName, nodeName);
    String overlayName = required(arguments, "overlay");
    BlockNode overlay = daemon.node(overlayName, overlayName);
    BlockNode above = node.overlay();
    if (above != null) {
      throw new BlockException(
          Errno.EBUSY,
          "Node '" + nodeName + "' is busy: node is used as backing hd of '" + above.name() + "'");
    }
    daemon.jobs().checkIdle(node);
    daemon.jobs().checkIdle(overlay);
    if (overlay.usedByBackend()) {
      throw invalid("The overlay is already in use");
    }
    if (!overlay.supportsBacking()) {
      throw invalid("The overlay does not support backing images");
    }
    if (overlay.backing() != null) {
      throw invalid("The overlay already has a backing image");
    }
    if (overlay.standsOn(node) || node.standsOn(overlay)) {
      throw invalid(
          "Making '"
              + nodeName
              + "' a backing child of '"
              + overlayName
              + "' would create a cycle");
    }
    ChainEdit.putOverlay(node, overlay);
  }

  /** Takes it away again. */
  void undo(JsonObject arguments) throws BlockException {
    ChainEdit.takeOverlay(
        daemon.graph().require(required(arguments, "node")),
        daemon.graph().require(required(arguments, "overlay")));
  }
}
