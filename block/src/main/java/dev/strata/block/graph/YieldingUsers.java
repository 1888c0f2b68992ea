// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.graph;

import dev.strata.block.BlockException;
import dev.strata.block.driver.Permission;
import dev.strata.block.driver.Permissions;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Devices of a guest that is still to come, by what they will be allowed when it is there. Until
 * then they mind nothing, for others fill their disks. The graph's lock is held.
 */
final class YieldingUsers {
  private final Map<BlockBackend, Permissions> wanted = new LinkedHashMap<>();

  void add(BlockBackend user, Permissions permissions) {
    wanted.put(user, permissions);
  }

  /** What a user has that wants those permissions. */
  static Permissions meanwhile(Permissions permissions) {
    return new Permissions(permissions.needed(), EnumSet.allOf(Permission.class));
  }

  void remove(BlockBackend user) {
    wanted.remove(user);
  }

  /**
   * Gives each what it wants.
   *
   * @throws BlockException if others are in the way of some, which go on yielding
   */
  void settle() throws BlockException {
    BlockException failure = null;
    for (BlockBackend user : List.copyOf(wanted.keySet())) {
      failure = settle(user, wanted.get(user), failure);
    }
    if (failure != null) {
      throw failure;
    }
  }

  private @Nullable BlockException settle(
      BlockBackend user, @Nullable Permissions permissions, @Nullable BlockException before) {
    if (permissions == null) {
      return before;
    }
    try {
      PermissionUpdate.change(user.node(), user, permissions);
      wanted.remove(user);
      return before;
    } catch (BlockException e) {
      if (before == null) {
        return e;
      }
      before.addSuppressed(e);
      return before;
    }
  }
}
