// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.graph;

import java.util.function.LongConsumer;

/**
 * Who wants to hear of a write that goes far: a host that is to make room before it runs out.
 *
 * @param bytes from the start of the node
 * @param exceeded hears how many bytes further the write went, in the writer's thread, inside its
 *     request
 */
record WriteThreshold(long bytes, LongConsumer exceeded) {}
