// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.job.mirror;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.bitmap.DirtyBitmap;
import dev.strata.block.driver.Permission;
import dev.strata.block.driver.Permissions;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockGraph;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.ChainEdit;
import dev.strata.block.job.ErrorAction;
import dev.strata.block.job.Job;
import dev.strata.block.job.JobControl;
import dev.strata.block.job.JobEnding;
import dev.strata.block.job.JobFilterFactory;
import dev.strata.block.job.JobSettings;
import dev.strata.block.job.LayerHold;
import dev.strata.block.job.RequestsInFlight;
import dev.strata.block.option.BlockOptions;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Copies a disk to another one while it is written, keeps both equal, and in the end has the users
 * of the one use the other. Ended before that it leaves the disk as it is.
 */
public final class MirrorJob extends Job {
  private static final long STEP = 1 << 20; // of data, between two looks at what the user wants
  private static final long MAX_ZEROES = 1L << 30; // the same, of zeroes
  private static final long RETRY_MILLIS = 100;
  private static final long IDLE_MILLIS = 100;
  private static final Permissions READS =
      new Permissions(
          EnumSet.of(Permission.CONSISTENT_READ),
          EnumSet.of(Permission.CONSISTENT_READ, Permission.WRITE, Permission.WRITE_UNCHANGED));

  private final MirrorPlan plan;
  private final BlockGraph graph;
  private final BlockNode filterNode;
  private final MirrorFilter filter;
  private final BlockBackend access;
  private final List<BlockBackend> holds = new ArrayList<>(); // the job's thread, once it runs
  private final RangeCopy copy;
  private final Preparation preparation;
  private @Nullable JobEnding ending; // the job's thread alone
  private boolean ready; // the job's thread alone
  private boolean replaced; // the job's thread alone
  private boolean failed; // since the last pass began; the job's thread alone
  private long done; // bytes, the job's thread alone
  private long inFlight; // bytes, the job's thread alone
  private final int atOnce;

  /** What has to be done to a target that is not used as it is. */
  public interface Preparation {
    /** For a target that is. */
    Preparation NONE =
        new Preparation() {
          @Override
          public void complete() {}

          @Override
          public void undo() {}
        };

    /** Does what needs the filter to be in its place. */
    void complete() throws BlockException;

    /** Undoes all: the target does not take its place. */
    void undo() throws BlockException;
  }

  private MirrorJob(
      JobSettings settings,
      MirrorPlan plan,
      List<BlockNode> nodes,
      BlockNode filterNode,
      MirrorFilter filter,
      BlockBackend access,
      Preparation preparation) {
    super(plan.type(), settings, nodes);
    this.plan = plan;
    this.graph = plan.source().graph();
    this.filterNode = filterNode;
    this.filter = filter;
    this.access = access;
    this.preparation = preparation;
    long data = Math.max(512, Math.min(STEP, plan.bufferBytes()) & -512L);
    this.atOnce = Math.clamp(plan.bufferBytes() / data, 1, RequestsInFlight.MAX);
    this.copy = new RangeCopy(plan, filter, graph.buffers(), data);
    filter.copy(copy);
  }

  /**
   * Puts the filter over the source: from now on no write is missed.
   *
   * @param nodes that nobody may take away meanwhile
   * @param between layers that nobody may read meanwhile: they show neither the old nor the new
   * @param preparation of the target; undone too if this throws
   */
  public static MirrorJob of(
      JobSettings settings,
      MirrorPlan plan,
      List<BlockNode> nodes,
      List<BlockNode> between,
      Preparation preparation)
      throws BlockException {
    BlockGraph graph = plan.source().graph();
    var driver =
        new JobFilterFactory<>(
            plan.isCommit() ? "commit_top" : "mirror_top",
            context -> MirrorFilter.open(context, plan));
    var options = BlockOptions.of("target", plan.target().name());
    if (plan.filterName() != null) {
      options.put("node-name", plan.filterName());
    }
    BlockNode node = null;
    try {
      node = graph.insertFilter(plan.source(), driver, options);
      if (plan.filterName() == null) {
        node.makeImplicit();
      }
      BlockBackend access = graph.use(node, "", READS);
      var all = new ArrayList<>(nodes);
      all.add(node);
      var job = new MirrorJob(settings, plan, all, node, driver.filter(), access, preparation);
      try {
        job.hold(between);
        preparation.complete();
        return job;
      } catch (BlockException e) {
        job.closeHolds();
        access.close();
        throw e;
      }
    } catch (BlockException e) {
      if (node != null) {
        driver.filter().ended(true);
        graph.removeFilter(node);
      }
      preparation.undo();
      throw e;
    }
  }

  private void hold(List<BlockNode> between) throws BlockException {
    holds.add(graph.use(plan.target(), "", Permissions.NONE)); // nobody else may take it away
    for (BlockNode node : between) {
      holds.add(LayerHold.unread(node, type(), id()));
    }
  }

  // The copy

  @Override
  protected void run(JobControl control) throws BlockException {
    if (!plan.isCommit() && plan.source().length() != plan.target().length()) {
      throw new BlockException(Errno.EINVAL, "Source and target image have different sizes");
    }
    new FirstPass(plan, filter, access).mark(control);
    control.progress(0, filter.dirty().count());
    try (var parts = new RequestsInFlight<Part>("mirror", atOnce)) {
      copyUntilTheEnd(control, parts);
    }
  }

  /**
   * Goes over the disk again and again. Parts in flight never overlap: before it begins anew all
   * are waited for.
   */
  private void copyUntilTheEnd(JobControl control, RequestsInFlight<Part> parts)
      throws BlockException {
    DirtyBitmap dirty = filter.dirty();
    long at = 0;
    boolean firstPass = true;
    while (true) {
      if (control.interrupted()) {
        awaitAll(control, parts);
      }
      control.checkpoint();
      reportWriter(control);
      for (Part part = parts.take(); part != null; part = parts.take()) {
        finish(control, part);
      }
      OptionalLong next = failed ? OptionalLong.empty() : dirty.nextDirty(at, dirty.length());
      if (next.isPresent() && control.isAhead()) {
        awaitAll(control, parts);
        control.awaitAllowance();
        continue;
      }
      if (next.isPresent()) {
        at = begin(control, parts, next.getAsLong());
        continue;
      }
      awaitAll(control, parts);
      if (failed) {
        failed = false;
        control.idle(RETRY_MILLIS); // or until it is resumed
        at = 0;
        continue;
      }
      if (firstPass) {
        firstPass = false;
        filter.mode(MirrorFilter.Mode.BOTH); // from here on what is dirty only gets less
      }
      if (at > 0) {
        at = 0;
      } else if (isAtEnd(control)) {
        return;
      }
    }
  }

  private void awaitAll(JobControl control, RequestsInFlight<Part> parts) throws BlockException {
    for (Part part = parts.await(); part != null; part = parts.await()) {
      finish(control, part);
    }
  }

  /** Has that dirty byte and some after it copied; answers where to go on. */
  private long begin(JobControl control, RequestsInFlight<Part> parts, long start)
      throws BlockException {
    var part = new Part(start);
    access.inside(part::plan);
    if (!part.zeroes) {
      control.charge(part.end - start);
    }
    while (parts.isFull()) {
      Part done = parts.await();
      if (done != null) {
        finish(control, done);
      }
    }
    inFlight += part.end - start;
    parts.begin(part);
    return part.end;
  }

  private void finish(JobControl control, Part part) throws BlockException {
    long length = part.end - part.start;
    inFlight -= length;
    RangeCopy.Failure failure = part.failure;
    if (failure != null) {
      length -= notCopied(part, failure);
    }
    done += length;
    control.progress(done, filter.dirty().count() + inFlight);
    if (failure != null) {
      failed(control, failure.atTarget(), failure.reason());
    }
  }

  /** Bytes of the grains that are dirty again. */
  private long notCopied(Part part, RangeCopy.Failure failure) {
    long grain = filter.dirty().granularity();
    long end = Math.min(part.end, failure.end() + grain - 1 & -grain);
    return end - Math.max(part.start, failure.start() & -grain);
  }

  /** Nothing is dirty at the moment; whether that is the end. */
  private boolean isAtEnd(JobControl control) throws BlockException {
    ending = control.ending();
    if (ending != null) {
      if (filter.writesBoth()) {
        return flushTarget(control); // a target that has not got it all is not whole
      }
      filter.mode(MirrorFilter.Mode.BOTH);
      return false;
    }
    if (ready || flushTarget(control)) {
      control.progress(done, 0); // what a writer may have marked since is not of this pass
      filter.mode(MirrorFilter.Mode.BACKGROUND);
      ready = true;
      control.ready();
      control.idle(IDLE_MILLIS);
    }
    return false;
  }

  /** What a writer could not write to the target the job is told of as if it had done so. */
  private void reportWriter(JobControl control) throws BlockException {
    BlockException failure = filter.takeTargetFailure();
    if (failure != null) {
      failed(control, true, failure);
    }
  }

  private boolean flushTarget(JobControl control) throws BlockException {
    try {
      access.inside(() -> filter.target().flush());
      return true;
    } catch (BlockException e) {
      failed(control, true, e);
      return false;
    }
  }

  /** What could not be copied is dirty; the user hears of one of those in flight. */
  private void failed(JobControl control, boolean atTarget, BlockException reason)
      throws BlockException {
    if (!failed) {
      failed = true;
      ErrorAction action =
          control.failed(atTarget, reason, atTarget ? plan.onTargetError() : plan.onSourceError());
      if (action == ErrorAction.REPORT) {
        throw reason;
      }
    }
  }

  /** A run of dirty bytes that is copied in one go. */
  private final class Part implements RequestsInFlight.Request {
    private final long start;
    private long end;
    private boolean zeroes;
    private RangeCopy.@Nullable Failure failure;

    Part(long start) {
      this.start = start;
      this.end = start;
    }

    /** Inside the gate; a source that does not say what it has will say so again when copied. */
    void plan() {
      DirtyBitmap dirty = filter.dirty();
      long granularity = dirty.granularity();
      long limit = dirty.nextClean(start, dirty.length()).orElse(dirty.length());
      end = Math.min(limit, start + Math.max(STEP, granularity));
      try {
        var extent = copy.status(start, Math.min(limit - start, MAX_ZEROES));
        long whole = (start + extent.length()) & -granularity;
        if (extent.zero() && extent.length() >= limit - start) {
          end = limit;
          zeroes = true;
        } else if (extent.zero() && whole > start) {
          end = whole;
          zeroes = true;
        }
      } catch (BlockException e) {
        zeroes = false;
      }
    }

    @Override
    public void run() throws BlockException {
      access.inside(() -> failure = copyAlone(filter, copy, start, end));
    }
  }

  /** Who writes meanwhile marks it again when it is written, or waits. */
  private static RangeCopy.@Nullable Failure copyAlone(
      MirrorFilter filter, RangeCopy copy, long start, long end) {
    var hold = filter.ranges().own(start, end);
    try {
      filter.dirty().reset(start, end - start);
      boolean returned = false;
      try {
        RangeCopy.Failure failure = copy.copy(start, end);
        returned = true;
        if (failure != null) {
          filter.dirty().mark(failure.start(), failure.end() - failure.start());
        }
        return failure;
      } finally {
        if (!returned) {
          filter.dirty().mark(start, end - start);
        }
      }
    } finally {
      filter.ranges().leave(hold);
    }
  }

  // The end

  @Override
  protected void prepare() throws BlockException {
    access.inside(() -> filter.target().flush());
  }

  /**
   * With no request in flight: what was written until now is copied and on stable storage, then the
   * users go over. Should that fail, they stay where they are, with all they wrote.
   */
  @Override
  protected void commit() throws BlockException {
    graph.quiesced(
        List.of(filterNode, plan.target(), plan.replaced()),
        () -> {
          copyRest();
          filter.target().flush();
          closeHolds();
          filter.ended(true);
          try {
            access.change(Permissions.NONE);
            if (ending == JobEnding.COMPLETE) {
              takePlace();
            }
          } catch (BlockException e) {
            filter.ended(false);
            throw e;
          }
        });
  }

  private void takePlace() throws BlockException {
    BlockNode backing = plan.lateBacking();
    if (backing != null) {
      graph.changeBacking(plan.target(), backing);
    }
    try {
      ChainEdit.replace(plan.replaced(), plan.target());
    } catch (BlockException e) {
      if (backing != null) {
        graph.changeBacking(plan.target(), null);
      }
      throw e;
    }
    replaced = true;
  }

  private void copyRest() throws BlockException {
    DirtyBitmap dirty = filter.dirty();
    for (OptionalLong next = dirty.nextDirty(0, dirty.length());
        next.isPresent();
        next = dirty.nextDirty(next.getAsLong(), dirty.length())) {
      long start = next.getAsLong();
      long end = dirty.nextClean(start, dirty.length()).orElse(dirty.length());
      RangeCopy.Failure failure = copyAlone(filter, copy, start, end);
      if (failure != null) {
        throw failure.reason();
      }
    }
  }

  private void closeHolds() throws BlockException {
    while (!holds.isEmpty()) {
      holds.removeLast().close();
    }
  }

  @Override
  protected void clean() throws BlockException {
    filter.ended(true);
    try (access) {
      closeHolds();
      graph.removeFilter(filterNode);
    } finally {
      if (!replaced) {
        preparation.undo();
      }
    }
  }
}
