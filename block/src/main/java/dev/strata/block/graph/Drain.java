// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.graph;

import dev.strata.block.driver.BlockDriver;
import dev.strata.block.throttle.ThrottleMember;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** While it is open, nothing between a user and the bottom of the graph holds requests back. */
final class Drain implements AutoCloseable {
  private final @Nullable ThrottleMember throttle;
  private final List<BlockDriver> drivers = new ArrayList<>();

  /**
   * Begins to let requests through.
   *
   * @param throttle of the user, or null
   * @param node that the user uses
   */
  Drain(@Nullable ThrottleMember throttle, BlockNode node) {
    this.throttle = throttle;
    collect(node);
    if (throttle != null) {
      throttle.drain();
    }
    for (BlockDriver driver : drivers) {
      driver.drain();
    }
  }

  private void collect(BlockNode node) {
    if (node.isOpen() && !drivers.contains(node.driver())) {
      drivers.add(node.driver());
      for (Edge edge : node.edges()) {
        collect(edge.node());
      }
    }
  }

  @Override
  public void close() {
    for (BlockDriver driver : drivers) {
      driver.resume();
    }
    if (throttle != null) {
      throttle.resume();
    }
  }
}
