// SPDX-License-Identifier: Apache-2.0
package dev.strata.iotool.command;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.Edge;
import dev.strata.block.option.BlockOptions;
import java.util.ArrayList;
import java.util.List;

/**
 * Opens a node and its children in another way, with the words of the reference for what cannot be.
 * Options of a child have its name in front: {@code backing.cache-size}.
 */
final class Reopening {
  private record Change(BlockNode node, NodeFlags flags, BlockOptions options) {}

  private final List<Change> changes = new ArrayList<>();

  private Reopening() {}

  /**
   * Reopens {@code node}.
   *
   * @param flags of the node itself; a child's follow unless its own options say otherwise
   */
  static void change(BlockNode node, NodeFlags flags, BlockOptions options) throws BlockException {
    var reopening = new Reopening();
    // All that can be checked is, before anything changes.
    reopening.plan(node, flags, options, true);
    for (Change change : reopening.changes) {
      node.graph().reopen(change.node, change.flags, change.options);
      if (!change.options.isEmpty()) {
        throw cannotChange(change.options.names().iterator().next());
      }
    }
  }

  private void plan(BlockNode node, NodeFlags flags, BlockOptions options, boolean top)
      throws BlockException {
    requireSame(options, "driver", node.driverName());
    requireSame(options, "node-name", node.name());
    for (Edge edge : node.edges()) {
      BlockOptions section = options.section(edge.name());
      if (!section.isEmpty()) {
        plan(edge.node(), edge.node().flags(), section, false);
      }
    }
    NodeFlags wanted = takeFlags(options, flags);
    if (top || !wanted.equals(node.flags()) || !options.isEmpty()) {
      changes.add(new Change(node, wanted, options));
    }
  }

  private static NodeFlags takeFlags(BlockOptions options, NodeFlags flags) throws BlockException {
    NodeFlags wanted = flags;
    wanted = wanted.withWritable(!take(options, "read-only", !wanted.writable()));
    wanted = wanted.withAutoReadOnly(take(options, "auto-read-only", wanted.autoReadOnly()));
    boolean direct = take(options, "cache.direct", wanted.direct());
    wanted = wanted.withCache(direct, take(options, "cache.no-flush", wanted.noFlush()));
    wanted = wanted.withForceShare(take(options, "force-share", wanted.forceShare()));
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

  private static void requireSame(BlockOptions options, String name, String now)
      throws BlockException {
    String value = options.takeString(name);
    if (value != null && !value.equals(now)) {
      throw cannotChange(name);
    }
  }

  private static BlockException cannotChange(String option) {
    return new BlockException(Errno.EINVAL, "Cannot change the option '" + option + "'");
  }
}
