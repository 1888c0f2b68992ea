// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.virtio;

import dev.strata.block.IoVector;
import org.jspecify.annotations.Nullable;

/**
 * A guest's memory by its physical addresses, as a device reaches it. Numbers are little-endian.
 * Thread-safe.
 */
public interface GuestMemory {
  /**
   * The guest's own pages as a buffer.
   *
   * @param length 0 or more
   * @param forWriting whether the device writes to them, and calls {@link #written} when it has
   * @return null if some of it is no memory
   */
  @Nullable IoVector at(long address, long length, boolean forWriting);

  /** Says that the device has written there. */
  void written(long address, long length);

  /**
   * Reads a number.
   *
   * @param bytes 1, 2, 4 or 8
   * @return zero if there is no memory
   */
  long read(long address, int bytes);

  /** Writes a number of 1, 2, 4 or 8 bytes; it is lost if there is no memory to write to. */
  void write(long address, int bytes, long value);
}
