// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.crash;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
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
  private final String shownName;
  private final MemoryFile file;
  private final MemoryFiles files;

  /**
   * Opens a file.
   *
   * @param shownName by which anybody else would open it
   */
  MemoryDriver(String name, String shownName, MemoryFile file, MemoryFiles files) {
    this.name = name;
    this.shownName = shownName;
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
    return shownName;
  }

  @Override
  public long length() {
    return file.length();
  }

  @Override
  public long allocatedSize() {
    return file.length();
  }

  private static void checkWhole(long done, long length) throws BlockException {
    if (done < length) {
      throw BlockException.of(Errno.EIO);
    }
  }

  @Override
  public void read(long offset, IoVector into, int flags) throws BlockException {
    MemoryFiles.Gate gate = files.gate();
    long length = into.length();
    long part = gate.before(MemoryFiles.Call.READ, name, offset, length);
    file.read(offset, part < length ? into.slice(0, part) : into);
    checkWhole(part, length);
    gate.after(MemoryFiles.Call.READ, name);
  }

  @Override
  public void write(long offset, IoVector from, int flags) throws BlockException {
    MemoryFiles.Gate gate = files.gate();
    long length = from.length();
    long part = gate.before(MemoryFiles.Call.WRITE, name, offset, length);
    file.write(offset, part < length ? from.slice(0, part) : from);
    checkWhole(part, length);
    MemoryFiles.Watcher watcher = files.watcher();
    if (watcher != null) {
      watcher.written(name, offset);
    }
    gate.after(MemoryFiles.Call.WRITE, name);
  }

  @Override
  public void writeZeroes(long offset, long length, int flags) throws BlockException {
    MemoryFiles.Gate gate = files.gate();
    long part = gate.before(MemoryFiles.Call.ZERO, name, offset, length);
    file.zero(offset, part);
    checkWhole(part, length);
    gate.after(MemoryFiles.Call.ZERO, name);
  }

  @Override
  public void discard(long offset, long length) throws BlockException {
    MemoryFiles.Gate gate = files.gate();
    long part = gate.before(MemoryFiles.Call.DISCARD, name, offset, length);
    file.punch(offset, part);
    checkWhole(part, length);
    gate.after(MemoryFiles.Call.DISCARD, name);
  }

  @Override
  public void flush() throws BlockException {
    // What a flush makes of what was written is for the power cut to tell.
    files.gate().before(MemoryFiles.Call.FLUSH, name, 0, 0);
    files.gate().after(MemoryFiles.Call.FLUSH, name);
  }

  @Override
  public Extent status(long offset, long length, StatusDetail detail) {
    return Extent.data(offset, length, null, offset);
  }

  @Override
  public void truncate(long length, boolean exact, Preallocation mode, int flags)
      throws BlockException {
    files.gate().before(MemoryFiles.Call.TRUNCATE, name, length, 0);
    file.truncate(length);
    MemoryFiles.Watcher watcher = files.watcher();
    if (watcher != null) {
      watcher.truncated(name, length);
    }
    files.gate().after(MemoryFiles.Call.TRUNCATE, name);
  }

  @Override
  public void close() {
    // The bytes outlive every node.
  }
}
