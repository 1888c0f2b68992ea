// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.memory;

/**
 * A region, or a part of it, at a place in an address space.
 *
 * @param offset where in the region the part begins
 * @param length of the part, in bytes
 * @param priority over others at the same place: the highest answers
 */
public record MemoryMapping(
    long base, MemoryRegion region, long offset, long length, int priority) {}
