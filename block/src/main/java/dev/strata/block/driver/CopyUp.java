// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.driver;

import dev.strata.block.BlockException;

/**
 * A filter that copies what a backing file holds up into the image that it is over. Thread-safe,
 * with readers and writers at work.
 */
public interface CopyUp {
  /** From now on it copies what it is told to, and nothing because it is read. */
  void onDemandOnly();

  /**
   * Copies what the image does not hold itself of the range; the image then does. Writers into the
   * range wait.
   *
   * @param length in bytes, bounded by the caller: writers wait for all of it
   */
  void copyUp(long offset, long length) throws BlockException;
}
