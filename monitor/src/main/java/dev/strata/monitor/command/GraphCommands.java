// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.command;

import static dev.strata.monitor.command.Monitor.required;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.driver.Permission;
import dev.strata.block.driver.Permissions;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.Edge;
import dev.strata.block.job.Job;
import dev.strata.block.json.JsonArray;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonValue;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * How nodes hang together.
 *
 * @see "QEMU qapi/block-core.json, x-blockdev-change and x-debug-query-block-graph"
 */
final class GraphCommands {
  private final Monitor monitor;

  private GraphCommands(Monitor monitor) {
    this.monitor = monitor;
  }

  static void contribute(Monitor monitor) {
    var own = new GraphCommands(monitor);
    monitor.commands().add("x-blockdev-change", own::change);
    monitor.commands().add("x-debug-query-block-graph", arguments -> new Drawing().of(monitor));
  }

  private JsonValue change(JsonObject arguments) throws BlockException {
    String parentName = required(arguments, "parent");
    BlockNode parent = monitor.node(parentName, parentName);
    String child = arguments.string("child");
    String nodeName = arguments.string("node");
    if (child != null && nodeName != null) {
      throw JobArguments.invalid("The parameters child and node are in conflict");
    }
    if (child != null) {
      monitor.graph().removeChild(parent, child);
      return new JsonObject();
    }
    if (nodeName == null) {
      throw JobArguments.invalid("Either child or node must be specified");
    }
    BlockNode node = monitor.graph().find(nodeName);
    if (node == null) {
      throw new BlockException(Errno.ENODEV, "Node '" + nodeName + "' not found");
    }
    monitor.graph().addChild(parent, node);
    return new JsonObject();
  }

  /** A graph being described: numbered and listed in the reference's order. */
  private static final class Drawing {
    private final Map<Object, Integer> numbers = new IdentityHashMap<>();
    private final List<JsonObject> nodes = new ArrayList<>();
    private final List<JsonObject> edges = new ArrayList<>();

    JsonObject of(Monitor monitor) {
      for (BlockBackend backend : monitor.graph().backends()) {
        node(backend, "block-backend", "");
        edge(backend, backend.node(), "root", backend.permissions());
      }
      for (Job job : monitor.jobs().all()) {
        node(job, "block-job", job.id());
      }
      for (BlockNode node : monitor.graph().nodes()) {
        node(node, "block-driver", node.name());
        for (Edge edge : node.edges().reversed()) {
          edge(node, edge.node(), edge.name(), edge.permissions());
        }
      }
      return new JsonObject()
          .put("nodes", new JsonArray(nodes.reversed()))
          .put("edges", new JsonArray(edges.reversed()));
    }

    private int number(Object part) {
      Integer known = numbers.get(part);
      if (known == null) {
        known = numbers.size() + 1;
        numbers.put(part, known);
      }
      return known;
    }

    private void node(Object part, String type, String name) {
      nodes.add(new JsonObject().put("id", number(part)).put("type", type).put("name", name));
    }

    private void edge(Object parent, Object child, String name, Permissions permissions) {
      edges.add(
          new JsonObject()
              .put("parent", number(parent))
              .put("child", number(child))
              .put("name", name)
              .put("perm", words(permissions.needed()))
              .put("shared-perm", words(permissions.shared())));
    }

    private static JsonArray words(Set<Permission> permissions) {
      var words = new JsonArray();
      for (Permission each : Permission.values()) {
        if (permissions.contains(each)) {
          words.add(each.name().toLowerCase(Locale.ROOT).replace('_', '-'));
        }
      }
      return new JsonArray(words.items().reversed());
    }
  }
}
