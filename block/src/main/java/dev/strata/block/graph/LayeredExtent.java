// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.graph;

import dev.strata.block.Extent;

/**
 * A run of bytes and the layer of a backing chain that determines it.
 *
 * @param extent the run, as the top layer numbers bytes; not {@code allocated} if no layer above
 *     the base holds it
 * @param depth how many backing files below the top layer it was found, 0 for the top; where no
 *     layer holds the bytes, the depth of the last one asked
 */
public record LayeredExtent(Extent extent, int depth) {}
