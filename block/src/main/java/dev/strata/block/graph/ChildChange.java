// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.graph;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.driver.ChildSet;

/** A child that comes to a node or goes from it, under the graph's lock. */
record ChildChange(BlockNode parent, ChildSet set) {
  /**
   * A change of a node's children.
   *
   * @param doing what is being done, for the message
   * @throws BlockException if the node's children stay as they are
   */
  static ChildChange to(BlockNode parent, String doing) throws BlockException {
    ChildSet set = parent.capability(ChildSet.class).orElse(null);
    if (set == null) {
      throw new BlockException(
          Errno.EOPNOTSUPP,
          "The node " + parent.name() + " does not support " + doing + " a child");
    }
    return new ChildChange(parent, set);
  }

  /**
   * The name of the edge to a node that is to come.
   *
   * @throws BlockException if it cannot
   */
  String nameFor(BlockNode child) throws BlockException {
    if (!child.users().isEmpty()) {
      throw new BlockException(Errno.EBUSY, "The node " + child.name() + " already has a parent");
    }
    String name = set.nameForChild();
    if (child.standsOn(parent)) {
      throw new BlockException(
          Errno.EINVAL,
          "Making '"
              + child.name()
              + "' a "
              + name
              + " child of '"
              + parent.name()
              + "' would create a cycle");
    }
    return name;
  }

  /** It has come; no request is in flight. */
  void added(Edge edge) throws BlockException {
    set.added(edge);
    parent.requests().refresh();
  }

  /** It goes; no request is in flight. */
  void remove(Edge edge) throws BlockException {
    set.remove(edge);
    parent.edges().remove(edge);
    edge.node().users().remove(edge);
    parent.requests().refresh();
  }
}
