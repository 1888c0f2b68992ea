// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.graph;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.bitmap.DirtyBitmap;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.DriverKind;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.option.BlockOptions;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Leaves the images of nodes to another program, and takes them back. Nodes stay, with all that use
 * them; what formats have read is read again, for the other program may have changed it. The
 * graph's lock is held, and no request is in flight.
 */
final class Activation {
  private final NodeOpener opener;

  Activation(NodeOpener opener) {
    this.opener = opener;
  }

  /** Leaves all images, or none if one cannot be left. */
  void leave(Collection<BlockNode> nodes) throws BlockException {
    List<BlockNode> order = childrenFirst(nodes).reversed();
    for (BlockNode node : order) {
      requireMovable(node);
    }
    var left = new ArrayList<BlockNode>();
    try {
      for (BlockNode node : order) {
        if (!node.flags().inactive()) {
          leave(node);
          left.add(node);
        }
      }
    } catch (BlockException e) {
      for (BlockNode node : left.reversed()) {
        try {
          take(node);
        } catch (BlockException again) {
          e.addSuppressed(again);
        }
      }
      throw e;
    }
  }

  /** What changes by itself while it is open cannot be gone on with elsewhere. */
  private static void requireMovable(BlockNode node) throws BlockException {
    if (node.flags().writesNow() && node.kind() != DriverKind.FILTER && !node.driver().reopens()) {
      throw new BlockException(
          Errno.EOPNOTSUPP,
          "The "
              + node.driverName()
              + " format used by node '"
              + node.deviceOrName()
              + "' does not support live migration");
    }
  }

  private static void leave(BlockNode node) throws BlockException {
    NodeFlags before = node.flags();
    node.requests().flush();
    node.flags(before.withInactive(true));
    boolean settled = false;
    try {
      if (node.kind() == DriverKind.FORMAT && before.writable()) {
        node.driver().reopen(node.driverFlags(), new BlockOptions()); // nothing is left to write
      }
      settled = true;
    } finally {
      if (!settled) {
        node.flags(before);
      }
    }
    for (DirtyBitmap bitmap : node.bitmaps().all()) {
      if (bitmap.persistent()) { // they are the image's, and come back with it
        node.bitmaps().remove(bitmap);
      }
    }
    PermissionUpdate.refresh(node);
  }

  /**
   * Takes images back, those first that others stand on.
   *
   * @throws BlockException if one cannot be had; then none is taken, for what was read of one may
   *     be outdated when the others are to be had
   */
  void take(Collection<BlockNode> nodes) throws BlockException {
    var taken = new ArrayList<BlockNode>();
    try {
      for (BlockNode node : childrenFirst(nodes)) {
        if (node.flags().inactive()) {
          take(node);
          taken.add(node);
        }
      }
    } catch (BlockException e) {
      for (BlockNode node : taken.reversed()) {
        try {
          leave(node);
        } catch (BlockException again) {
          e.addSuppressed(again);
        }
      }
      throw e;
    }
  }

  private void take(BlockNode node) throws BlockException {
    NodeFlags before = node.flags();
    node.flags(before.withInactive(false));
    boolean taken = false;
    try {
      PermissionUpdate.refresh(node);
      if (node.kind() == DriverKind.FORMAT) {
        openAgain(node);
      } else {
        node.driver().forget();
        node.requests().refresh();
      }
      taken = true;
    } finally {
      if (!taken) {
        node.flags(before);
        PermissionUpdate.refresh(node); // asks for less than what was had: nothing that can fail
      }
    }
  }

  private void openAgain(BlockNode node) throws BlockException {
    BlockDriver old = node.driver();
    var kept = new ArrayList<DirtyBitmap>();
    for (DirtyBitmap bitmap : node.bitmaps().all()) {
      if (bitmap.persistent()) {
        kept.add(bitmap);
        node.bitmaps().remove(bitmap);
      }
    }
    boolean opened = false;
    try {
      opener.openAgain(node);
      opened = true;
    } finally {
      if (!opened) {
        kept.forEach(node.bitmaps()::add);
      }
    }
    old.close();
    PermissionUpdate.refresh(node);
    for (DirtyBitmap bitmap : node.bitmaps().all()) {
      if (!bitmap.persistent() && bitmap.length() != node.length()) {
        bitmap.resize(node.length());
      }
    }
  }

  /** Those of nodes, and of what they stand on, that are not active. */
  List<BlockNode> inactive(Collection<BlockNode> nodes) {
    List<BlockNode> all = childrenFirst(nodes);
    all.removeIf(node -> !node.flags().inactive());
    return all;
  }

  private static List<BlockNode> childrenFirst(Collection<BlockNode> nodes) {
    Set<BlockNode> order = new LinkedHashSet<>();
    for (BlockNode node : nodes) {
      addAfterChildren(node, order);
    }
    return new ArrayList<>(order);
  }

  /** Goes down as far as the opener does. */
  private static void addAfterChildren(BlockNode node, Set<BlockNode> order) {
    if (!order.contains(node)) {
      for (Edge edge : node.edges()) {
        addAfterChildren(edge.node(), order);
      }
      order.add(node);
    }
  }
}
