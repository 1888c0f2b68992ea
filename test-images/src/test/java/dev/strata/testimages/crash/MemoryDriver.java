// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.crash;

import dev.strata.block.BlockException;
import dev.strata.block.Extent;
import dev.strata.block.IoVector;
import dev.strata.block.Limits;
import dev.strata.block.Preallocation;
import dev.strata.block.RequestFlags;
import dev.strata.block.StatusDetail;
import dev.strata.block.driver.BlockDriver;

/** An open file in memory. */
final class MemoryDriver implements BlockDriver {
  private final String name;
  private final MemoryFile file;
  private final MemoryFiles files;

  MemoryDriver(String name, MemoryFile file, MemoryFiles files) {
    this.name = name;
    this.file = file;
    this.files = files;
  }

  @Override
  public Limits limits() {
    return Limits.NONE.withWriteZeroes(1, 0, RequestFlags.MAY_UNMAP).withDiscard(1, 0);
  }

  @Override
  public boolean readsZeroAfterCreate() {
    return true;
  }

  @Override
  public String exactFilename() {
    return name;
  }

  @Override
  public long length() {
    return file.length();
  }

  @Override
  public long allocatedSize() {
    return file.length();
  }

  @Override
  public void read(long offset, IoVector into, int flags) {
    file.read(offset, into);
  }

  @Override
  public void write(long offset, IoVector from, int flags) {
    file.write(offset, from);
    MemoryFiles.Watcher watcher = files.watcher();
    if (watcher != null) {
      watcher.written(name, offset);
    }
  }

  @Override
  public void writeZeroes(long offset, long length, int flags) {
    file.zero(offset, length);
  }

  @Override
  public void discard(long offset, long length) {
    file.punch(offset, length);
  }

  @Override
  public void flush() {
    // What a flush makes of what was written is for the power cut to tell.
  }

  @Override
  public Extent status(long offset, long length, StatusDetail detail) {
    return Extent.data(offset, length, null, offset);
  }

  @Override
  public void truncate(long length, boolean exact, Preallocation mode, int flags)
      throws BlockException {
    file.truncate(length);
    MemoryFiles.Watcher watcher = files.watcher();
    if (watcher != null) {
      watcher.truncated(name, length);
    }
  }

  @Override
  public void close() {
    // The bytes outlive every node.
  }
}
