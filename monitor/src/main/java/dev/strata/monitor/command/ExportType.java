// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.command;

import dev.strata.block.BlockException;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.json.JsonObject;

/** A way to serve nodes. */
@FunctionalInterface
public interface ExportType {
  /**
   * Starts serving a node.
   *
   * @param arguments as the schema has them, {@code id} among them
   * @param fromMonitor whether a client says it, who cannot know this process's descriptors
   */
  RunningExport start(BlockNode node, JsonObject arguments, boolean fromMonitor)
      throws BlockException;
}
