// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.job.commit;

import dev.strata.block.BlockException;
import dev.strata.block.Preallocation;
import dev.strata.block.RequestFlags;
import dev.strata.block.driver.Permission;
import dev.strata.block.driver.Permissions;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockGraph;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.Edge;
import java.util.EnumSet;

/** The layer that is committed to: writable for as long as that takes, and large enough. */
final class CommitTarget {
  private final BlockNode base;
  private final boolean wasWritable;

  private CommitTarget(BlockNode base, boolean wasWritable) {
    this.base = base;
    this.wasWritable = wasWritable;
  }

  /** Makes it writable. */
  static CommitTarget open(BlockNode base) throws BlockException {
    boolean wasWritable = base.flags().writable();
    if (!wasWritable) {
      base.graph().makeWritable(base, true);
    }
    return new CommitTarget(base, wasWritable);
  }

  /** Makes it read-only again if it was. */
  void restore() throws BlockException {
    if (!wasWritable) {
      base.graph().makeWritable(base, false);
    }
  }

  /**
   * Makes it as large as the top, if it is smaller. What is new reads as zeroes, as behind the end
   * of a short backing file.
   */
  void grow(long length) throws BlockException {
    long old = base.length();
    if (length <= old) {
      return;
    }
    Edge below = base.skipFilters().backing();
    boolean shinesThrough = below != null && below.node().length() > old;
    var resize = new Permissions(EnumSet.of(Permission.RESIZE), EnumSet.allOf(Permission.class));
    BlockGraph graph = base.graph();
    try (BlockBackend disk = graph.use(base, "", resize)) {
      disk.truncate(length, false, Preallocation.OFF, shinesThrough ? RequestFlags.ZERO_GROWN : 0);
    }
  }
}
