// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.virtio;

/**
 * What a guest is told that requests may be.
 *
 * @param segments of one request
 * @param ranges of one request to discard, or to write zeroes
 * @param rangeSectors of one range, of 512 bytes
 * @param anyUnmaps whether the guest is told that zeroes may deallocate
 */
public record DiskLimits(int segments, int ranges, int rangeSectors, boolean anyUnmaps) {}
