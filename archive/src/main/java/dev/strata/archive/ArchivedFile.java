// SPDX-License-Identifier: Apache-2.0
package dev.strata.archive;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.Extent;
import dev.strata.block.Limits;
import dev.strata.block.StatusDetail;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.Permissions;
import dev.strata.block.driver.ReadOnlyIo;

/** A file in an archive, which cannot be changed. */
abstract class ArchivedFile implements BlockDriver, ReadOnlyIo {
  private final long length;

  ArchivedFile(long length) {
    this.length = length;
  }

  @Override
  public final long length() {
    return length;
  }

  @Override
  public final void permissions(Permissions all) throws BlockException {
    if (all.writes()) {
      throw new BlockException(Errno.EACCES, "Archives are for reading only");
    }
  }

  @Override
  public final Limits limits() {
    return Limits.NONE;
  }

  @Override
  public Extent status(long offset, long length, StatusDetail detail) {
    return Extent.data(offset, length, null, offset);
  }

  @Override
  public void close() {}
}
