// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.job.backup;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.driver.Permissions;
import dev.strata.block.driver.PointInTimeCopy;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockGraph;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.job.Job;
import dev.strata.block.job.JobControl;
import dev.strata.block.job.JobSettings;
import dev.strata.block.option.BlockOptions;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Copies a whole disk as it is when the job is made. Cancelled at any moment it leaves the disk as
 * it is, and a target that is worth nothing.
 */
public final class BackupJob extends Job {
  private static final long STEP = 1 << 20; // bytes between two looks at what the user wants

  private final BlockGraph graph;
  private final BlockNode filter;
  private final BlockBackend access; // through which the graph knows of the copy in flight
  private boolean removed;

  private BackupJob(
      JobSettings settings,
      BlockNode source,
      BlockNode target,
      BlockNode filter,
      BlockBackend access) {
    super("backup", settings, List.of(source, target));
    this.graph = source.graph();
    this.filter = filter;
    this.access = access;
  }

  /**
   * Puts the filter over the source: the backup is of this moment.
   *
   * @param filterName what the filter is to be called, or null
   */
  public static BackupJob of(
      JobSettings settings, BlockNode source, BlockNode target, @Nullable String filterName)
      throws BlockException {
    if (source == target) {
      throw new BlockException(Errno.EINVAL, "Source and target cannot be the same");
    }
    if (source.length() != target.length()) {
      throw new BlockException(Errno.EINVAL, "Source and target image have different sizes");
    }
    var options = BlockOptions.of("driver", "copy-before-write", "target", target.name());
    if (filterName != null) {
      options.put("node-name", filterName);
    }
    BlockGraph graph = source.graph();
    BlockNode filter = graph.insertFilter(source, options);
    try {
      BlockBackend access = graph.use(filter, "", Permissions.NONE);
      return new BackupJob(settings, source, target, filter, access);
    } catch (BlockException e) {
      graph.removeFilter(filter);
      throw e;
    }
  }

  @Override
  protected void run(JobControl control) throws BlockException {
    PointInTimeCopy copy =
        filter
            .capability(PointInTimeCopy.class)
            .orElseThrow(() -> new IllegalStateException("the filter does not copy"));
    long length = filter.length();
    control.remaining(length);
    long at = 0;
    while (at < length) {
      control.checkpoint();
      OptionalLong next = copy.nextToCopy(at);
      long start = next.orElse(length);
      long end = Math.min(length, start + STEP);
      if (start < end) {
        access.inside(() -> copy.copyRest(start, end - start));
      }
      control.spend(end - at);
      at = end;
    }
    // Writers copy on their own account: whoever finds nothing to copy may be ahead of one of them.
    access.inside(() -> copy.copyRest(0, length));
  }

  /** What counts as a backup survives a power cut. */
  @Override
  protected void prepare() throws BlockException {
    BlockNode target = nodes().getLast();
    try (BlockBackend disk = graph.use(target, "", Permissions.NONE)) {
      disk.flush();
    }
  }

  @Override
  protected void commit() throws BlockException {
    remove();
  }

  @Override
  protected void abort() {
    try {
      remove();
    } catch (BlockException e) {
      // The filter is out all the same; what a target that is worth nothing says does not matter.
      removed = true;
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
