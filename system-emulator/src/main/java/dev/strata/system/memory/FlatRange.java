// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.memory;

/**
 * A run of addresses that one region answers.
 *
 * @param start first address
 * @param last last address, inclusive, so that a range may end at the top of the space
 * @param region what answers
 * @param regionOffset of {@code start} in the region
 */
public record FlatRange(long start, long last, MemoryRegion region, long regionOffset) {
  /** Where {@code address}, which lies inside, is in the region. */
  public long offset(long address) {
    return address - start + regionOffset;
  }

  /** Bytes from {@code address}, which lies inside, to the end; at most 2^62. */
  public long remaining(long address) {
    return Math.min(last - address, (1L << 62) - 1) + 1;
  }
}
