// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.command;

import static dev.strata.monitor.command.Monitor.flag;
import static dev.strata.monitor.command.Monitor.required;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.Preallocation;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.driver.Permission;
import dev.strata.block.driver.Permissions;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockGraph;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.OpenGate;
import dev.strata.block.graph.OpenRequest;
import dev.strata.block.json.JsonArray;
import dev.strata.block.json.JsonNumber;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonValue;
import dev.strata.block.object.ObjectProperties;
import dev.strata.block.option.BlockOptions;
import java.util.EnumSet;

/** Nodes and objects: what they are made of, and what there are. */
final class BlockCommands {
  private static final NodeFlags FLAGS = NodeFlags.READ_ONLY.withWritable(true);

  private final Monitor monitor;

  private BlockCommands(Monitor monitor) {
    this.monitor = monitor;
  }

  static void contribute(Monitor monitor) {
    var own = new BlockCommands(monitor);
    monitor.commands().add("blockdev-add", own::add);
    monitor.commands().add("blockdev-del", own::delete);
    monitor.commands().add("query-named-block-nodes", own::nodes);
    monitor.commands().add("block_resize", own::resize);
    monitor.commands().addUnchecked("object-add", own::addObject);
    monitor.commands().add("object-del", own::deleteObject);
  }

  private JsonValue add(JsonObject arguments) throws BlockException {
    if (!arguments.has("node-name")) {
      throw new BlockException(Errno.EINVAL, "'node-name' must be specified for the root node");
    }
    BlockOptions options = BlockOptions.of(arguments);
    BlockGraph graph = monitor.graph();
    NodeFlags flags = FLAGS.withInactive(graph.opensInactive());
    BlockNode node =
        graph.open(new OpenRequest(null, options, flags, false, false, OpenGate.AS_QEMU));
    node.keep(true);
    return new JsonObject();
  }

  private JsonValue delete(JsonObject arguments) throws BlockException {
    String name = required(arguments, "node-name");
    BlockNode node = monitor.graph().find(name);
    if (node == null) {
      throw new BlockException(Errno.ENOENT, "Failed to find node with node-name='" + name + "'");
    }
    if (node.usedByBackend()) {
      throw new BlockException(Errno.EBUSY, "Node " + name + " is in use");
    }
    monitor.jobs().checkIdle(node);
    BlockNode overlay = node.overlay();
    if (overlay != null) {
      throw new BlockException(
          Errno.EBUSY,
          "Node '" + name + "' is busy: node is used as backing hd of '" + overlay.name() + "'");
    }
    if (!node.named() || !node.kept()) {
      throw new BlockException(Errno.EPERM, "Node " + name + " is not owned by the monitor");
    }
    if (node.usedByNode()) {
      throw new BlockException(Errno.EBUSY, "Block device " + name + " is in use");
    }
    monitor.graph().close(node);
    return new JsonObject();
  }

  private JsonValue nodes(JsonObject arguments) throws BlockException {
    boolean flat = flag(arguments, "flat", false);
    var nodes = new JsonArray();
    for (BlockNode node : monitor.graph().nodes().reversed()) {
      nodes.add(NodeDescription.of(node, flat));
    }
    return nodes;
  }

  private JsonValue resize(JsonObject arguments) throws BlockException {
    BlockNode node = monitor.node(arguments.string("device"), arguments.string("node-name"));
    if (!(arguments.get("size") instanceof JsonNumber size) || size.bits() < 0) {
      throw new BlockException(Errno.EINVAL, "Parameter 'size' expects a >0 size");
    }
    var permissions =
        new Permissions(EnumSet.of(Permission.RESIZE), EnumSet.allOf(Permission.class));
    try (BlockBackend disk = monitor.graph().use(node, "", permissions)) {
      disk.truncate(size.bits(), false, Preallocation.OFF, 0);
    }
    monitor.drives().tellResized(node);
    return new JsonObject();
  }

  private JsonValue addObject(JsonObject arguments) throws BlockException {
    monitor.graph().objects().define(ObjectProperties.of(arguments));
    return new JsonObject();
  }

  private JsonValue deleteObject(JsonObject arguments) throws BlockException {
    monitor.graph().objects().remove(required(arguments, "id"));
    return new JsonObject();
  }
}
