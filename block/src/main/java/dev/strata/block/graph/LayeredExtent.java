// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.graph;

import dev.strata.block.BlockException;
import dev.strata.block.Extent;
import dev.strata.block.StatusDetail;
import org.jspecify.annotations.Nullable;

/**
 * A run of bytes and the layer of a backing chain that determines it.
 *
 * @param extent the run, as the top layer numbers bytes; not {@code allocated} if no layer above
 *     the base holds it
 * @param depth how many backing files below the top layer it was found, 0 for the top; where no
 *     layer holds the bytes, the depth of the last one asked
 */
public record LayeredExtent(Extent extent, int depth) {
  /** Asks {@code top}, its backing file and so on, down to but not including {@code base}. */
  static LayeredExtent find(
      BlockNode top, @Nullable BlockNode base, long offset, long length, StatusDetail detail)
      throws BlockException {
    BlockNode node = top.skipFilters();
    BlockNode stop = base == null ? null : base.skipFilters();
    Extent extent = node.requests().status(offset, length, detail);
    int depth = 0;
    while (!extent.allocated()) {
      Edge backing = node.backing();
      if (backing == null || backing.node().skipFilters() == stop) {
        break;
      }
      node = backing.node().skipFilters();
      long run = extent.length();
      long left = node.length() - offset;
      depth++;
      if (left <= 0) {
        // A short backing file: the bytes behind its end are zeroes that this layer determines.
        return new LayeredExtent(shortBacking(extent), depth);
      }
      extent = node.requests().status(offset, Math.min(run, left), detail);
    }
    return new LayeredExtent(end(extent, top), depth);
  }

  private static Extent shortBacking(Extent extent) {
    return new Extent(
        extent.offset(), extent.length(), false, true, true, false, null, -1, extent.end());
  }

  private static Extent end(Extent extent, BlockNode top) {
    boolean end = extent.offset() + extent.length() == top.length();
    return end == extent.end()
        ? extent
        : new Extent(
            extent.offset(),
            extent.length(),
            extent.data(),
            extent.zero(),
            extent.allocated(),
            extent.compressed(),
            extent.file(),
            extent.fileOffset(),
            end);
  }
}
