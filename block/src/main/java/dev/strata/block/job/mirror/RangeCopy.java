// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.job.mirror;

import dev.strata.block.BlockException;
import dev.strata.block.BufferPool;
import dev.strata.block.Child;
import dev.strata.block.Extent;
import dev.strata.block.IoVector;
import dev.strata.block.RequestFlags;
import dev.strata.block.StatusDetail;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.ChainWalk;
import org.jspecify.annotations.Nullable;

/**
 * Makes ranges of the target read as the source does: data is read and written, zeroes are written
 * as such where the target does not have them already. Thread-safe; the caller has the range alone
 * and is inside the gate.
 */
final class RangeCopy {
  private final BlockNode source;
  private final boolean alone;
  private final Child from;
  private final Child to;
  private final BufferPool buffers;
  private final long maxData;
  private final long grain; // of the bitmap, in bytes; a power of two

  /**
   * A copy from the source that the filter is over.
   *
   * @param plan says what becomes of the target
   * @param maxData bytes that are in memory at a time, at least 512
   */
  RangeCopy(MirrorPlan plan, MirrorFilter filter, BufferPool buffers, long maxData) {
    this.source = plan.source();
    this.alone = plan.standsAlone();
    this.from = filter.source();
    this.to = filter.target();
    this.buffers = buffers;
    this.maxData = maxData;
    this.grain = filter.dirty().granularity();
  }

  /**
   * A copy that failed.
   *
   * @param atTarget whether at the target, else at the source
   * @param start of what was not copied
   * @param end of what was not copied; a part of what is before may have been
   */
  record Failure(boolean atTarget, BlockException reason, long start, long end) {
    /** The first of two failures, of all that neither has copied. */
    static Failure joined(@Nullable Failure first, Failure next) {
      return first == null
          ? next
          : new Failure(first.atTarget, first.reason, first.start, next.end);
    }
  }

  /**
   * Copies the bytes from {@code start} to {@code end}, which lie on the bitmap's grains; null if
   * that succeeded. What cannot be copied does not keep what follows from being copied.
   */
  @Nullable Failure copy(long start, long end) {
    Failure first = null;
    for (long at = start; at < end; ) {
      Extent extent;
      try {
        extent = status(at, end - at);
      } catch (BlockException e) {
        return Failure.joined(first, new Failure(false, e, at, end));
      }
      long length = extent.length();
      Failure failure = extent.zero() ? zero(at, at + length) : data(at, at + length);
      if (failure != null) {
        length = wholeGrains(at, length);
        first =
            Failure.joined(first, new Failure(failure.atTarget, failure.reason, at, at + length));
      }
      at += length;
    }
    return first;
  }

  /** So much of a run as ends with a grain: what shares its last one may fare better. */
  private long wholeGrains(long at, long length) {
    long whole = (at + length & -grain) - at;
    return whole > 0 ? whole : length;
  }

  /** What the source has there, whichever of its layers. */
  Extent status(long offset, long length) throws BlockException {
    return ChainWalk.within(source, null, StatusDetail.ZEROES).at(offset, length).extent();
  }

  /** Copies a range if the source has nothing but zeroes there; false if it is as it was. */
  boolean copyZeroes(long start, long end) throws BlockException {
    for (long at = start; at < end; ) {
      Extent extent = status(at, end - at);
      if (!extent.zero()) {
        return false;
      }
      at += extent.length();
    }
    return zero(start, end) == null;
  }

  private @Nullable Failure zero(long start, long end) {
    try {
      for (long at = start; at < end; ) {
        Extent there = to.status(at, end - at, StatusDetail.ZEROES);
        // Zeroes for want of a backing file are none when the image gets one.
        if (!there.zero() || !(alone || there.allocated())) {
          to.writeZeroes(at, there.length(), RequestFlags.MAY_UNMAP);
        }
        at += there.length();
      }
      return null;
    } catch (BlockException e) {
      return new Failure(true, e, start, end);
    }
  }

  private @Nullable Failure data(long start, long end) {
    try (BufferPool.Buffer buffer = buffers.acquire(Math.min(maxData, end - start))) {
      for (long at = start; at < end; at += maxData) {
        IoVector part = buffer.vector(Math.min(maxData, end - at));
        try {
          from.read(at, part, 0);
        } catch (BlockException e) {
          return new Failure(false, e, start, end);
        }
        try {
          to.write(at, part, 0);
        } catch (BlockException e) {
          return new Failure(true, e, start, end);
        }
      }
      return null;
    }
  }
}
