// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.job;

import dev.strata.block.BlockException;
import dev.strata.block.driver.Permission;
import dev.strata.block.driver.Permissions;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.JobPart;
import java.util.EnumSet;

/** Keeps others from what would get in the way of a job that has a layer in the middle. */
public final class LayerHold {
  private LayerHold() {}

  /**
   * Keeps them from reading it: its backing file is being written, and it shows neither the old
   * content nor the new.
   *
   * @param job of that type and id
   * @throws BlockException if somebody reads it
   */
  public static BlockBackend unread(BlockNode layer, String type, String job)
      throws BlockException {
    var shared = EnumSet.allOf(Permission.class);
    shared.remove(Permission.CONSISTENT_READ);
    return of(layer, type, job, shared);
  }

  /**
   * Keeps them from writing into it: what it holds is being copied.
   *
   * @param job of that type and id
   * @throws BlockException if somebody writes
   */
  public static BlockBackend unwritten(BlockNode layer, String type, String job)
      throws BlockException {
    return of(layer, type, job, EnumSet.of(Permission.CONSISTENT_READ, Permission.WRITE_UNCHANGED));
  }

  private static BlockBackend of(
      BlockNode layer, String type, String job, EnumSet<Permission> shared) throws BlockException {
    var part = new JobPart(type + " job '" + job + "'", "intermediate node");
    return layer
        .graph()
        .use(layer, part, new Permissions(EnumSet.noneOf(Permission.class), shared));
  }
}
