// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.copy;

import dev.strata.block.ProgressListener;

/**
 * How an image is copied.
 *
 * @param workers how many threads read and write at once, at least 1
 * @param inOrder whether writes go to the target in the order of their offsets
 * @param sparseBytes runs of zeroes of that many bytes in data are not written as data; 0 to write
 *     everything, zeroes too; a multiple of 512
 * @param compressedCluster the target's cluster size in bytes if clusters are to be written
 *     compressed, else 0
 * @param targetReadsZero whether the target reads as zeroes where nothing is written
 * @param topLayerOnly whether only what the source's top layer holds is copied: the target has the
 *     rest in its own backing file
 * @param backingLength of the target's backing file in bytes; -1 if it has none
 * @param salvage whether what cannot be read is copied as zeroes
 * @param offload whether the host is asked to copy data without reading it; zeroes in it stay data
 */
public record CopySettings(
    int workers,
    boolean inOrder,
    long sparseBytes,
    long compressedCluster,
    boolean targetReadsZero,
    boolean topLayerOnly,
    long backingLength,
    boolean salvage,
    boolean offload,
    ProgressListener progress) {}
