// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.job.backup;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.RequestFlags;
import dev.strata.block.StatusDetail;
import dev.strata.block.bitmap.DirtyBitmap;
import dev.strata.block.driver.Permissions;
import dev.strata.block.driver.PointInTimeCopy;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockGraph;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.ChainWalk;
import dev.strata.block.job.Job;
import dev.strata.block.job.JobControl;
import dev.strata.block.job.JobSettings;
import dev.strata.block.option.BlockOptions;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Copies a disk as it is when the job is made. Ended at any moment it leaves the disk as it is, and
 * a target that is worth nothing, unless its bitmap is to say always what was copied.
 */
public final class BackupJob extends Job {
  private static final long WATCH_MILLIS = 1000; // how often a job that only watches tells of it

  private final BackupPlan plan;
  private final BlockGraph graph;
  private final BlockNode filter;
  private final PointInTimeCopy copy;
  private final BlockBackend access; // through which the graph knows of the copies in flight
  private boolean removed;

  private BackupJob(JobSettings settings, BackupPlan plan, BlockNode filter, PointInTimeCopy copy)
      throws BlockException {
    // Not the source: another job may work with it, below the filter or above.
    super("backup", settings, List.of(filter, plan.target()));
    this.plan = plan;
    this.graph = plan.source().graph();
    this.filter = filter;
    this.copy = copy;
    this.access = graph.use(filter, "", Permissions.NONE);
  }

  /** Carries the job out of the lambda that makes it. */
  private static final class Beginning {
    private @Nullable BackupJob job;
  }

  /**
   * Puts the filter over the source: the backup is of this moment. No request is in flight then:
   * what is written before is in the bitmap and copied, what is written after is neither.
   */
  public static BackupJob of(JobSettings settings, BackupPlan plan) throws BlockException {
    if (plan.source() == plan.target()) {
      throw new BlockException(Errno.EINVAL, "Source and target cannot be the same");
    }
    if (plan.compress()
        && !RequestFlags.has(plan.target().limits().writeFlags(), RequestFlags.COMPRESSED)) {
      // The reference ends this with the name of a guest's device.
      throw new BlockException(Errno.EOPNOTSUPP, "Compression is not supported for this drive ");
    }
    if (plan.source().length() != plan.target().length()) {
      throw new BlockException(Errno.EINVAL, "Source and target image have different sizes");
    }
    var beginning = new Beginning();
    BlockGraph graph = plan.source().graph();
    graph.quiesced(
        List.of(plan.source(), plan.target()),
        () -> {
          BlockNode filter = graph.insertFilter(plan.source(), options(plan));
          try {
            beginning.job = begin(settings, plan, filter);
          } catch (BlockException e) {
            graph.removeFilter(filter);
            throw e;
          }
        });
    return Objects.requireNonNull(beginning.job);
  }

  private static BlockOptions options(BackupPlan plan) {
    var options = BlockOptions.of("driver", "copy-before-write", "target", plan.target().name());
    if (plan.filterName() != null) {
      options.put("node-name", plan.filterName());
    }
    DirtyBitmap bitmap = plan.bitmap();
    if (bitmap != null && plan.sync() == BackupPlan.Sync.BITMAP) {
      options.put("bitmap.node", plan.source().name());
      options.put("bitmap.name", bitmap.name());
    }
    return options;
  }

  private static BackupJob begin(JobSettings settings, BackupPlan plan, BlockNode filter)
      throws BlockException {
    PointInTimeCopy copy =
        filter
            .capability(PointInTimeCopy.class)
            .orElseThrow(() -> new IllegalStateException("the filter does not copy"));
    if (plan.maxChunk() > 0 && plan.maxChunk() < copy.clusterSize()) {
      throw new BlockException(
          Errno.EINVAL,
          "Required max-chunk ("
              + plan.maxChunk()
              + ") is less than backup cluster size ("
              + copy.clusterSize()
              + ")");
    }
    copy.prepare(
        (offset, length) ->
            ChainWalk.within(plan.source(), null, StatusDetail.ZEROES).at(offset, length).extent(),
        plan.compress(),
        plan.sync() == BackupPlan.Sync.TOP);
    var job = new BackupJob(settings, plan, filter, copy);
    DirtyBitmap bitmap = plan.bitmap();
    if (bitmap != null) {
      bitmap.split();
      bitmap.busy(true);
    }
    return job;
  }

  // The copy

  @Override
  protected void run(JobControl control) throws BlockException {
    control.progress(0, copy.toCopy());
    switch (plan.sync()) {
      case NONE -> watch(control);
      case TOP -> {
        skipBacked(control);
        copyAll(control);
      }
      case FULL, BITMAP -> copyAll(control);
    }
  }

  /** Until it is cancelled. */
  private void watch(JobControl control) throws BlockException {
    while (true) {
      control.progress(copy.copied(), copy.toCopy());
      control.idle(WATCH_MILLIS);
    }
  }

  private final class Skip {
    private long at;

    void run() throws BlockException {
      at = copy.skipBacked(at);
    }
  }

  private void skipBacked(JobControl control) throws BlockException {
    var skip = new Skip();
    while (skip.at < plan.source().length()) {
      control.checkpoint();
      access.inside(skip::run);
      control.progress(copy.copied(), copy.toCopy());
    }
  }

  private void copyAll(JobControl control) throws BlockException {
    try (var copying = new Copying(plan, copy, access, control)) {
      copying.run();
    }
  }

  // The end

  /** What counts as a backup survives a power cut. */
  @Override
  protected void prepare() throws BlockException {
    flushTarget();
  }

  private void flushTarget() throws BlockException {
    try (BlockBackend disk = graph.use(plan.target(), "", Permissions.NONE)) {
      disk.flush();
    }
  }

  @Override
  protected void commit() throws BlockException {
    remove(); // may fail: the bitmap is then as the mode says of a backup that did
    DirtyBitmap bitmap = plan.bitmap();
    if (bitmap != null) {
      if (plan.bitmapMode() == BackupPlan.BitmapMode.NEVER) {
        bitmap.join();
      } else {
        bitmap.replace();
      }
      bitmap.busy(false);
    }
  }

  @Override
  protected void abort() {
    DirtyBitmap bitmap = plan.bitmap();
    if (bitmap != null) {
      if (plan.bitmapMode() == BackupPlan.BitmapMode.ALWAYS && isTargetSafe()) {
        bitmap.replace();
        copy.markRest(bitmap);
      } else {
        bitmap.join();
      }
      bitmap.busy(false);
    }
    try {
      remove();
    } catch (BlockException e) {
      // The filter is out all the same; what a target that is worth nothing says does not matter.
      removed = true;
    }
  }

  /** Only what is on stable storage may be called copied. */
  private boolean isTargetSafe() {
    try {
      flushTarget();
      return true;
    } catch (BlockException e) {
      return false; // what was dirty stays so
    }
  }

  private void remove() throws BlockException {
    if (!removed) {
      removed = true;
      try (access) {
        graph.removeFilter(filter);
      }
    }
  }
}
