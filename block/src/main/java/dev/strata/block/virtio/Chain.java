// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.virtio;

import dev.strata.block.IoVector;
import java.util.List;

/**
 * A request of a queue.
 *
 * @param head the descriptor it began with
 * @param readable what the guest gives
 * @param writable what the device fills
 * @param places address and length of each writable part
 */
public record Chain(int head, IoVector readable, IoVector writable, List<long[]> places) {}
