// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.crypto;

import dev.strata.block.BlockException;

/**
 * Where an encryption header and its key material lie; offsets are from the header's first byte on.
 */
public interface HeaderArea {
  /** Fills {@code into}, or throws. */
  void read(long offset, byte[] into) throws BlockException;

  /** Writes all of {@code from}, or throws. */
  void write(long offset, byte[] from) throws BlockException;

  /** Returns when all that was written is on stable storage. */
  void flush() throws BlockException;
}
