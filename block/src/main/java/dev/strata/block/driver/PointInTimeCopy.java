// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.driver;

import dev.strata.block.BlockException;
import java.util.OptionalLong;

/**
 * A filter that copies what is about to be written; whoever wants all of the disk as it was has it
 * copy the rest too. Thread-safe, with writers at work.
 */
public interface PointInTimeCopy {
  /** The first byte from {@code from} on that is still to be copied. */
  OptionalLong nextToCopy(long from) throws BlockException;

  /**
   * Copies what has not been copied of the range, and of the clusters that it ends in. Returns when
   * the target has all of it, whoever copied it.
   *
   * @throws BlockException if something could not be copied; it is then still to be copied
   */
  void copyRest(long offset, long length) throws BlockException;
}
