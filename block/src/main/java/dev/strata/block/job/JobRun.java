// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.job;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import org.jspecify.annotations.Nullable;

/** A job from its beginning to its end, on a thread of its own. */
final class JobRun implements JobControl {
  private static final long MAX_SLEEP_MILLIS = 3_600_000;
  private static final long SLICE_NANOS = 100_000_000; // how long what may be spent is saved up

  /** A part of a job's life. */
  private interface Step {
    void run() throws BlockException;
  }

  private final JobRegistry registry;
  private final JobListener listener;
  private final Job job;
  private final JobGroup group;
  private double
      owedBytes; // of what was charged; negative if more is saved up; the registry's lock
  private long settledNanos = System.nanoTime(); // when that was so; the registry's lock

  JobRun(JobRegistry registry, JobListener listener, Job job) {
    this.registry = registry;
    this.listener = listener;
    this.job = job;
    this.group = job.group;
  }

  /** All of it. */
  void work() {
    boolean counts =
        attempt(this::begin)
            && awaitLeave()
            && attempt(job::prepare)
            && awaitOthers(Job.Stage.PREPARED)
            && attempt(job::commit);
    if (!counts) {
      synchronized (registry) {
        awaitAnswer();
        group.fail();
        registry.enter(job, JobStatus.ABORTING);
      }
      job.abort();
    }
    attempt(job::clean);
    synchronized (registry) {
      listener.ended(job, registry.progress(job), !counts && job.failure == null);
      if (!counts && job.failure == null) {
        job.failure = BlockException.of(Errno.ECANCELED); // to whoever asks what became of it
      }
      registry.enter(job, JobStatus.CONCLUDED);
      if (job.settings().autoDismiss()) {
        registry.forget(job);
      }
    }
  }

  private void begin() throws BlockException {
    synchronized (registry) {
      awaitAnswer();
    }
    job.run(this);
  }

  /** Waits while a command that the job has to do with is not answered. */
  private void awaitAnswer() {
    while (job.holds > 0) {
      registry.sleep(0);
    }
  }

  private boolean attempt(Step step) {
    BlockException failure;
    try {
      step.run();
      return true;
    } catch (BlockException e) {
      failure = e;
    } catch (RuntimeException | OutOfMemoryError e) {
      // A job's thread has nobody above it who could tell: the user has to hear of it.
      failure = new BlockException(Errno.EIO, "Job failed: " + e).causedBy(e);
    }
    synchronized (registry) {
      if (job.failure == null && !(job.cancelled && failure.errno() == Errno.ECANCELED)) {
        job.failure = failure;
      }
    }
    return false;
  }

  /** Nobody sees the job wait who has nothing to wait for. */
  private boolean awaitLeave() {
    synchronized (registry) {
      return awaitOthers(Job.Stage.DONE) && awaitFinalization();
    }
  }

  private boolean awaitOthers(Job.Stage stage) {
    synchronized (registry) {
      awaitAnswer();
      job.busy = false;
      job.stage = stage;
      if (stage == Job.Stage.DONE) {
        registry.enter(job, JobStatus.WAITING);
      }
      registry.notifyAll();
      boolean mayBeCancelled = stage == Job.Stage.DONE; // later, others of the group may count
      while (!group.allHave(stage) && !group.failed && !(mayBeCancelled && job.cancelled)) {
        registry.sleep(0);
      }
      return !group.failed && !(mayBeCancelled && job.cancelled);
    }
  }

  private boolean awaitFinalization() {
    synchronized (registry) {
      if (group.failed) {
        return false;
      }
      registry.enter(job, JobStatus.PENDING);
      if (!job.settings().autoFinalize()) {
        listener.pending(job);
      }
      while (!group.finalized && !group.finalizesItself() && !group.failed && !job.cancelled) {
        registry.sleep(0);
      }
      return group.finalized || (!group.failed && !job.cancelled);
    }
  }

  // What the job asks

  @Override
  public void checkpoint() throws BlockException {
    synchronized (registry) {
      while (job.userPaused && !job.cancelled) {
        JobStatus before = job.status;
        registry.enter(job, before == JobStatus.READY ? JobStatus.STANDBY : JobStatus.PAUSED);
        job.busy = false;
        while (!job.status.isAtWork() && !job.cancelled) {
          registry.sleep(0);
        }
        job.busy = true;
        if (!job.status.isAtWork()) {
          registry.enter(job, before);
        }
        awaitAnswer();
      }
      awaitAnswer();
      if (job.cancelled) {
        throw BlockException.of(Errno.ECANCELED);
      }
    }
  }

  @Override
  public void pass(long bytes) throws BlockException {
    synchronized (registry) {
      advance(bytes);
    }
    checkpoint();
  }

  private void advance(long bytes) {
    job.current = Math.addExact(job.current, bytes);
    job.remaining = Math.max(0, job.remaining - bytes);
  }

  @Override
  public void spend(long bytes) throws BlockException {
    synchronized (registry) {
      advance(bytes);
      charge(bytes);
      awaitAllowance();
    }
    checkpoint();
  }

  @Override
  public void charge(long bytes) {
    synchronized (registry) {
      settle();
      if (job.speed > 0) {
        owedBytes += bytes;
      }
    }
  }

  /** Pays by the time that has passed, at the speed that is wanted now. */
  private void settle() {
    long now = System.nanoTime();
    double speed = job.speed; // in bytes a second
    double allowed = speed * (now - settledNanos) / 1e9;
    double saved = speed * SLICE_NANOS / 1e9;
    owedBytes = Math.max(owedBytes - allowed, -saved);
    if (job.speed == 0) {
      owedBytes = 0;
    }
    settledNanos = now;
  }

  @Override
  public boolean isAhead() {
    synchronized (registry) {
      settle();
      return owedBytes > 0 && !interrupted();
    }
  }

  @Override
  public void awaitAllowance() {
    synchronized (registry) {
      while (isAhead()) {
        job.busy = false;
        registry.sleep(Math.clamp((long) (owedBytes / job.speed * 1000), 1, MAX_SLEEP_MILLIS));
      }
      if (!job.userPaused) {
        job.busy = true; // otherwise whoever paused it waits for the next checkpoint
      }
    }
  }

  @Override
  public boolean interrupted() {
    synchronized (registry) {
      return job.cancelled || job.userPaused;
    }
  }

  @Override
  public void progress(long done, long remaining) {
    synchronized (registry) {
      job.current = done;
      job.remaining = remaining;
    }
  }

  @Override
  public void remaining(long bytes) {
    synchronized (registry) {
      job.remaining = bytes;
    }
  }

  @Override
  public void ready() {
    synchronized (registry) {
      if (!job.ready) {
        job.ready = true;
        job.busy = false; // what there was to do is done
        registry.enter(job, JobStatus.READY);
        listener.ready(job, registry.progress(job));
      }
    }
  }

  @Override
  public @Nullable JobEnding ending() {
    synchronized (registry) {
      return job.ending;
    }
  }

  @Override
  public void idle(long milliseconds) throws BlockException {
    synchronized (registry) {
      job.busy = false;
      if (!job.cancelled && !job.userPaused && job.ending == null) {
        registry.sleep(milliseconds);
      }
      checkpoint();
      job.busy = true;
    }
  }

  @Override
  public ErrorAction failed(boolean write, BlockException failure, OnError policy) {
    ErrorAction action = policy.actionFor(failure.errno());
    synchronized (registry) {
      if (action == ErrorAction.STOP) {
        job.userPaused = true;
        if (job.ioStatus == IoStatus.OK) {
          job.ioStatus = failure.errno() == Errno.ENOSPC ? IoStatus.NOSPACE : IoStatus.FAILED;
        }
      }
      listener.failed(job, write, action);
    }
    return action;
  }
}
