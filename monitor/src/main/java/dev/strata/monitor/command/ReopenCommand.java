// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.command;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.graph.BlockGraph;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.DetectZeroes;
import dev.strata.block.graph.Edge;
import dev.strata.block.graph.NodeChange;
import dev.strata.block.json.JsonArray;
import dev.strata.block.json.JsonNull;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonValue;
import dev.strata.block.option.BlockOptions;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code blockdev-reopen}: nodes are open in another way, all of them or none. What the options do
 * not say is as if the node were opened anew; but for options that a driver cannot change, which
 * stay.
 *
 * @see "QEMU qapi/block-core.json, blockdev-reopen"
 */
final class ReopenCommand {
  /** Another backing file for an image, or none. */
  private record NewBacking(BlockNode image, @Nullable BlockNode backing) {}

  /** Another node in the place of one that an image is made of. */
  private record NewFile(Edge edge, BlockNode file) {}

  private final Monitor monitor;
  private final List<NodeChange> changes = new ArrayList<>();
  private final List<NewBacking> backings = new ArrayList<>();
  private final List<NewFile> files = new ArrayList<>();

  private ReopenCommand(Monitor monitor) {
    this.monitor = monitor;
  }

  static void contribute(Monitor monitor) {
    monitor
        .commands()
        .add("blockdev-reopen", arguments -> new ReopenCommand(monitor).run(arguments));
  }

  private JsonValue run(JsonObject arguments) throws BlockException {
    var all = new ArrayList<JsonObject>();
    if (arguments.get("options") instanceof JsonArray given) {
      for (JsonValue each : given) {
        if (each instanceof JsonObject node) {
          all.add(node);
        }
      }
    }
    for (JsonObject options : all) {
      plan(options);
    }
    carryOut();
    return new JsonObject();
  }

  private void plan(JsonObject given) throws BlockException {
    String name = given.string("node-name");
    if (name == null) {
      throw JobArguments.invalid("node-name not specified");
    }
    BlockNode node = monitor.graph().find(name);
    if (node == null) {
      throw new BlockException(Errno.ENOENT, "Failed to find node with node-name='" + name + "'");
    }
    planBacking(node, given);
    plan(node, BlockOptions.of(given));
  }

  private void plan(BlockNode node, BlockOptions options) throws BlockException {
    options.takeUnchanged("driver", node.driverName());
    options.takeUnchanged("node-name", node.name());
    options.remove("backing");
    for (Edge edge : node.edges()) {
      BlockOptions section = options.section(edge.name());
      if (edge == node.backing()) {
        continue;
      }
      if (!section.isEmpty()) {
        plan(edge.node(), section);
      }
      if (edge.name().equals("file")) {
        planFile(edge, options.takeName("file"));
      }
      options.takeUnchanged(edge.name(), edge.node().name());
    }
    NodeFlags flags = takeFlags(node, options);
    String zeroes = options.takeString("detect-zeroes");
    changes.add(
        new NodeChange(
            node,
            flags,
            zeroes == null ? DetectZeroes.OFF : DetectZeroes.of(zeroes, flags),
            options,
            true));
  }

  private void planFile(Edge edge, @Nullable String name) throws BlockException {
    if (name == null || name.equals(edge.node().name())) {
      return;
    }
    BlockNode parent = edge.parent();
    BlockNode file = monitor.node(null, name);
    if (file.standsOn(parent)) {
      throw JobArguments.invalid(
          "Making '"
              + file.name()
              + "' a file child of '"
              + parent.name()
              + "' would create a cycle");
    }
    requireIdle(parent, edge.node());
    files.add(new NewFile(edge, file));
  }

  private static NodeFlags takeFlags(BlockNode node, BlockOptions options) throws BlockException {
    if (take(options, "force-share") != node.flags().forceShare()) {
      throw BlockOptions.cannotChange("force-share");
    }
    return node.flags()
        .withWritable(!take(options, "read-only"))
        .withAutoReadOnly(take(options, "auto-read-only"))
        .withCache(take(options, "cache.direct"), take(options, "cache.no-flush"))
        .withUnmap("unmap".equals(options.takeString("discard")));
  }

  private static boolean take(BlockOptions options, String name) throws BlockException {
    Boolean value = options.takeBool(name);
    return value != null && value;
  }

  private void planBacking(BlockNode node, JsonObject given) throws BlockException {
    if (!node.supportsBacking()) {
      return;
    }
    Edge now = node.backing();
    JsonValue wanted = given.get("backing");
    if (wanted == null) {
      if (now != null) {
        throw JobArguments.invalid("backing is missing for '" + node.name() + "'");
      }
    } else if (wanted instanceof JsonNull) {
      if (now != null) {
        requireIdle(node, now.node());
        backings.add(new NewBacking(node, null));
      }
    } else if (wanted instanceof JsonObject) {
      throw JobArguments.unsupported("options of a backing file inside blockdev-reopen");
    } else {
      BlockNode backing = monitor.node(null, String.valueOf(given.string("backing")));
      if (now != null && now.node() == backing) {
        return;
      }
      if (backing.standsOn(node)) {
        throw JobArguments.invalid(
            "Making '"
                + backing.name()
                + "' a backing child of '"
                + node.name()
                + "' would create a cycle");
      }
      if (now != null) {
        requireIdle(node, now.node());
      }
      backings.add(new NewBacking(node, backing));
    }
  }

  /** A job that works on a chain counts on its layers. */
  private void requireIdle(BlockNode node, BlockNode backing) throws BlockException {
    monitor.jobs().checkIdle(node);
    monitor.jobs().checkIdle(backing);
  }

  private void carryOut() throws BlockException {
    BlockGraph graph = monitor.graph();
    var nodes = new ArrayList<BlockNode>();
    for (NodeChange change : changes) {
      nodes.add(change.node());
    }
    graph.quiesced(
        nodes,
        () -> {
          var done = new ArrayDeque<NewBacking>(); // as they were
          var moved = new ArrayDeque<NewFile>(); // as they were
          try {
            for (NewFile each : files) {
              var before = new NewFile(each.edge(), each.edge().node());
              graph.moveEdge(each.edge(), each.file());
              moved.push(before);
            }
            for (NewBacking each : backings) {
              Edge old = each.image().backing();
              BlockNode before = old == null ? null : old.node();
              graph.changeBacking(each.image(), each.backing());
              done.push(new NewBacking(each.image(), before));
            }
            graph.reopen(changes);
            for (NewFile before : moved) {
              graph.closeUnused(before.file());
            }
          } catch (BlockException e) {
            for (NewBacking before : done) {
              graph.changeBacking(before.image(), before.backing());
            }
            for (NewFile before : moved) {
              graph.moveEdge(before.edge(), before.file());
            }
            throw e;
          }
        });
  }
}
