// SPDX-License-Identifier: Apache-2.0
package dev.strata.archive;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.Extent;
import dev.strata.block.IoVector;
import dev.strata.block.Limits;
import dev.strata.block.StatusDetail;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.Permissions;

/** A file in an archive, which cannot be changed. */
abstract class ReadOnlyDriver implements BlockDriver {
  private final long length;

  ReadOnlyDriver(long length) {
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
  public final void write(long offset, IoVector from, int flags) throws BlockException {
    throw BlockException.of(Errno.EACCES);
  }

  @Override
  public final void writeZeroes(long offset, long length, int flags) throws BlockException {
    throw BlockException.of(Errno.EACCES);
  }

  @Override
  public final void discard(long offset, long length) throws BlockException {
    throw BlockException.of(Errno.EACCES);
  }

  @Override
  public final void flush() {}

  @Override
  public final Extent status(long offset, long length, StatusDetail detail) {
    return Extent.data(offset, length, null, offset);
  }

  @Override
  public void close() {}
}
