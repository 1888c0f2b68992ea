// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.graph;

import dev.strata.block.BlockException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Set;

/** Gives the users of one node another one, without their noticing. */
final class UserMove {
  private UserMove() {}

  /**
   * Moves all users but those that are below {@code to}, which would go in a circle.
   *
   * @throws BlockException if the other node does not allow what they do; they then stay
   */
  static void run(BlockNode from, BlockNode to) throws BlockException {
    var below = new HashSet<BlockNode>();
    collect(to, below);
    var moved = new ArrayList<NodeUser>();
    for (NodeUser user : from.users()) {
      if (!(user instanceof Edge edge && below.contains(edge.parent()))) {
        moved.add(user);
      }
    }
    for (NodeUser user : moved) {
      move(user, from, to);
    }
    try {
      if (!below.contains(from)) {
        // A filter that nobody goes through any more asks nothing of what is below.
        PermissionUpdate.refresh(from);
      }
      PermissionUpdate.refresh(to);
    } catch (BlockException e) {
      for (NodeUser user : moved) {
        move(user, to, from);
      }
      PermissionUpdate.refresh(from);
      throw e;
    }
  }

  /**
   * Moves that one.
   *
   * @throws BlockException if the other node does not allow what it does; it then stays
   */
  static void one(NodeUser user, BlockNode to) throws BlockException {
    BlockNode from = user.node();
    move(user, from, to);
    try {
      PermissionUpdate.refresh(from);
      PermissionUpdate.refresh(to);
      if (user instanceof Edge edge) {
        PermissionUpdate.refresh(edge.parent());
      }
    } catch (BlockException e) {
      move(user, to, from);
      PermissionUpdate.refresh(to);
      PermissionUpdate.refresh(from);
      throw e;
    }
  }

  private static void collect(BlockNode node, Set<BlockNode> found) {
    if (found.add(node)) {
      for (Edge edge : node.edges()) {
        collect(edge.node(), found);
      }
    }
  }

  /** Moves one user; the caller brings the permissions in line. */
  static void move(NodeUser user, BlockNode from, BlockNode to) {
    from.users().remove(user);
    to.users().add(user);
    switch (user) {
      case Edge edge -> edge.node(to);
      case BlockBackend backend -> backend.node(to);
    }
  }
}
