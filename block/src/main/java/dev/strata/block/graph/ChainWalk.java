// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.graph;

import dev.strata.block.BlockException;
import dev.strata.block.Extent;
import dev.strata.block.StatusDetail;
import java.util.ArrayList;
import org.jspecify.annotations.Nullable;

/**
 * The status of a backing chain, asked from front to back. What a layer answered is remembered, so
 * that each is asked once for each of its runs, however the layers above it cut them.
 *
 * <p>For content that nobody changes meanwhile. Not thread-safe.
 */
public final class ChainWalk {
  private final BlockNode top;
  private final @Nullable RequestGate gate;
  private final StatusDetail detail;
  private final Layer[] layers; // the top first; filters left out

  /**
   * A walk over an image and the backing files below it.
   *
   * @param base the first layer that is not asked, or null to ask the whole chain
   */
  public ChainWalk(BlockBackend top, @Nullable BlockNode base, StatusDetail detail) {
    this(top.node(), top.gate(), base, detail);
  }

  private ChainWalk(
      BlockNode top, @Nullable RequestGate gate, @Nullable BlockNode base, StatusDetail detail) {
    this.top = top;
    this.gate = gate;
    this.detail = detail;
    BlockNode stop = base == null ? null : base.skipFilters();
    var found = new ArrayList<Layer>();
    BlockNode node = top.skipFilters();
    while (true) {
      found.add(new Layer(node));
      Edge backing = node.backing();
      if (backing == null || backing.node().skipFilters() == stop) {
        break;
      }
      node = backing.node().skipFilters();
    }
    this.layers = found.toArray(new Layer[0]);
  }

  /**
   * A walk by somebody who is {@link BlockBackend#inside} a gate above {@code top}, or for whom all
   * is quiesced; for as long as that lasts.
   */
  public static ChainWalk within(BlockNode top, @Nullable BlockNode base, StatusDetail detail) {
    return new ChainWalk(top, null, base, detail);
  }

  private void enter() {
    if (gate != null) {
      gate.enter();
    }
  }

  private void leave() {
    if (gate != null) {
      gate.leave();
    }
  }

  private final class Layer {
    private final BlockNode node;
    private @Nullable Extent last;

    Layer(BlockNode node) {
      this.node = node;
    }

    /**
     * The run at {@code offset}, at most {@code wanted} bytes.
     *
     * @param length how many bytes to ask for, if that must be
     */
    Extent status(long offset, long length, long wanted) throws BlockException {
      Extent known = last;
      if (known == null || offset < known.offset() || offset >= known.offset() + known.length()) {
        known = node.requests().status(offset, length, detail);
        last = known;
      }
      return known.part(offset, wanted);
    }
  }

  /** The layer that is so many backing files below the top one. */
  public BlockNode layer(int depth) {
    return layers[depth].node;
  }

  /**
   * The first run of a range, and the first layer that determines it.
   *
   * @param length at least 1 byte, within the image
   */
  public LayeredExtent at(long offset, long length) throws BlockException {
    enter();
    try {
      Extent extent = layers[0].status(offset, length, length);
      int depth = 0;
      while (!extent.allocated() && depth + 1 < layers.length) {
        Layer layer = layers[++depth];
        long left = layer.node.length() - offset;
        if (left <= 0) {
          // A short backing file: the bytes behind its end are zeroes that this layer determines.
          return new LayeredExtent(shortBacking(extent), depth);
        }
        extent = layer.status(offset, Math.min(length, left), Math.min(extent.length(), left));
      }
      boolean end = extent.offset() + extent.length() == top.length();
      return new LayeredExtent(end ? extent.asEnd() : extent.asInside(), depth);
    } finally {
      leave();
    }
  }

  /**
   * The first run of a range, and the first layer that knows it to be data or zeroes; a layer does
   * of what no layer below it can hold.
   *
   * @param length at least 1 byte, within the image
   */
  public LayeredExtent known(long offset, long length) throws BlockException {
    enter();
    try {
      Extent extent = layers[0].status(offset, length, length);
      int depth = 0;
      while (!extent.zero() && !extent.data() && depth + 1 < layers.length) {
        long left = layers[depth + 1].node.length() - offset;
        if (left <= 0) {
          // The layer above would say so if it were asked from here on.
          extent = extent.asZero();
          break;
        }
        extent = layers[++depth].status(offset, length, Math.min(extent.length(), left));
      }
      return new LayeredExtent(extent, depth);
    } finally {
      leave();
    }
  }

  private static Extent shortBacking(Extent extent) {
    return new Extent(
        extent.offset(), extent.length(), false, true, true, false, null, -1, extent.end());
  }
}
