// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.filter.preallocate;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.IoVector;
import dev.strata.block.Preallocation;
import dev.strata.block.RequestFlags;
import dev.strata.block.driver.FilterDriver;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.driver.Permission;
import dev.strata.block.driver.Permissions;
import dev.strata.block.option.BlockOptions;
import java.util.EnumSet;
import java.util.Set;

/** Allocates ahead of the writes that make the file longer. */
final class PreallocateDriver extends FilterDriver {
  private static final long UNKNOWN = -1;

  private volatile PreallocateOptions amounts;
  private volatile long dataEnd = UNKNOWN; // until the first write; grows under this
  private long fileEnd; // all guarded by this
  private long zeroStart; // from here to fileEnd the file reads as zeroes

  PreallocateDriver(Child file, PreallocateOptions amounts) {
    super(file);
    this.amounts = amounts;
  }

  /** Who else writes or resizes the file would not know where the data end. */
  @Override
  public Permissions childPermissions(Child child, Permissions permissions) {
    if (!permissions.writes()) {
      return permissions;
    }
    Set<Permission> needed = EnumSet.of(Permission.WRITE, Permission.RESIZE);
    needed.addAll(permissions.needed());
    Set<Permission> shared = EnumSet.noneOf(Permission.class);
    shared.addAll(permissions.shared());
    shared.remove(Permission.WRITE);
    shared.remove(Permission.RESIZE);
    return new Permissions(needed, shared);
  }

  @Override
  public long length() throws BlockException {
    long end = dataEnd;
    return end == UNKNOWN ? super.length() : end;
  }

  @Override
  public void write(long offset, IoVector from, int flags) throws BlockException {
    reach(offset, offset + from.length(), false);
    super.write(offset, from, flags);
  }

  @Override
  public void writeZeroes(long offset, long length, int flags) throws BlockException {
    if (!reach(offset, offset + length, true)) {
      super.writeZeroes(offset, length, flags);
    }
  }

  /**
   * Sees to it that the file reaches to {@code end} at least.
   *
   * @param zero whether zeroes are to be written
   * @return whether the range reads as zeroes already
   */
  private boolean reach(long offset, long end, boolean zero) throws BlockException {
    if (end <= dataEnd) {
      return false;
    }
    synchronized (this) {
      if (dataEnd == UNKNOWN) {
        fileEnd = super.length();
        zeroStart = fileEnd;
        dataEnd = fileEnd;
        if (end <= fileEnd) {
          return false;
        }
      }
      boolean isZero = zero && offset >= zeroStart;
      if (end > fileEnd) {
        isZero &= allocate(end);
      }
      dataEnd = Math.max(dataEnd, end);
      if (!isZero) {
        zeroStart = Math.max(zeroStart, end);
        fileEnd = Math.max(fileEnd, end);
      }
      return isZero;
    }
  }

  /** Makes the file longer than {@code end}; false if that cannot be, which does no harm. */
  private boolean allocate(long end) {
    long wanted = amounts.fileEnd(end);
    try {
      file().writeZeroes(fileEnd, wanted - fileEnd, RequestFlags.NO_FALLBACK);
    } catch (BlockException e) {
      return false; // the write itself will tell if there is no space
    }
    fileEnd = wanted;
    return true;
  }

  @Override
  public synchronized void truncate(long length, boolean exact, Preallocation mode, int flags)
      throws BlockException {
    if (dataEnd != UNKNOWN) {
      if (mode == Preallocation.OFF && length > dataEnd && length <= fileEnd) {
        dataEnd = length; // zeroes are there
        return;
      }
      giveBack();
    }
    super.truncate(length, exact, mode, flags);
  }

  /** The file ends where the data do, as one that nothing was allocated for. */
  private synchronized void giveBack() throws BlockException {
    if (dataEnd != UNKNOWN) {
      if (fileEnd > dataEnd) {
        file().truncate(dataEnd, true, Preallocation.OFF, 0);
      }
      dataEnd = UNKNOWN;
    }
  }

  @Override
  public Undo reopen(NodeFlags flags, BlockOptions options) throws BlockException {
    PreallocateOptions before = amounts;
    amounts = PreallocateOptions.take(options, before);
    if (!flags.writable()) {
      giveBack();
    }
    return () -> amounts = before;
  }

  @Override
  public void close() throws BlockException {
    giveBack();
  }
}
