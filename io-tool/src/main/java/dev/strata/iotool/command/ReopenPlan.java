// SPDX-License-Identifier: Apache-2.0
package dev.strata.iotool.command;

import dev.strata.block.BlockException;
import dev.strata.block.EdgeRole;
import dev.strata.block.Errno;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.DetectZeroes;
import dev.strata.block.graph.Edge;
import dev.strata.block.graph.NodeChange;
import dev.strata.block.option.BlockOptions;
import java.util.ArrayList;
import java.util.List;

/**
 * What reopening a node with options for it and its children changes, with the words of the
 * reference for what cannot be. Options of a child have its name in front: {@code
 * backing.cache-size}.
 */
final class ReopenPlan {
  private final List<NodeChange> changes = new ArrayList<>();

  private ReopenPlan() {}

  /**
   * Plans for {@code node}.
   *
   * @param flags of the node itself; a child's follow unless its own options say otherwise
   */
  static List<NodeChange> of(BlockNode node, NodeFlags flags, BlockOptions options)
      throws BlockException {
    var plan = new ReopenPlan();
    plan.add(node, flags, options, true);
    return plan.changes;
  }

  private void add(BlockNode node, NodeFlags flags, BlockOptions options, boolean top)
      throws BlockException {
    options.takeUnchanged("driver", node.driverName());
    options.takeUnchanged("node-name", node.name());
    requireSameForceShare(node, options);
    for (Edge edge : node.edges()) {
      BlockOptions section = options.section(edge.name());
      if (!section.isEmpty()) {
        add(edge.node(), edge.node().flags(), section, false);
      }
      requireSameChild(edge, options);
    }
    NodeFlags wanted = takeFlags(options, flags);
    DetectZeroes zeroes = takeDetectZeroes(node, wanted, options);
    if (top
        || !wanted.equals(node.flags())
        || zeroes != node.detectZeroes()
        || !options.isEmpty()) {
      changes.add(new NodeChange(node, wanted, zeroes, options));
    }
  }

  private static void requireSameChild(Edge edge, BlockOptions options) throws BlockException {
    String name = options.string(edge.name());
    if (name == null) {
      return;
    }
    if (edge.node().graph().find(name) == null && edge.role() == EdgeRole.BACKING) {
      throw new BlockException(Errno.ENODEV, "Cannot find device='' nor node-name='" + name + "'");
    }
    options.takeUnchanged(edge.name(), edge.node().name());
  }

  private static DetectZeroes takeDetectZeroes(
      BlockNode node, NodeFlags flags, BlockOptions options) throws BlockException {
    String word = options.takeString("detect-zeroes");
    return word == null ? node.detectZeroes() : DetectZeroes.of(word, flags);
  }

  private static void requireSameForceShare(BlockNode node, BlockOptions options)
      throws BlockException {
    Boolean share = options.takeBool("force-share");
    if (share != null && !(share && node.flags().forceShare())) {
      throw BlockOptions.cannotChange("force-share");
    }
  }

  private static NodeFlags takeFlags(BlockOptions options, NodeFlags flags) throws BlockException {
    NodeFlags wanted = flags;
    wanted = wanted.withWritable(!take(options, "read-only", !wanted.writable()));
    wanted = wanted.withAutoReadOnly(take(options, "auto-read-only", wanted.autoReadOnly()));
    boolean direct = take(options, "cache.direct", wanted.direct());
    wanted = wanted.withCache(direct, take(options, "cache.no-flush", wanted.noFlush()));
    String discard = options.takeString("discard");
    if (discard == null) {
      return wanted;
    }
    return wanted.withUnmap(
        switch (discard) {
          case "unmap", "on" -> true;
          case "ignore", "off" -> false;
          default -> throw new BlockException(Errno.EINVAL, "Invalid discard option");
        });
  }

  private static boolean take(BlockOptions options, String name, boolean otherwise)
      throws BlockException {
    Boolean value = options.takeBool(name);
    return value == null ? otherwise : value;
  }
}
