// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.graph;

import dev.strata.block.BlockException;
import dev.strata.block.CopyOffload;
import dev.strata.block.Extent;
import dev.strata.block.StatusDetail;
import dev.strata.block.driver.DriverKind;
import org.jspecify.annotations.Nullable;

/**
 * Where in a host's file bytes of a node lie as they read.
 *
 * @param offset in the file, in bytes
 * @param length how many of the bytes lie there, at least 1
 */
record FilePlace(CopyOffload file, long offset, long length) {
  /**
   * Follows the bytes at {@code offset} down to their file; null if they do not lie in one as they
   * read, if somebody could move them meanwhile, or if a filter wants to see who reads.
   */
  static @Nullable FilePlace find(BlockNode node, long offset, long length) throws BlockException {
    while (!node.flags().writable()) {
      if (node.kind() == DriverKind.PROTOCOL) {
        return node.driver() instanceof CopyOffload file
            ? new FilePlace(file, offset, length)
            : null;
      }
      if (node.kind() == DriverKind.FILTER) {
        return null;
      }
      Extent extent = node.requests().status(offset, length, StatusDetail.ALLOCATION);
      length = extent.length();
      Edge below;
      if (extent.allocated()) {
        // A place further down than the next node is one that a filter in between has passed on.
        if (!extent.data()
            || !extent.hasPlace()
            || !(extent.file() instanceof Edge edge)
            || edge.parent() != node) {
          return null;
        }
        below = edge;
        offset = extent.fileOffset();
      } else {
        below = node.backing();
      }
      if (below == null || offset >= below.length()) {
        return null;
      }
      length = Math.min(length, below.length() - offset);
      node = below.node();
    }
    return null;
  }
}
