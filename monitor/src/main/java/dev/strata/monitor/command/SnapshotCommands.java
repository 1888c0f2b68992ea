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
              own.freeze(own.take(arguments));
              return new JsonObject();
            });
    monitor
        .commands()
        .add(
            "blockdev-snapshot-sync",
            arguments -> {
              own.freeze(own.make(arguments));
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

  /**
   * A snapshot that was taken: what undoes it.
   *
   * @param made whether the overlay was opened for it, and goes with it
   */
  record Taken(BlockNode node, BlockNode overlay, boolean made) {}

  /** Makes an image, and puts it over the node. */
  Taken make(JsonObject arguments) throws BlockException {
    String nodeName = arguments.string("node-name");
    String device = arguments.string("device");
    if (nodeName == null && device != null && monitor.drives().find(device) == null) {
      throw Monitor.notFound(device, null); // a device is no name of a node
    }
    BlockNode node = monitor.node(device, nodeName);
    checkFree(node, nodeName == null ? node.name() : nodeName);
    String overlayName = arguments.string("snapshot-node-name");
    if (overlayName == null && nodeName != null) {
      throw invalid("New overlay node-name missing");
    }
    if (overlayName != null && monitor.find(overlayName) != null) {
      throw invalid("New overlay node-name already in use");
    }
    String format = arguments.string("format");
    String file = required(arguments, "snapshot-file");
    var image = new TargetImage(monitor.graph(), file, format == null ? "qcow2" : format);
    if (!"existing".equals(arguments.string("mode"))) {
      image.create(node.length(), node);
    }
    BlockOptions options = TargetImage.withoutBacking();
    if (overlayName != null) {
      options.put("node-name", overlayName);
    }
    // It is there for those who used the node, and goes with them.
    return image.use(
        options,
        node.flags(),
        overlay -> {
          put(node, node.name(), overlay, overlay.name());
          return new Taken(node, overlay, true);
        });
  }

  /** Puts the overlay over the node. */
  Taken take(JsonObject arguments) throws BlockException {
    String nodeName = required(arguments, "node");
    BlockNode node = monitor.node(nodeName, nodeName);
    checkFree(node, nodeName);
    String overlayName = required(arguments, "overlay");
    BlockNode overlay = monitor.node(overlayName, overlayName);
    put(node, nodeName, overlay, overlayName);
    return new Taken(node, overlay, false);
  }

  private void checkFree(BlockNode node, String nodeName) throws BlockException {
    BlockNode above = node.overlay();
    if (above != null) {
      throw new BlockException(
          Errno.EBUSY,
          "Node '" + nodeName + "' is busy: node is used as backing hd of '" + above.name() + "'");
    }
    monitor.jobs().checkIdle(node);
  }

  private static void put(BlockNode node, String nodeName, BlockNode overlay, String overlayName)
      throws BlockException {
    // Who only writes to it, as a mirror does, does not mind what is read where nothing is written.
    if (overlay.isRead()) {
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

  /** What is below the overlay now is not written any more, as far as others allow that. */
  void freeze(Taken taken) {
    BlockNode node = taken.node;
    if (node.copyOnRead()) {
      return; // what it reads is written into it
    }
    try {
      monitor.graph().makeWritable(node, false);
    } catch (BlockException e) {
      // Somebody else still writes there. The snapshot is taken, and stays as long as that one
      // leaves it alone: no matter for whoever took it, and no failure of theirs.
    }
  }

  /** Takes it away again; a file that was made stays. */
  void undo(Taken taken) throws BlockException {
    BlockNode overlay = taken.overlay;
    if (monitor.graph().find(overlay.name()) != overlay) {
      return; // nobody used it
    }
    ChainEdit.takeOverlay(taken.node, overlay);
    if (taken.made) {
      monitor.graph().close(overlay);
    }
  }
}
