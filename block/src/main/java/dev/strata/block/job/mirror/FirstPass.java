// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.job.mirror;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.Extent;
import dev.strata.block.Limits;
import dev.strata.block.RequestFlags;
import dev.strata.block.StatusDetail;
import dev.strata.block.bitmap.DirtyBitmap;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.ChainWalk;
import dev.strata.block.job.JobControl;
import org.jspecify.annotations.Nullable;

/**
 * Marks what of the source is to be copied, and makes zeroes of the rest if the target can do so
 * without occupying storage.
 */
final class FirstPass {
  private static final long STEP = 1L << 30;

  private final MirrorPlan plan;
  private final MirrorFilter filter;
  private final BlockBackend access;
  private final DirtyBitmap dirty;

  FirstPass(MirrorPlan plan, MirrorFilter filter, BlockBackend access) {
    this.plan = plan;
    this.filter = filter;
    this.access = access;
    this.dirty = filter.dirty();
  }

  /** Does both; writers that mark what they write are at work. */
  void mark(JobControl control) throws BlockException {
    switch (plan.sync()) {
      case MirrorPlan.Sync.None _ -> {}
      case MirrorPlan.Sync.Above(BlockNode base) -> markAbove(control, base);
      case MirrorPlan.Sync.Full _ -> {
        if (unmapsZeroes()) {
          zero(control);
          markAbove(control, null);
        } else {
          dirty.mark(0, dirty.length());
        }
      }
    }
  }

  private boolean unmapsZeroes() {
    Limits limits = filter.target().limits();
    return plan.target().flags().unmap()
        && limits.writesZeroes()
        && RequestFlags.has(limits.zeroFlags(), RequestFlags.MAY_UNMAP);
  }

  /** What a writer writes to both disks meanwhile is marked as what a layer holds. */
  private void zero(JobControl control) throws BlockException {
    Child target = filter.target();
    for (long at = 0; at < dirty.length(); ) {
      control.checkpoint();
      var step = new ZeroStep(target, at);
      access.inside(step::run);
      at = step.end;
    }
  }

  private final class ZeroStep {
    private final Child target;
    private final long start;
    private long end;

    ZeroStep(Child target, long start) {
      this.target = target;
      this.start = start;
      this.end = start;
    }

    void run() throws BlockException {
      long limit = Math.min(dirty.length(), start + STEP);
      var hold = filter.ranges().own(start, limit);
      try {
        for (long at = start; at < limit; ) {
          Extent there = target.status(at, limit - at, StatusDetail.ZEROES);
          if (!there.zero()) {
            target.writeZeroes(at, there.length(), RequestFlags.MAY_UNMAP);
          }
          at += there.length();
        }
        end = limit;
      } finally {
        filter.ranges().leave(hold);
      }
    }
  }

  private void markAbove(JobControl control, @Nullable BlockNode base) throws BlockException {
    for (long at = 0; at < dirty.length(); ) {
      control.checkpoint();
      var step = new MarkStep(base, at);
      access.inside(step::run);
      at = step.end;
    }
  }

  private final class MarkStep {
    private final @Nullable BlockNode base;
    private final long start;
    private long end;

    MarkStep(@Nullable BlockNode base, long start) {
      this.base = base;
      this.start = start;
      this.end = start;
    }

    void run() throws BlockException {
      long limit = Math.min(dirty.length(), start + STEP);
      Extent extent =
          ChainWalk.within(plan.source(), base, StatusDetail.ALLOCATION)
              .at(start, limit - start)
              .extent();
      end = start + extent.length();
      if (extent.allocated()) {
        dirty.mark(start, extent.length());
      }
    }
  }
}
