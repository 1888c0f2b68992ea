// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.mutation;

/** What is still as it should be in a damaged image. */
public interface Soundness extends Content.Range {
  /** Whether nothing wrong touches those guest bytes: they have to outlive what others suffer. */
  @Override
  boolean contains(long offset, long length);

  /** Whether each part of the file is one thing only: no table lies in another, or in data. */
  boolean isSeparate();
}
