// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.archive;

import dev.strata.block.BlockException;
import java.nio.ByteBuffer;

/** Decompression that needs a library, as a service. Thread-safe. */
public interface ArchiveProvider {
  /**
   * Fills all of {@code out} with what a bzip2 stream holds; bytes behind that are not looked at.
   *
   * @param in the stream, from its position on
   * @throws BlockException EIO if it is malformed or too short
   */
  void bunzip2(ByteBuffer in, ByteBuffer out) throws BlockException;
}
