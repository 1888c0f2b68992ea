// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.filter.blklogwrites;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.IoVector;
import dev.strata.block.Limits;
import dev.strata.block.RequestFlags;
import dev.strata.block.driver.FilterDriver;

/** Carries a request out, then notes it in the log. */
final class BlklogwritesDriver extends FilterDriver {
  private final WriteLog log;

  BlklogwritesDriver(Child file, WriteLog log) {
    super(file);
    this.log = log;
  }

  @Override
  public Limits limits() {
    Limits below = file().limits();
    // A write that wants to be on stable storage comes as a write and a flush: both are in the log.
    return below
        .withRequestAlignment(Math.max(below.requestAlignment(), log.sectorSize()))
        .withWriteFlags(below.writeFlags() & ~RequestFlags.FUA);
  }

  @Override
  public void write(long offset, IoVector from, int flags) throws BlockException {
    super.write(offset, from, flags);
    log.written(offset, from);
  }

  @Override
  public void writeZeroes(long offset, long length, int flags) throws BlockException {
    super.writeZeroes(offset, length, flags);
    log.zeroed(offset, length, flags & RequestFlags.MAY_UNMAP);
  }

  @Override
  public void discard(long offset, long length) throws BlockException {
    super.discard(offset, length);
    log.discarded(offset, length);
  }

  @Override
  public void flush() throws BlockException {
    super.flush();
    log.flushed();
  }
}
