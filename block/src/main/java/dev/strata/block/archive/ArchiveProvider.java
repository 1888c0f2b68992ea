// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.archive;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.driver.BlockDriver;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Decompression that needs a library, as a service. Thread-safe. */
public interface ArchiveProvider {
  /**
   * Fills all of {@code out} with what a bzip2 stream holds; bytes behind that are not looked at.
   *
   * @param in the stream, from its position on
   * @throws BlockException EIO if it is malformed or too short
   */
  void bunzip2(ByteBuffer in, ByteBuffer out) throws BlockException;

  /**
   * A driver for what is in an archive, whose kind its first bytes tell.
   *
   * @param member the name of the file in it; null for the only one that is a disk
   * @param verify whether a file whose digest the archive has is read and compared first
   * @throws BlockException if it is no archive, is malformed, or has no such file
   */
  BlockDriver open(Child archive, @Nullable String member, boolean verify) throws BlockException;
}
