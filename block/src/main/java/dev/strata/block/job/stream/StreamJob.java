// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.job.stream;

import dev.strata.block.BlockException;
import dev.strata.block.Extent;
import dev.strata.block.StatusDetail;
import dev.strata.block.driver.BackingReference;
import dev.strata.block.driver.CopyUp;
import dev.strata.block.driver.DriverKind;
import dev.strata.block.driver.Permissions;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockGraph;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.ChainEdit;
import dev.strata.block.graph.ChainWalk;
import dev.strata.block.graph.Edge;
import dev.strata.block.job.ErrorAction;
import dev.strata.block.job.Job;
import dev.strata.block.job.JobControl;
import dev.strata.block.job.JobSettings;
import dev.strata.block.job.LayerHold;
import dev.strata.block.job.OnError;
import dev.strata.block.option.BlockOptions;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Copies what lies between an image and a layer below it up into the image. Ended at any moment it
 * leaves an image that reads as it did: the backing file changes when all is copied.
 */
public final class StreamJob extends Job {
  private static final long STEP = 512 << 10; // writers wait for so much to be copied
  private static final long MAX_STATUS = 1L << 30;

  /**
   * What is to be done.
   *
   * @param top that takes over, an image with backing files
   * @param base the layer that is left below it, or null for none
   * @param backingFile how the image is to name the base, or null to choose
   * @param onError what a request that fails comes to
   * @param filterName what the filter over the image is called, or null
   */
  public record Plan(
      BlockNode top,
      @Nullable BlockNode base,
      @Nullable String backingFile,
      OnError onError,
      @Nullable String filterName) {

    /** The image and all between it and the base: nobody may take them away. */
    public List<BlockNode> layers() {
      var found = new ArrayList<BlockNode>();
      BlockNode bottom = base == null ? null : base.skipFilters();
      BlockNode node = top;
      found.add(node);
      for (Edge edge = node.backing();
          edge != null && edge.node().skipFilters() != bottom;
          edge = node.backing()) {
        node = edge.node().skipFilters();
        found.add(node);
      }
      return found;
    }
  }

  private final Plan plan;
  private final BlockGraph graph;
  private final BlockNode filter;
  private final CopyUp copyUp;
  private final BlockBackend access;
  private final boolean wasWritable;
  private final List<BlockBackend> holds; // of the layers between
  private final BlockNode aboveBase; // whatever the base is: another job's filter may leave
  private @Nullable BlockException ignored;

  private StreamJob(
      JobSettings settings,
      Plan plan,
      List<BlockNode> nodes,
      BlockNode filter,
      CopyUp copyUp,
      BlockBackend access,
      boolean wasWritable,
      List<BlockBackend> holds) {
    super("stream", settings, nodes);
    this.plan = plan;
    this.graph = plan.top().graph();
    this.filter = filter;
    this.copyUp = copyUp;
    this.access = access;
    this.wasWritable = wasWritable;
    this.holds = holds;
    BlockNode above = plan.top();
    for (BlockNode node = below(above); node != null && node != plan.base(); node = below(node)) {
      above = node;
    }
    this.aboveBase = above;
  }

  private static @Nullable BlockNode below(BlockNode node) {
    if (node.kind() == DriverKind.FILTER && !node.edges().isEmpty()) {
      return node.edges().getFirst().node();
    }
    Edge backing = node.backing();
    return backing == null ? null : backing.node();
  }

  /** What is left below, as it is now; null if nothing is. */
  private @Nullable BlockNode base() {
    return plan.base() == null ? null : below(aboveBase);
  }

  /** Puts the filter over the image. */
  public static StreamJob of(JobSettings settings, Plan plan) throws BlockException {
    return of(settings, plan, () -> {});
  }

  /**
   * Puts the filter over the image.
   *
   * @param refused told if somebody does with the layers what the job cannot do with
   */
  public static StreamJob of(JobSettings settings, Plan plan, Runnable refused)
      throws BlockException {
    BlockNode top = plan.top();
    BlockGraph graph = top.graph();
    boolean wasWritable = top.flags().writable();
    if (!wasWritable) {
      graph.makeWritable(top, true);
    }
    BlockNode filter = null;
    var holds = new ArrayList<BlockBackend>();
    try {
      var options = BlockOptions.of("driver", "copy-on-read");
      if (plan.filterName() != null) {
        options.put("node-name", plan.filterName());
      }
      filter = inserted(top, options);
      CopyUp copyUp =
          filter
              .capability(CopyUp.class)
              .orElseThrow(() -> new IllegalStateException("the filter does not copy"));
      copyUp.onDemandOnly();
      BlockBackend access = graph.use(filter, "", Permissions.NONE);
      List<BlockNode> nodes = plan.layers();
      hold(nodes, settings, holds, refused);
      nodes.add(filter);
      return new StreamJob(settings, plan, nodes, filter, copyUp, access, wasWritable, holds);
    } catch (BlockException e) {
      release(holds);
      if (filter != null) {
        graph.removeFilter(filter);
      }
      if (!wasWritable) {
        graph.makeWritable(top, false);
      }
      throw e;
    }
  }

  private static BlockNode inserted(BlockNode top, BlockOptions options) throws BlockException {
    try {
      boolean named = options.has("node-name");
      BlockNode filter = top.graph().insertFilter(top, options);
      if (!named) {
        filter.makeImplicit();
      }
      return filter;
    } catch (BlockException e) {
      throw e.during("Could not create node");
    }
  }

  private static void hold(
      List<BlockNode> layers, JobSettings settings, List<BlockBackend> holds, Runnable refused)
      throws BlockException {
    try {
      for (BlockNode layer : layers.subList(1, layers.size())) {
        holds.add(LayerHold.unwritten(layer, "stream", settings.id()));
      }
    } catch (BlockException e) {
      refused.run();
      throw e;
    }
  }

  private static void release(List<BlockBackend> holds) throws BlockException {
    while (!holds.isEmpty()) {
      holds.removeFirst().close();
    }
  }

  @Override
  protected void run(JobControl control) throws BlockException {
    Edge backing = plan.top().backing();
    if (backing == null || plan.layers().size() == 1) {
      return; // there is nothing between
    }
    long length = plan.top().length();
    control.remaining(length);
    for (long at = 0; at < length; ) {
      control.checkpoint();
      at += step(control, at, length);
    }
    if (ignored != null) {
      throw ignored;
    }
  }

  /** Deals with the bytes at {@code at}; answers how many. */
  private long step(JobControl control, long at, long length) throws BlockException {
    var part = new Part();
    try {
      access.inside(() -> part.copy(at, length));
    } catch (BlockException e) {
      ErrorAction action = control.failed(false, e, plan.onError());
      switch (action) {
        case REPORT -> throw e;
        case STOP -> {
          return 0; // tried again once it is resumed
        }
        case IGNORE -> {
          ignored = ignored == null ? e : ignored;
          part.length = Math.max(part.length, Math.min(STEP, length - at));
        }
      }
    }
    if (part.copied) {
      control.spend(part.length);
    } else {
      control.pass(part.length);
    }
    return part.length;
  }

  /** A run of bytes that one layer holds. */
  private final class Part {
    long length;
    boolean copied;

    /** Inside the gate: the chain is what it is. */
    void copy(long at, long end) throws BlockException {
      Edge backing = plan.top().backing();
      long below = backing == null ? 0 : backing.node().length();
      if (backing == null || at >= below) {
        // Zeroes, that a base which is longer than what is over it would no longer give.
        BlockNode base = base();
        copied = base != null && at < base.length();
        length = copied ? Math.min(end - at, STEP) : end - at;
        if (copied) {
          copyUp.copyUp(at, length);
        }
        return;
      }
      Extent extent =
          ChainWalk.within(backing.node(), base(), StatusDetail.ALLOCATION)
              .at(at, Math.min(MAX_STATUS, below - at))
              .extent();
      copied = extent.allocated();
      length = copied ? Math.min(extent.length(), STEP - at % STEP) : extent.length();
      if (copied) {
        copyUp.copyUp(at, length);
      }
    }
  }

  @Override
  protected void prepare() throws BlockException {
    BlockNode top = plan.top();
    if (top.backing() == null) {
      return;
    }
    access.flush();
    // A commit below may take its filter away: the base is one while it is looked at and attached.
    synchronized (graph) {
      BlockNode base = base();
      BackingReference reference = null;
      if (base != null) {
        String name = plan.backingFile();
        BlockNode image = base.skipFilters();
        reference =
            new BackingReference(name == null ? image.filename() : name, image.driverName());
      }
      // The header first: should the machine stop here, the image reads the same above either.
      ChainEdit.nameBacking(top, reference);
      graph.changeBacking(top, base);
    }
  }

  @Override
  protected void clean() throws BlockException {
    try (access) {
      release(holds);
      graph.removeFilter(filter);
    } finally {
      if (!wasWritable) {
        graph.makeWritable(plan.top(), false);
      }
    }
  }
}
