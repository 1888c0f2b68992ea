// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.job.commit;

import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.Edge;
import dev.strata.block.job.OnError;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is to be moved where.
 *
 * @param root the disk's highest layer, or a filter over it, which the job keeps others from too
 * @param top the highest layer whose data goes down
 * @param base the layer that takes it, below {@code top}
 * @param backingFile how overlays are to name the base, or null to choose
 * @param onError what a request that fails comes to
 * @param filterName what the filter over the top is called, or null
 */
public record CommitPlan(
    BlockNode root,
    BlockNode top,
    BlockNode base,
    @Nullable String backingFile,
    OnError onError,
    @Nullable String filterName) {

  /** The top, the base and all between them, in that order. */
  public List<BlockNode> layers() {
    var found = new ArrayList<>(between());
    found.addFirst(top);
    found.addLast(base);
    return found;
  }

  /** All that no other job may work with. */
  public List<BlockNode> held() {
    List<BlockNode> held = layers();
    if (!held.contains(root)) {
      held.addFirst(root);
    }
    return held;
  }

  /** All between them. */
  List<BlockNode> between() {
    var found = new ArrayList<BlockNode>();
    for (Edge edge = top.skipFilters().backing();
        edge != null && edge.node().skipFilters() != base;
        edge = edge.node().skipFilters().backing()) {
      found.add(edge.node().skipFilters());
    }
    return found;
  }
}
