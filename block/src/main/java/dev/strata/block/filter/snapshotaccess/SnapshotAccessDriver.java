// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.filter.snapshotaccess;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import dev.strata.block.Extent;
import dev.strata.block.IoVector;
import dev.strata.block.Limits;
import dev.strata.block.StatusDetail;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.SnapshotAccess;

/** A disk of the past: it can be read, and discarded bit by bit. */
final class SnapshotAccessDriver implements BlockDriver {
  private final Child file;

  SnapshotAccessDriver(Child file) {
    this.file = file;
  }

  private SnapshotAccess snapshot() throws BlockException {
    return file.capability(SnapshotAccess.class)
        .orElseThrow(() -> BlockException.of(Errno.EOPNOTSUPP));
  }

  @Override
  public Limits limits() {
    return Limits.NONE.withDiscard(1, 0);
  }

  @Override
  public long length() throws BlockException {
    return file.length();
  }

  @Override
  public void read(long offset, IoVector into, int flags) throws BlockException {
    snapshot().readSnapshot(offset, into);
  }

  @Override
  public void write(long offset, IoVector from, int flags) throws BlockException {
    throw BlockException.of(Errno.EOPNOTSUPP);
  }

  @Override
  public void writeZeroes(long offset, long length, int flags) throws BlockException {
    throw BlockException.of(Errno.EOPNOTSUPP);
  }

  @Override
  public void discard(long offset, long length) throws BlockException {
    snapshot().discardSnapshot(offset, length);
  }

  @Override
  public void flush() {}

  @Override
  public Extent status(long offset, long length, StatusDetail detail) throws BlockException {
    return snapshot().snapshotStatus(offset, length, detail);
  }

  @Override
  public boolean reopens() {
    return false;
  }

  @Override
  public void close() {}
}
