// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.filter.copybeforewrite;

import dev.strata.block.BlockException;
import dev.strata.block.BufferPool;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import dev.strata.block.Extent;
import dev.strata.block.IoVector;
import dev.strata.block.Preallocation;
import dev.strata.block.RequestFlags;
import dev.strata.block.RequestRanges;
import dev.strata.block.StatusDetail;
import dev.strata.block.bitmap.DirtyBitmap;
import dev.strata.block.driver.FilterDriver;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.driver.Permission;
import dev.strata.block.driver.Permissions;
import dev.strata.block.driver.PointInTimeCopy;
import dev.strata.block.driver.SnapshotAccess;
import java.util.EnumSet;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

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
  private final LongAdder copied = new LongAdder(); // in bytes
  private volatile Content content;
  private volatile int writeFlags;
  private volatile boolean ownOnly;
  private volatile boolean thin; // leaves alone what the target reads as zeroes
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
    this.content = (offset, length) -> file.status(offset, length, StatusDetail.ZEROES);
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
    if (!context.isUsed()) {
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
      copies.run(() -> {
        Failure failure = copyAlone(start, end);
        if (failure != null) {
          throw failure.reason();
        }
      });
    } catch (BlockException e) {
      if (!options.breaksSnapshot()) {
        throw e;
      }
      // Who still reads the snapshot is waited for; who comes later sees that it is lost.
      lost = true;
      ranges.leave(ranges.own(start, end));
    }
  }

  private @Nullable Failure copyAlone(long start, long end) {
    RequestRanges.Hold hold = ranges.own(start, end);
    try {
      for (OptionalLong next = areas.nextToCopy(start, end);
          next.isPresent();
          next = areas.nextToCopy(next.getAsLong(), end)) {
        long at = next.getAsLong();
        Failure failure = copy(at, areas.endOfToCopy(at, end));
        if (failure != null) {
          return failure;
        }
      }
      return null;
    } finally {
      ranges.leave(hold);
    }
  }

  private @Nullable Failure copy(long start, long end) {
    for (long at = start; at < end; ) {
      long partEnd;
      boolean zeroes = false;
      try {
        partEnd = ownOnly ? endOfBacked(at, end) : at;
        if (partEnd > at) {
          areas.copied(at, partEnd);
          at = partEnd;
          continue;
        }
        Extent extent = content.status(at, end - at);
        long extentEnd = at + extent.length();
        partEnd = Math.min(areas.lastWhole(extentEnd), end);
        zeroes = extent.zero() && partEnd > at;
        if (!zeroes) {
          long most = ownOnly ? areas.end(at + 1) : areas.end(at + MAX_COPY);
          partEnd = Math.min(end, Math.min(areas.end(extentEnd), most));
        }
      } catch (BlockException e) {
        return new Failure(false, e);
      }
      Failure failure = zeroes ? copyZeroes(at, partEnd) : copyData(at, partEnd);
      if (failure != null) {
        return failure;
      }
      areas.copied(at, partEnd);
      copied.add(partEnd - at);
      at = partEnd;
    }
    return null;
  }

  /** Where the clusters end from {@code start} on that the disk has from its backing file. */
  private long endOfBacked(long start, long end) throws BlockException {
    long at = start;
    while (at < end) {
      Extent extent = file().status(at, end - at, StatusDetail.ALLOCATION);
      if (extent.allocated()) {
        break;
      }
      at += extent.length();
    }
    return at == end ? end : areas.start(at);
  }

  private @Nullable Failure copyZeroes(long start, long end) {
    try {
      checkRoom(end);
      if (!thin) {
        target.writeZeroes(start, end - start, 0);
        return null;
      }
      for (long at = start; at < end; ) {
        Extent there = target.status(at, end - at, StatusDetail.ZEROES);
        if (!there.zero()) {
          target.writeZeroes(at, there.length(), 0);
        }
        at += there.length();
      }
      return null;
    } catch (BlockException e) {
      return new Failure(true, e);
    }
  }

  private void checkRoom(long end) throws BlockException {
    if (end > target.length()) {
      throw BlockException.of(Errno.ENOSPC);
    }
  }

  private @Nullable Failure copyData(long start, long end) {
    long most = Math.max(MAX_COPY, areas.cluster()); // a cluster is compressed as a whole
    try (BufferPool.Buffer buffer = context.buffers().acquire(Math.min(end - start, most))) {
      for (long at = start; at < end; at += most) {
        IoVector data = buffer.vector(Math.min(end - at, most));
        try {
          file().read(at, data, 0);
        } catch (BlockException e) {
          return new Failure(false, e);
        }
        try {
          checkRoom(end);
          target.write(at, data, writeFlags);
        } catch (BlockException e) {
          return new Failure(true, e);
        }
      }
      return null;
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
  public void prepare(Content content, boolean compressed, boolean ownOnly) {
    this.content = content;
    this.writeFlags = compressed ? RequestFlags.COMPRESSED : 0;
    this.ownOnly = ownOnly;
    this.thin = true;
  }

  @Override
  public long clusterSize() {
    return areas.cluster();
  }

  @Override
  public OptionalLong nextToCopy(long from) {
    return areas.nextToCopy(from, areas.length());
  }

  @Override
  public Piece piece(long start, long maxData, long maxZeroes) throws BlockException {
    long length = areas.length();
    long limit = areas.endOfToCopy(start, Math.min(length, start + maxZeroes));
    Extent extent = content.status(start, limit - start);
    long zeroEnd = Math.min(limit, areas.lastWhole(start + extent.length()));
    if (extent.zero() && zeroEnd > start) {
      return new Piece(zeroEnd, true);
    }
    long most = Math.max(areas.lastWhole(start + maxData), areas.end(start + 1));
    return new Piece(Math.min(limit, most), false);
  }

  @Override
  public long skipBacked(long from) throws BlockException {
    long length = areas.length();
    Extent extent = file().status(from, length - from, StatusDetail.ALLOCATION);
    long end = from + extent.length();
    if (!extent.allocated()) {
      // What is to be copied has not been written since the status was asked for.
      long start = areas.firstWhole(from);
      long whole = areas.lastWhole(end);
      if (whole > start) {
        areas.copied(start, whole);
      }
    }
    return end;
  }

  @Override
  public @Nullable Failure copyRest(long offset, long length) {
    return copyAlone(areas.start(offset), areas.end(offset + length));
  }

  @Override
  public long copied() {
    return copied.sum();
  }

  @Override
  public long toCopy() {
    return areas.toCopy();
  }

  @Override
  public void markRest(DirtyBitmap bitmap) {
    areas.markRest(bitmap);
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
