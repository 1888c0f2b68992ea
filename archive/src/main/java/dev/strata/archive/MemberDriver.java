// SPDX-License-Identifier: Apache-2.0
package dev.strata.archive;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.IoVector;

/** A file that lies in an archive as it is. */
final class MemberDriver extends ArchivedFile {
  private final Child archive;
  private final long start;

  /**
   * A file of that length.
   *
   * @param start of its bytes in the archive
   */
  MemberDriver(Child archive, long start, long length) {
    super(length);
    this.archive = archive;
    this.start = start;
  }

  @Override
  public void read(long offset, IoVector into, int flags) throws BlockException {
    archive.read(start + offset, into, flags);
  }
}
