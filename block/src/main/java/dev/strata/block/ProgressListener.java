// SPDX-License-Identifier: Apache-2.0
package dev.strata.block;

/** Hears how far a long operation is; called from one thread at a time, often: be quick. */
@FunctionalInterface
public interface ProgressListener {
  /** Hears nothing. */
  ProgressListener NONE = new Nobody();

  /**
   * So much is done.
   *
   * @param done of {@code total}, in whatever unit the operation counts
   * @param total may change while the operation runs
   */
  void progress(long done, long total);

  /**
   * Whether anybody would see how far the operation is if told now; the operation may spare itself
   * to find out what is not.
   */
  default boolean isWatched() {
    return this != NONE;
  }

  /** No lambda: one of an interface's own is made anew by every process that starts. */
  final class Nobody implements ProgressListener {
    private Nobody() {}

    @Override
    public void progress(long done, long total) {}
  }
}
