// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.job.commit;

import dev.strata.block.BlockException;
import dev.strata.block.BufferPool;
import dev.strata.block.Extent;
import dev.strata.block.IoVector;
import dev.strata.block.RequestFlags;
import dev.strata.block.StatusDetail;
import dev.strata.block.driver.BackingReference;
import dev.strata.block.driver.Permission;
import dev.strata.block.driver.Permissions;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockGraph;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.ChainEdit;
import dev.strata.block.graph.ChainWalk;
import dev.strata.block.job.Job;
import dev.strata.block.job.JobControl;
import dev.strata.block.job.JobSettings;
import dev.strata.block.job.LayerHold;
import dev.strata.block.option.BlockOptions;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;

/**
 * Moves what layers below an overlay hold down into one below them, and has the overlay stand on
 * that. Ended at any moment it leaves overlays that read as they did: what is written is what they
 * read there already.
 */
public final class CommitJob extends Job {
  private static final long STEP = 512 << 10;
  private static final long MAX_STATUS = 1L << 30;
  private static final long RETRY_MILLIS = 100;
  private static final Permissions WRITES =
      new Permissions(
          EnumSet.of(Permission.CONSISTENT_READ, Permission.WRITE, Permission.RESIZE),
          EnumSet.of(Permission.CONSISTENT_READ, Permission.WRITE_UNCHANGED));

  private final CommitPlan plan;
  private final BlockGraph graph;
  private final CommitTarget target;
  private final BlockNode filter;
  private final List<BlockBackend> users = new ArrayList<>(); // the job's thread, once it runs
  private final BlockBackend from;
  private final BlockBackend to;

  private CommitJob(JobSettings settings, CommitPlan plan, CommitTarget target, BlockNode filter)
      throws BlockException {
    super("commit", settings, plan.held());
    this.plan = plan;
    this.graph = plan.top().graph();
    this.target = target;
    this.filter = filter;
    try {
      this.from = used(graph.use(plan.top(), "", Permissions.NONE));
      for (BlockNode layer : plan.between()) {
        used(LayerHold.unread(layer, "commit", settings.id()));
      }
      this.to = used(graph.use(plan.base(), "", WRITES));
    } catch (BlockException e) {
      closeUsers();
      throw e;
    }
  }

  private BlockBackend used(BlockBackend backend) {
    users.add(backend);
    return backend;
  }

  private void closeUsers() throws BlockException {
    while (!users.isEmpty()) {
      users.removeLast().close();
    }
  }

  /** Prepares the base and puts the filter over the top. */
  public static CommitJob of(JobSettings settings, CommitPlan plan) throws BlockException {
    BlockGraph graph = plan.top().graph();
    CommitTarget target = CommitTarget.open(plan.base());
    BlockNode filter = null;
    try {
      var options = new BlockOptions();
      if (plan.filterName() != null) {
        options.put("node-name", plan.filterName());
      }
      filter = graph.insertFilter(plan.top(), CommitFilter.driver(), options);
      if (plan.filterName() == null) {
        filter.makeImplicit();
      }
      target.grow(plan.top().length());
      return new CommitJob(settings, plan, target, filter);
    } catch (BlockException e) {
      if (filter != null) {
        graph.removeFilter(filter);
      }
      target.restore();
      throw e;
    }
  }

  @Override
  protected void run(JobControl control) throws BlockException {
    long length = from.length();
    control.remaining(length);
    // None of these layers is written by anybody else.
    var walk = new ChainWalk(from, plan.base(), StatusDetail.ZEROES);
    try (BufferPool.Buffer buffer = graph.buffers().acquire(STEP)) {
      for (long at = 0; at < length; ) {
        control.checkpoint();
        at += step(control, walk, buffer, at, length);
      }
    }
  }

  /** Deals with the bytes at {@code at}; answers how many, none if they are to be tried again. */
  private long step(
      JobControl control, ChainWalk walk, BufferPool.Buffer buffer, long at, long length)
      throws BlockException {
    boolean writes = false;
    boolean allocated;
    long part;
    try {
      Extent extent = walk.at(at, Math.min(MAX_STATUS, length - at)).extent();
      allocated = extent.allocated();
      part = extent.length();
      if (allocated && extent.zero()) {
        writes = true;
        to.writeZeroes(at, part, RequestFlags.MAY_UNMAP);
      } else if (allocated) {
        part = Math.min(part, STEP - at % STEP);
        IoVector data = buffer.vector(part);
        from.read(at, data, 0);
        writes = true;
        to.write(at, data, 0);
      }
    } catch (BlockException e) {
      switch (control.failed(writes, e, plan.onError())) {
        case REPORT -> throw e;
        case IGNORE -> control.idle(RETRY_MILLIS);
        case STOP -> {} // until it is resumed, at the next checkpoint
      }
      return 0;
    }
    if (allocated) {
      control.spend(part);
    } else {
      control.pass(part);
    }
    return part;
  }

  @Override
  protected void prepare() throws BlockException {
    to.flush();
    BlockNode base = plan.base();
    String name = plan.backingFile() == null ? base.filename() : plan.backingFile();
    var reference = new BackingReference(name, base.driverName());
    closeUsers();
    // A stream above may be about to change who the overlays are.
    synchronized (graph) {
      for (BlockNode overlay : ChainEdit.overlays(filter)) {
        // The base reads as the top does: should the machine stop between, either is right.
        ChainEdit.nameBacking(overlay, reference);
      }
      ChainEdit.replace(filter, base);
    }
  }

  @Override
  protected void clean() throws BlockException {
    closeUsers();
    try {
      if (graph.find(filter.name()) == filter) {
        graph.removeFilter(filter);
      }
    } finally {
      target.restore();
    }
  }
}
