// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.driver;

import dev.strata.block.BlockException;
import dev.strata.block.Child;

/**
 * Fresh storage for a run of guest bytes that nothing points to yet. The data are written first,
 * then {@link #link} lets the image's map point there: a crash in between leaks the storage at
 * worst.
 *
 * <p>Either {@link #link} or {@link #release} is called, once.
 */
public interface Allocation {
  /** The first guest byte that will be mapped to the storage; at or below the requested one. */
  long guestOffset();

  /**
   * How many guest bytes will be mapped, from {@link #guestOffset} on; may pass the image's end.
   */
  long length();

  /** Where the storage lies. */
  Child file();

  /** The storage's first byte in {@link #file}. */
  long hostOffset();

  /** Whether the storage is known to read as zeroes now, so that zeroes need not be written. */
  boolean readsZero();

  /**
   * Whether the file has, or will have, room for all of the storage even if only some of it is
   * written now: else the rest is reserved, as the reference does for some formats.
   */
  default boolean isReserved() {
    return false;
  }

  /** Points the map to the storage, which now holds all its bytes. */
  void link() throws BlockException;

  /** Gives the storage back: the data could not be written. */
  void release();
}
