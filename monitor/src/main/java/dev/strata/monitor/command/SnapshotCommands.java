// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.command;

import static dev.strata.monitor.command.JobArguments.invalid;
import static dev.strata.monitor.command.Monitor.required;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.driver.BackingReference;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.ChainEdit;
import dev.strata.block.graph.Edge;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonValue;
import dev.strata.block.option.BlockOptions;

/**
 * {@code blockdev-snapshot}: an overlay takes what is written from now on.
 *
 * @see "QEMU qapi/block-core.json, blockdev-snapshot"
 */
final class SnapshotCommands {
  private final Monitor monitor;

  SnapshotCommands(Monitor monitor) {
    this.monitor = monitor;
  }

  static void contribute(Monitor monitor) {
    var own = new SnapshotCommands(monitor);
    monitor
        .commands()
        .add(
            "blockdev-snapshot",
            arguments -> {
              own.take(arguments);
              return new JsonObject();
            });
    monitor
        .commands()
        .add(
            "blockdev-snapshot-sync",
            arguments -> {
              own.make(arguments);
              return new JsonObject();
            });
    monitor.commands().add("change-backing-file", own::changeBackingFile);
  }

  /** In the image's header only; the layers stay as they are. */
  private JsonValue changeBackingFile(JsonObject arguments) throws BlockException {
    String device = required(arguments, "device");
    BlockNode root = monitor.node(device, device);
    BlockNode image = monitor.graph().requireNamed(required(arguments, "image-node-name"));
    if (image.backing() == null) {
      throw invalid("not allowing backing file change on an image without a backing file");
    }
    if (!isInChain(root, image)) {
      throw invalid("'" + device + "' and image file are not in the same chain");
    }
    monitor.jobs().checkIdle(image);
    String file = required(arguments, "backing-file");
    ChainEdit.nameBacking(
        image, file.isEmpty() ? null : new BackingReference(file, image.driverName()));
    return new JsonObject();
  }

  private static boolean isInChain(BlockNode root, BlockNode image) {
    BlockNode node = root.skipFilters();
    while (node != image) {
      Edge backing = node.backing();
      if (backing == null) {
        return false;
      }
      node = backing.node().skipFilters();
    }
    return true;
  }

  /** Makes an image, and puts it over the node. */
  void make(JsonObject arguments) throws BlockException {
    String nodeName = arguments.string("node-name");
    String device = arguments.string("device");
    BlockNode node = nodeName == null ? null : monitor.graph().find(nodeName);
    if (node == null) {
      // There are devices in a system only.
      throw Monitor.notFound(device, nodeName);
    }
    String overlayName = arguments.string("snapshot-node-name");
    if (overlayName == null) {
      throw invalid("New overlay node-name missing");
    }
    if (monitor.graph().find(overlayName) != null) {
      throw invalid("New overlay node-name already in use");
    }
    String format = arguments.string("format");
    String file = required(arguments, "snapshot-file");
    var image = new TargetImage(monitor.graph(), file, format == null ? "qcow2" : format);
    if (!"existing".equals(arguments.string("mode"))) {
      image.create(node.length(), node);
    }
    BlockOptions options = TargetImage.withoutBacking();
    options.put("node-name", overlayName);
    // It is there for those who used the node, and goes with them.
    image.use(
        options,
        node.flags(),
        overlay -> take(new JsonObject().put("node", node.name()).put("overlay", overlayName)));
  }

  /** Puts the overlay, which it answers, over the node. */
  BlockNode take(JsonObject arguments) throws BlockException {
    String nodeName = required(arguments, "node");
    BlockNode node = monitor.node(nodeName, nodeName);
    String overlayName = required(arguments, "overlay");
    BlockNode overlay = monitor.node(overlayName, overlayName);
    BlockNode above = node.overlay();
    if (above != null) {
      throw new BlockException(
          Errno.EBUSY,
          "Node '" + nodeName + "' is busy: node is used as backing hd of '" + above.name() + "'");
    }
    monitor.jobs().checkIdle(node);
    monitor.jobs().checkIdle(overlay);
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
    return overlay;
  }

  /** Takes away again what was made; the file stays. */
  void unmake(JsonObject arguments) throws BlockException {
    String overlayName = required(arguments, "snapshot-node-name");
    if (monitor.graph().find(overlayName) == null) {
      return; // nobody used it
    }
    undo(
        new JsonObject().put("node", required(arguments, "node-name")).put("overlay", overlayName));
    BlockNode overlay = monitor.graph().find(overlayName);
    if (overlay != null) {
      monitor.graph().close(overlay);
    }
  }

  /** Takes it away again. */
  void undo(JsonObject arguments) throws BlockException {
    ChainEdit.takeOverlay(
        monitor.graph().require(required(arguments, "node")),
        monitor.graph().require(required(arguments, "overlay")));
  }
}
