// SPDX-License-Identifier: Apache-2.0
package dev.strata.block;

/** Hears how far a long operation is; called from one thread at a time, often: be quick. */
@FunctionalInterface
public interface ProgressListener {
  /** Hears nothing. */
  ProgressListener NONE = (done, total) -> {};

  /**
   * So much is done.
   *
   * @param done of {@code total}, in whatever unit the operation counts
   * @param total may change while the operation runs
   */
  void progress(long done, long total);
}
