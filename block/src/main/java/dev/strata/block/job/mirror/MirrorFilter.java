// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.job.mirror;

import dev.strata.block.BlockException;
import dev.strata.block.BufferPool;
import dev.strata.block.Child;
import dev.strata.block.EdgeRole;
import dev.strata.block.IoVector;
import dev.strata.block.RequestFlags;
import dev.strata.block.RequestRanges;
import dev.strata.block.bitmap.DirtyBitmap;
import dev.strata.block.driver.FilterDriver;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.driver.Permission;
import dev.strata.block.driver.Permissions;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Keeps an account of what is written, or writes it to the target too.
 *
 * <p>A write to the source alone marks its range when it is done: whoever copies the range before
 * copies it again. A write to both has its range alone, as has who copies: so both disks see writes
 * that overlap in the same order. Such a write marks its range only if it fails, and clears
 * nothing: one to the source alone may be on its way there. Where all writes are to both, it
 * clears.
 */
final class MirrorFilter extends FilterDriver {
  /** So many bytes may be dirty before writers write to both disks themselves. */
  static final long MAX_DIRTY = 64 << 20;

  /** What writers do. */
  enum Mode {
    /** They mark what they wrote, however much that gets: all is being copied anyway. */
    FIRST_PASS,
    /** They mark what they wrote, unless too much is marked. */
    BACKGROUND,
    /** They write to both. */
    BOTH,
    /** They write to both; there is never another mode. */
    ALWAYS_BOTH
  }

  private final Child target;
  private final DirtyBitmap dirty; // nothing else marks it
  private final BufferPool buffers;
  private final boolean commit; // the target is a layer of the source
  private final RequestRanges ranges = new RequestRanges();
  private volatile Mode mode;
  private volatile boolean ended;
  private volatile boolean unused = true;
  private volatile @Nullable RangeCopy copy;
  private volatile @Nullable BlockException targetFailure; // of a writer, for the job to see

  private MirrorFilter(
      Child file, Child target, DirtyBitmap dirty, BufferPool buffers, boolean commit, Mode mode) {
    super(file);
    this.target = target;
    this.dirty = dirty;
    this.buffers = buffers;
    this.commit = commit;
    this.mode = mode;
  }

  /** The filter over the child {@code file} that such a mirror needs. */
  static MirrorFilter open(OpenContext context, MirrorPlan plan) throws BlockException {
    Child file = context.child("file", EdgeRole.FILTERED);
    Child target = context.child("target", EdgeRole.DATA);
    return new MirrorFilter(
        file,
        target,
        new DirtyBitmap("mirror", plan.granularity(), file.length()),
        context.buffers(),
        plan.isCommit(),
        plan.writeBlocking() ? Mode.ALWAYS_BOTH : Mode.FIRST_PASS);
  }

  Child source() {
    return file();
  }

  Child target() {
    return target;
  }

  DirtyBitmap dirty() {
    return dirty;
  }

  RequestRanges ranges() {
    return ranges;
  }

  /** How the target is given what the source has. */
  void copy(RangeCopy copy) {
    this.copy = copy;
  }

  /** Has writers do that from now on; those on their way do what they did. */
  void mode(Mode mode) {
    if (this.mode != Mode.ALWAYS_BOTH) {
      this.mode = mode;
    }
  }

  /** Whether all writes that begin now go to both disks. */
  boolean writesBoth() {
    return mode == Mode.BOTH || mode == Mode.ALWAYS_BOTH;
  }

  /** Why a writer could not write to the target, once; null if none failed since. */
  @Nullable BlockException takeTargetFailure() {
    BlockException failure = targetFailure;
    targetFailure = null;
    return failure;
  }

  /** Leaves the target alone, or takes it up again; the graph then refreshes the permissions. */
  void ended(boolean ended) {
    this.ended = ended;
  }

  @Override
  public boolean seesAllWrites() {
    return !ended;
  }

  @Override
  public void permissions(Permissions users) throws BlockException {
    unused = users.equals(Permissions.NONE);
    super.permissions(users);
  }

  @Override
  public Permissions childPermissions(Child child, Permissions permissions) {
    // Before it is used, the target of a commit is not to be written: the users of the source still
    // go there directly, and mind.
    if (child == target) {
      return ended || unused ? Permissions.NONE : ofTarget();
    }
    if (unused) {
      // Nobody goes through it yet: those who write the file directly are about to be moved here.
      return permissions;
    }
    Set<Permission> needed = EnumSet.noneOf(Permission.class);
    Set<Permission> shared = EnumSet.noneOf(Permission.class);
    needed.addAll(permissions.needed());
    shared.addAll(permissions.shared());
    if (commit) {
      // The layers between show neither the old nor the new, and what the target is written is
      // written below the source.
      needed.remove(Permission.CONSISTENT_READ);
      shared.addAll(EnumSet.allOf(Permission.class));
    } else {
      needed.add(Permission.CONSISTENT_READ);
      shared.remove(Permission.WRITE); // it would be missed here
      shared.remove(Permission.RESIZE);
    }
    return new Permissions(needed, shared);
  }

  private Permissions ofTarget() {
    Set<Permission> shared = EnumSet.of(Permission.WRITE_UNCHANGED);
    if (commit) {
      shared.add(Permission.CONSISTENT_READ);
      shared.add(Permission.RESIZE); // at the beginning it grows
    }
    return new Permissions(EnumSet.of(Permission.WRITE), shared);
  }

  private boolean isToWriteBoth() {
    return switch (mode) {
      case FIRST_PASS -> false;
      case BACKGROUND -> dirty.count() >= MAX_DIRTY;
      case BOTH, ALWAYS_BOTH -> true;
    };
  }

  @Override
  public void write(long offset, IoVector from, int flags) throws BlockException {
    long length = from.length();
    if (ended) {
      super.write(offset, from, flags);
    } else if (!isToWriteBoth()) {
      try {
        super.write(offset, from, flags);
      } finally {
        dirty.mark(offset, length);
      }
    } else {
      writeBoth(offset, from, flags);
    }
  }

  private void writeBoth(long offset, IoVector from, int flags) throws BlockException {
    long length = from.length();
    RequestRanges.Hold hold = ranges.own(offset, offset + length);
    // A guest may change its memory meanwhile, and both disks have to get the same.
    try (BufferPool.Buffer copy = buffers.acquire(length)) {
      copy.vector().copyFrom(from);
      boolean written = false;
      try {
        super.write(offset, copy.vector(), flags);
        written = true;
      } finally {
        if (!written) {
          dirty.mark(offset, length);
        }
      }
      try {
        target.write(offset, copy.vector(), flags & ~RequestFlags.FUA);
        same(offset, length);
      } catch (BlockException e) {
        differs(offset, length, e);
      }
    } finally {
      ranges.leave(hold);
    }
  }

  @Override
  public void writeZeroes(long offset, long length, int flags) throws BlockException {
    boolean both = !ended && isToWriteBoth();
    RequestRanges.Hold hold = both ? ranges.own(offset, offset + length) : null;
    try {
      boolean written = false;
      try {
        super.writeZeroes(offset, length, flags);
        written = true;
      } finally {
        if (!ended && !(written && both)) {
          dirty.mark(offset, length);
        }
      }
      if (both) {
        zeroTarget(offset, length, flags);
      }
    } finally {
      if (hold != null) {
        ranges.leave(hold);
      }
    }
  }

  private void zeroTarget(long offset, long length, int flags) {
    try {
      target.writeZeroes(offset, length, flags & RequestFlags.MAY_UNMAP);
      same(offset, length);
    } catch (BlockException e) {
      differs(offset, length, e);
    }
  }

  /** What is there afterwards nobody knows: where it is not zeroes, the job looks again. */
  @Override
  public void discard(long offset, long length) throws BlockException {
    RangeCopy now = copy;
    if (ended || now == null || !isToWriteBoth()) {
      try {
        super.discard(offset, length);
      } finally {
        if (!ended) {
          dirty.mark(offset, length);
        }
      }
      return;
    }
    RequestRanges.Hold hold = ranges.own(offset, offset + length);
    try {
      dirty.mark(offset, length);
      super.discard(offset, length);
      if (now.copyZeroes(offset, offset + length)) {
        same(offset, length);
      }
    } finally {
      ranges.leave(hold);
    }
  }

  /** Both disks have the same; the caller has the range alone. */
  private void same(long offset, long length) {
    if (mode == Mode.ALWAYS_BOTH) {
      dirty.reset(offset, length);
    }
  }

  /** The guest has its write; that the target does not is the job's trouble. */
  private void differs(long offset, long length, BlockException failure) {
    dirty.mark(offset, length);
    targetFailure = failure;
  }

  @Override
  public boolean flushesChildren() {
    return true; // the target is flushed when it counts
  }

  @Override
  public boolean reopens() {
    return true;
  }

  @Override
  public void close() {}
}
