// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.job;

import dev.strata.block.BlockException;
import dev.strata.block.driver.Permission;
import dev.strata.block.driver.Permissions;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockNode;
import java.util.EnumSet;

/**
 * Keeps others from reading a layer whose backing file is being written: it shows neither the old
 * content nor the new.
 */
public final class LayerHold {
  private LayerHold() {}

  /**
   * Keeps them from it until the hold is closed.
   *
   * @throws BlockException if somebody reads it
   */
  public static BlockBackend of(BlockNode layer) throws BlockException {
    var shared = EnumSet.allOf(Permission.class);
    shared.remove(Permission.CONSISTENT_READ);
    return layer.graph().use(layer, "", new Permissions(EnumSet.noneOf(Permission.class), shared));
  }
}
