// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.driver;

import dev.strata.block.BlockException;
import dev.strata.block.ProgressListener;

/** A format whose metadata can be checked, and maybe repaired. */
public interface Checkable {
  /** What to repair. */
  enum Repair {
    /** Nothing. */
    NONE,
    /** Storage that nothing uses. */
    LEAKS,
    /** Whatever can be repaired. */
    ALL
  }

  /**
   * Hears what is found, one line at a time, as the reference words it: {@code Leaked cluster …}.
   */
  interface Listener extends ProgressListener {
    /** A finding or what was done about it. */
    void found(String line);

    /**
     * A finding that is an error of the program's, as why the check cannot be carried out, before
     * it throws that.
     */
    default void failed(BlockException reason) {
      found(reason.getMessage());
    }
  }

  /**
   * The outcome of a check. Counts of -1 are not known to this format and not reported.
   *
   * @param imageEndOffset the first byte beyond all that is used; 0 if unknown
   */
  record Result(
      long corruptions,
      long leaks,
      long checkErrors,
      long corruptionsFixed,
      long leaksFixed,
      long imageEndOffset,
      long totalClusters,
      long allocatedClusters,
      long fragmentedClusters,
      long compressedClusters) {}

  /**
   * Checks all metadata.
   *
   * @throws BlockException if the check itself could not be carried out
   */
  Result check(Repair repair, Listener listener) throws BlockException;
}
