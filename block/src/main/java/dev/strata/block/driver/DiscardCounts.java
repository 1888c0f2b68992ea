// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.driver;

/**
 * What came of the discards that a file of the host was asked for. Thread-safe.
 *
 * @see "QEMU qapi/block-core.json, BlockStatsSpecificFile"
 */
public interface DiscardCounts {
  /** How many were done. */
  long discards();

  /** How many the host did not do. */
  long failedDiscards();

  /** How many bytes were given back. */
  long discardedBytes();
}
