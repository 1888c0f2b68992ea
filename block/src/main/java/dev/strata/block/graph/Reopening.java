// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.graph;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.json.JsonValue;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.Option;
import java.util.ArrayDeque;
import java.util.List;

/**
 * Opens nodes in another way, all or none: what has been changed when something fails is changed
 * back. Nothing is in flight meanwhile.
 */
final class Reopening {
  /** One step back. */
  @FunctionalInterface
  private interface Step {
    void run() throws BlockException;
  }

  private final ArrayDeque<Step> back = new ArrayDeque<>();

  private Reopening() {}

  static void run(List<NodeChange> changes) throws BlockException {
    var reopening = new Reopening();
    try {
      for (NodeChange change : changes) {
        reopening.apply(change);
      }
    } catch (BlockException e) {
      reopening.rollBack(e);
      throw e;
    }
  }

  private void rollBack(BlockException reason) {
    while (!back.isEmpty()) {
      try {
        back.pop().run();
      } catch (BlockException e) {
        reason.addSuppressed(e);
      }
    }
  }

  private void apply(NodeChange change) throws BlockException {
    BlockNode node = change.node();
    NodeFlags old = node.flags();
    NodeFlags wanted = change.flags();
    if (!node.driver().reopens()) {
      throw new BlockException(
          Errno.EOPNOTSUPP,
          "Block format '"
              + node.driverName()
              + "' used by node '"
              + node.name()
              + "' does not support reopening files");
    }
    if (change.anew()) {
      requireResettable(node, change.options());
    }
    if (old.writable() && !wanted.writable()) {
      node.requests().flush();
    }
    // Who becomes writable needs writable files first.
    if (wanted.writable()) {
      applyToChildren(node, wanted);
    }
    applyToNode(node, old, change);
    if (!wanted.writable()) {
      applyToChildren(node, wanted);
    }
  }

  private void applyToChildren(BlockNode node, NodeFlags wanted) throws BlockException {
    for (Edge edge : node.edges()) {
      BlockNode child = edge.node();
      if (edge != node.backing() && !child.named()) {
        NodeFlags flags =
            child
                .flags()
                .withWritable(child.keepsWritable() ? child.flags().writable() : wanted.writable())
                .withCache(wanted.direct(), wanted.noFlush())
                .withForceShare(wanted.forceShare());
        apply(NodeChange.of(child, flags));
      }
    }
  }

  private void applyToNode(BlockNode node, NodeFlags old, NodeChange change) throws BlockException {
    if (!change.flags().writable() && old.writable() && PermissionUpdate.isWritten(node)) {
      throw new BlockException(
          Errno.EINVAL,
          "Read-only block node '" + node.name() + "' cannot support read-write users");
    }
    NodeFlags before = node.driverFlags();
    DetectZeroes oldZeroes = node.detectZeroes();
    BlockOptions options = change.options().copy();
    // Pushed in the order opposite to that in which things are to go back.
    back.push(() -> {
      node.requests().refresh();
      PermissionUpdate.refresh(node);
    });
    back.push(() -> {
      node.flags(old);
      node.detectZeroes(oldZeroes);
    });
    node.flags(change.flags());
    node.detectZeroes(change.detectZeroes());
    BlockDriver.Undo undo =
        change.anew()
            ? node.driver().reopenAnew(node.driverFlags(), options)
            : node.driver().reopen(node.driverFlags(), options);
    back.push(() -> {
      undo.run();
      node.driver().reopen(before, new BlockOptions());
    });
    requireUnchanged(node, options);
    node.requests().refresh();
    PermissionUpdate.refresh(node);
  }

  /** What was said when the node was opened, and is not said again, has to be a matter of reset. */
  private static void requireResettable(BlockNode node, BlockOptions given) throws BlockException {
    List<String> resettable = node.factory().resettableOptions();
    for (Option<?> each : node.factory().openOptions()) {
      String name = each.name();
      if (node.options().has(name) && !given.has(name) && !resettable.contains(name)) {
        throw new BlockException(
            Errno.EINVAL, "Option '" + name + "' cannot be reset to its default value");
      }
    }
  }

  /** What the driver did not take has to say what is so already. */
  private static void requireUnchanged(BlockNode node, BlockOptions left) throws BlockException {
    for (String name : left.names()) {
      JsonValue now = node.options().get(name);
      if (now == null || !now.equals(left.get(name))) {
        throw new BlockException(Errno.EINVAL, "Cannot change the option '" + name + "'");
      }
    }
  }
}
