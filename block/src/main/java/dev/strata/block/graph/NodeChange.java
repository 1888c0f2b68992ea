// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.graph;

import dev.strata.block.driver.NodeFlags;
import dev.strata.block.option.BlockOptions;

/**
 * Another way for a node to be open in.
 *
 * @param flags all of them, the unchanged too; unnamed files below follow
 * @param detectZeroes what becomes of writes of zeroes
 * @param options of the driver that change
 * @param anew whether the driver's other options become what they are if nothing is said of them;
 *     else they stay
 */
public record NodeChange(
    BlockNode node,
    NodeFlags flags,
    DetectZeroes detectZeroes,
    BlockOptions options,
    boolean anew) {

  /** A change of nothing but what is said. */
  public NodeChange(
      BlockNode node, NodeFlags flags, DetectZeroes detectZeroes, BlockOptions options) {
    this(node, flags, detectZeroes, options, false);
  }

  /** A change of flags alone. */
  public static NodeChange of(BlockNode node, NodeFlags flags) {
    return new NodeChange(node, flags, node.detectZeroes(), new BlockOptions());
  }
}
