// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.filter.copybeforewrite;

import dev.strata.block.BlockException;
import dev.strata.block.BufferPool;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import dev.strata.block.Extent;
import dev.strata.block.IoVector;
import dev.strata.block.Preallocation;
import dev.strata.block.RequestRanges;
import dev.strata.block.StatusDetail;
import dev.strata.block.driver.FilterDriver;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.driver.Permission;
import dev.strata.block.driver.Permissions;
import dev.strata.block.driver.PointInTimeCopy;
import dev.strata.block.driver.SnapshotAccess;
import java.util.EnumSet;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Copies what is about to be written, and shows what was.
 *
 * <p>Who copies a range has it alone; who reads the snapshot shares it. So no cluster is written
 * while the snapshot reads it from the file: its copy comes first, and waits.
 */
final class CopyBeforeWriteDriver extends FilterDriver implements SnapshotAccess, PointInTimeCopy {
  private static final long MAX_COPY = 1 << 20;

  private final OpenContext context;
  private final Child target;
  private final SnapshotAreas areas;
  private final CopyBeforeWriteOptions options;
  private final RequestRanges ranges = new RequestRanges();
  private final TimedTasks copies;
  private volatile boolean lost; // the snapshot is, as a copy failed

  CopyBeforeWriteDriver(
      OpenContext context,
      Child file,
      Child target,
      SnapshotAreas areas,
      CopyBeforeWriteOptions options) {
    super(file);
    this.context = context;
    this.target = target;
    this.areas = areas;
    this.options = options;
    this.copies = new TimedTasks("copy-before-write", options.timeoutSeconds());
  }

  @Override
  public Permissions childPermissions(Child child, Permissions permissions) {
    Set<Permission> shared = EnumSet.noneOf(Permission.class);
    Set<Permission> needed = EnumSet.noneOf(Permission.class);
    if (child == target) {
      needed.add(Permission.WRITE);
      shared.addAll(EnumSet.allOf(Permission.class));
      shared.remove(Permission.RESIZE);
      return new Permissions(needed, shared);
    }
    needed.addAll(permissions.needed());
    if (permissions.writes()) {
      needed.add(Permission.CONSISTENT_READ);
    }
    shared.addAll(permissions.shared());
    if (permissions.equals(Permissions.NONE)) {
      // Nobody goes through it yet: those who write the file directly are about to be moved here.
      return new Permissions(needed, shared);
    }
    shared.remove(Permission.WRITE);
    shared.remove(Permission.RESIZE);
    return new Permissions(needed, shared);
  }

  // The guest

  @Override
  public void write(long offset, IoVector from, int flags) throws BlockException {
    keep(offset, from.length());
    super.write(offset, from, flags);
  }

  @Override
  public void writeZeroes(long offset, long length, int flags) throws BlockException {
    keep(offset, length);
    super.writeZeroes(offset, length, flags);
  }

  @Override
  public void discard(long offset, long length) throws BlockException {
    keep(offset, length);
    super.discard(offset, length);
  }

  /** What the snapshot has of the range is copied when this returns, or the snapshot is lost. */
  private void keep(long offset, long length) throws BlockException {
    long start = areas.start(offset);
    long end = areas.end(offset + length);
    if (lost || areas.nextToCopy(start, end).isEmpty()) {
      return;
    }
    try {
      copies.run(() -> copyAlone(start, end));
    } catch (BlockException e) {
      if (!options.breaksSnapshot()) {
        throw e;
      }
      // Who still reads the snapshot is waited for; who comes later sees that it is lost.
      lost = true;
      ranges.leave(ranges.own(start, end));
    }
  }

  private void copyAlone(long start, long end) throws BlockException {
    RequestRanges.Hold hold = ranges.own(start, end);
    try {
      for (OptionalLong next = areas.nextToCopy(start, end);
          next.isPresent();
          next = areas.nextToCopy(next.getAsLong(), end)) {
        long at = next.getAsLong();
        copy(at, Math.min(areas.endOfToCopy(at, end), Math.min(end, areas.end(at + MAX_COPY))));
      }
    } finally {
      ranges.leave(hold);
    }
  }

  private void copy(long start, long end) throws BlockException {
    if (end > target.length()) {
      throw BlockException.of(Errno.ENOSPC);
    }
    for (long at = start; at < end; ) {
      Extent extent = file().status(at, end - at, StatusDetail.ZEROES);
      long zeroEnd = extent.zero() ? areas.lastWhole(at + extent.length()) : at;
      if (zeroEnd > at) {
        target.writeZeroes(at, Math.min(zeroEnd, end) - at, 0);
        at = zeroEnd;
      } else {
        long partEnd = Math.min(end, areas.end(at + 1));
        copyData(at, partEnd);
        at = partEnd;
      }
    }
    areas.copied(start, end);
  }

  private void copyData(long start, long end) throws BlockException {
    try (BufferPool.Buffer buffer = context.buffers().acquire(Math.min(end - start, MAX_COPY))) {
      for (long at = start; at < end; at += MAX_COPY) {
        IoVector data = buffer.vector(Math.min(end - at, MAX_COPY));
        file().read(at, data, 0);
        target.write(at, data, 0);
      }
    }
  }

  /** What the disk loses at its end is copied before. */
  @Override
  public void truncate(long length, boolean exact, Preallocation mode, int flags)
      throws BlockException {
    long end = areas.end(file().length());
    if (length < end) {
      keep(length, end - length);
    }
    super.truncate(length, exact, mode, flags);
  }

  // What was not written

  @Override
  public OptionalLong nextToCopy(long from) throws BlockException {
    return areas.nextToCopy(from, file().length());
  }

  @Override
  public void copyRest(long offset, long length) throws BlockException {
    copyAlone(areas.start(offset), areas.end(offset + length));
  }

  // The snapshot

  private void checkAccess(long offset, long length) throws BlockException {
    if (lost || !areas.isAccessible(offset, length)) {
      throw BlockException.of(Errno.EACCES);
    }
  }

  @Override
  public void readSnapshot(long offset, IoVector into) throws BlockException {
    long end = offset + into.length();
    RequestRanges.Hold hold = ranges.share(offset, end);
    try {
      checkAccess(offset, into.length());
      for (long at = offset; at < end; ) {
        long next = areas.nextToCopy(at, end).orElse(end);
        boolean inFile = next == at;
        long partEnd = inFile ? areas.endOfToCopy(at, end) : next;
        IoVector part = into.slice(at - offset, partEnd - at);
        (inFile ? file() : target).read(at, part, 0);
        at = partEnd;
      }
    } finally {
      ranges.leave(hold);
    }
  }

  @Override
  public Extent snapshotStatus(long offset, long length, StatusDetail detail)
      throws BlockException {
    RequestRanges.Hold hold = ranges.share(offset, offset + length);
    try {
      checkAccess(offset, 1);
      long end = areas.endOfAccess(offset, offset + length);
      long next = areas.nextToCopy(offset, end).orElse(end);
      boolean inFile = next == offset;
      long partEnd = inFile ? areas.endOfToCopy(offset, end) : next;
      Extent extent = (inFile ? file() : target).status(offset, partEnd - offset, detail);
      return extent.zero()
          ? Extent.zero(offset, extent.length())
          : Extent.data(offset, extent.length(), null, -1);
    } finally {
      ranges.leave(hold);
    }
  }

  @Override
  public void discardSnapshot(long offset, long length) throws BlockException {
    long start = areas.firstWhole(offset);
    long end = areas.lastWhole(offset + length);
    if (start >= end) {
      return;
    }
    RequestRanges.Hold hold = ranges.own(start, end);
    try {
      areas.drop(start, end);
      target.discard(start, Math.min(end, target.length()) - start);
    } finally {
      ranges.leave(hold);
    }
  }

  @Override
  public boolean reopens() {
    return false;
  }

  @Override
  public void close() {
    copies.close();
  }
}
