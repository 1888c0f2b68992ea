// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.graph;

import dev.strata.block.BlockException;
import dev.strata.block.EdgeRole;
import dev.strata.block.Errno;
import dev.strata.block.driver.Permission;
import dev.strata.block.driver.Permissions;
import java.util.ArrayDeque;
import java.util.EnumSet;
import java.util.Set;

/**
 * Carries a change of permissions down the graph: each node passes on to its children what its
 * users do, as the child's role asks. All or nothing.
 */
final class PermissionUpdate {
  private record Undo(NodeUser user, Permissions permissions) {}

  private final ArrayDeque<Undo> done = new ArrayDeque<>();
  private final ArrayDeque<BlockNode> told = new ArrayDeque<>();

  private PermissionUpdate() {}

  /** Brings {@code node} and all below in line with what its users hold. */
  static void refresh(BlockNode node) throws BlockException {
    var update = new PermissionUpdate();
    try {
      update.visit(node);
    } catch (BlockException e) {
      update.rollBack(e);
      throw e;
    }
  }

  /** Gives {@code user} those permissions on {@code node}. */
  static void change(BlockNode node, NodeUser user, Permissions wanted) throws BlockException {
    var update = new PermissionUpdate();
    try {
      update.set(user, wanted);
      update.visit(node);
    } catch (BlockException e) {
      update.rollBack(e);
      throw e;
    }
  }

  private void set(NodeUser user, Permissions wanted) {
    done.push(new Undo(user, user.permissions()));
    user.permissions(wanted);
  }

  private void rollBack(BlockException reason) {
    while (!done.isEmpty()) {
      Undo undo = done.pop();
      undo.user().permissions(undo.permissions());
    }
    for (BlockNode node : told) {
      try {
        node.driver().permissions(ofAllUsers(node));
      } catch (BlockException e) {
        reason.addSuppressed(e);
      }
    }
  }

  private void visit(BlockNode node) throws BlockException {
    if (!node.flags().inactive()) {
      checkConflicts(node);
    }
    Permissions all = ofAllUsers(node);
    if (all.writes() && !node.flags().writable()) {
      throw new BlockException(Errno.EPERM, "Block node is read-only");
    }
    if (node.isOpen()) {
      checkSize(node, all);
      told.push(node);
      node.driver().permissions(all);
    }
    for (Edge edge : node.edges()) {
      Permissions wanted = ofEdge(node, edge.role(), all);
      if (node.isOpen()) {
        wanted = node.driver().childPermissions(edge, wanted);
      }
      if (!wanted.equals(edge.permissions())) {
        set(edge, wanted);
        visit(edge.node());
      }
    }
  }

  /** A write into a last block that is not whole would write beyond the end. */
  private static void checkSize(BlockNode node, Permissions all) throws BlockException {
    if (all.writes()
        && !all.needed().contains(Permission.RESIZE)
        && node.length() % node.requests().limits().requestAlignment() != 0) {
      throw new BlockException(
          Errno.EPERM,
          "Cannot get 'write' permission without 'resize': Image size is not a multiple of request"
              + " alignment");
    }
  }

  /** Whether one of a node's users writes. */
  static boolean isWritten(BlockNode node) {
    return ofAllUsers(node).writes();
  }

  /** What all users of a node do, and what all of them allow. */
  static Permissions ofAllUsers(BlockNode node) {
    Set<Permission> needed = EnumSet.noneOf(Permission.class);
    Set<Permission> shared = EnumSet.allOf(Permission.class);
    for (NodeUser user : node.users()) {
      needed.addAll(user.permissions().needed());
      shared.retainAll(user.permissions().shared());
    }
    if (node.flags().inactive()) { // what they may do is another program's meanwhile
      needed.retainAll(EnumSet.of(Permission.CONSISTENT_READ));
      shared.addAll(EnumSet.allOf(Permission.class));
    }
    return new Permissions(needed, shared);
  }

  /** What a node does with a child, given what is done with the node. */
  private static Permissions ofEdge(BlockNode node, EdgeRole role, Permissions users) {
    Set<Permission> needed = EnumSet.noneOf(Permission.class);
    needed.addAll(users.needed());
    Set<Permission> shared = EnumSet.noneOf(Permission.class);
    shared.addAll(users.shared());
    shared.add(Permission.WRITE_UNCHANGED);
    switch (role) {
      case FILTERED -> {}
      case IMAGE, METADATA -> {
        // A format may change its metadata whatever the guest does, and nobody else may: it would
        // not notice.
        if (node.flags().writesNow()) {
          needed.add(Permission.WRITE);
          needed.add(Permission.RESIZE);
        }
        if (!node.flags().noIo()) {
          needed.add(Permission.CONSISTENT_READ);
        }
        shared.remove(Permission.WRITE);
        shared.remove(Permission.RESIZE);
      }
      case DATA -> {
        if (needed.contains(Permission.WRITE)) {
          needed.add(Permission.RESIZE);
        }
        if (!node.flags().noIo()) {
          needed.add(Permission.CONSISTENT_READ);
        }
        shared.remove(Permission.RESIZE);
      }
      case BACKING -> {
        needed.retainAll(EnumSet.of(Permission.CONSISTENT_READ));
        boolean writable = shared.contains(Permission.WRITE);
        shared.clear();
        if (writable) {
          shared.add(Permission.WRITE);
          shared.add(Permission.RESIZE);
        }
        shared.add(Permission.CONSISTENT_READ);
        shared.add(Permission.WRITE_UNCHANGED);
      }
    }
    if (node.flags().forceShare() || node.flags().inactive()) {
      shared.addAll(EnumSet.allOf(Permission.class));
    }
    return new Permissions(needed, shared);
  }

  private static void checkConflicts(BlockNode node) throws BlockException {
    for (NodeUser a : node.users()) {
      for (NodeUser b : node.users()) {
        if (a == b) {
          continue;
        }
        Set<Permission> conflict = EnumSet.noneOf(Permission.class);
        conflict.addAll(a.permissions().needed());
        conflict.removeAll(b.permissions().shared());
        if (!conflict.isEmpty()) {
          throw new BlockException(Errno.EPERM, conflictMessage(node, a, b, conflict));
        }
      }
    }
  }

  private static String conflictMessage(
      BlockNode node, NodeUser a, NodeUser b, Set<Permission> conflict) {
    var words = new StringBuilder();
    for (Permission permission : conflict) {
      words.append(words.isEmpty() ? "" : ", ").append(permission.words());
    }
    return "Permission conflict on node '"
        + node.name()
        + "': permissions '"
        + words
        + "' are both required by "
        + use(node, a)
        + " and unshared by "
        + use(node, b)
        + ".";
  }

  private static String use(BlockNode node, NodeUser user) {
    return user.describe()
        + " (uses node '"
        + node.name()
        + "' as '"
        + user.edgeName()
        + "' child)";
  }
}
