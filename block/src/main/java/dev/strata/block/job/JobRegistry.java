// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.job;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.option.OptionString;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * All jobs by name, and what users ask of them. Thread-safe. The lock is held for states only,
 * never during work; listeners are told under it, so that they hear things in order.
 */
public final class JobRegistry implements AutoCloseable {
  private final JobListener listener;
  private final Map<String, Job> jobs = new LinkedHashMap<>(); // guarded by this
  private final Map<Thread, Set<Job>> held = new HashMap<>(); // by whom; guarded by this

  /** No jobs yet. */
  public JobRegistry(JobListener listener) {
    this.listener = listener;
  }

  // Commands

  /**
   * What this thread asks of jobs from now on is a command: the jobs that it begins, resumes or
   * ends do nothing more before {@link #answered}, so that nobody hears of what follows from a
   * command before it is answered.
   */
  public synchronized void beginCommand() {
    held.put(Thread.currentThread(), new LinkedHashSet<>());
  }

  /** The command of this thread is answered. */
  public synchronized void answered() {
    Set<Job> all = held.remove(Thread.currentThread());
    if (all != null) {
      for (Job job : all) {
        job.holds--;
      }
      notifyAll();
    }
  }

  private void hold(Job job) {
    Set<Job> own = held.get(Thread.currentThread());
    if (own != null && own.add(job)) {
      job.holds++;
    }
  }

  /** A command that waits for a job lets it go on. */
  private void release(Job job) {
    Set<Job> own = held.get(Thread.currentThread());
    if (own != null && own.remove(job)) {
      job.holds--;
      notifyAll();
    }
  }

  // Beginning

  /**
   * Fails if no new job may have that name.
   *
   * @param id as the user gave it
   */
  public synchronized void checkNew(String id) throws BlockException {
    if (!OptionString.isIdentifier(id)) {
      throw new BlockException(Errno.EINVAL, "Invalid job ID '" + id + "'");
    }
    if (jobs.containsKey(id)) {
      throw new BlockException(Errno.EEXIST, "Job ID '" + id + "' already in use");
    }
  }

  /** Whether a job works with that node. */
  public synchronized boolean isBusy(BlockNode node) {
    for (Job job : jobs.values()) {
      if (job.status != JobStatus.CONCLUDED && job.nodes().contains(node)) {
        return true;
      }
    }
    return false;
  }

  /** Fails if a job works with that node. */
  public synchronized void checkIdle(BlockNode node) throws BlockException {
    for (Job job : jobs.values()) {
      if (job.status != JobStatus.CONCLUDED && job.nodes().contains(node)) {
        throw new BlockException(
            Errno.EBUSY,
            "Node '"
                + node.deviceOrName()
                + "' is busy: block device is in use by block job: "
                + job.type());
      }
    }
  }

  /** Takes up a job that begins later, or is given up. */
  public synchronized void create(Job job) throws BlockException {
    checkNew(job.id());
    jobs.put(job.id(), job);
    listener.statusChanged(job, JobStatus.CREATED);
  }

  /** Tells of a job that there was for a moment only: what it needs is not to be had. */
  public synchronized void failedToBegin(String type, JobSettings settings) {
    var job =
        new Job(type, settings, List.of()) {
          @Override
          protected void run(JobControl control) {}
        };
    listener.statusChanged(job, JobStatus.CREATED);
    listener.statusChanged(job, JobStatus.NULL);
  }

  /** Begins a job; {@link #checkNew} found nothing against it. */
  public synchronized void start(Job job) throws BlockException {
    create(job);
    start(List.of(job), null);
  }

  /**
   * Begins jobs that have been created.
   *
   * @param group that all of them are of; null if each is for itself
   */
  public synchronized void start(List<Job> all, @Nullable JobGroup group) {
    for (Job job : all) {
      if (group != null) {
        job.group = group;
      }
      job.group.join(job);
    }
    for (Job job : all) {
      job.busy = true;
      enter(job, JobStatus.RUNNING);
      hold(job);
      var run = new JobRun(this, listener, job);
      Thread.ofPlatform().daemon().name("job " + job.id()).start(run::work);
    }
  }

  /** Gives up a job that has been created and not begun. */
  public void drop(Job job) throws BlockException {
    synchronized (this) {
      enter(job, JobStatus.ABORTING);
    }
    job.abort();
    try {
      job.clean();
    } finally {
      synchronized (this) {
        enter(job, JobStatus.CONCLUDED);
        forget(job);
      }
    }
  }

  // Looking

  /** All, the newest first. */
  public synchronized List<Job> all() {
    return List.copyOf(jobs.values()).reversed();
  }

  /** The job of that name, or null. */
  public synchronized @Nullable Job find(String id) {
    return jobs.get(id);
  }

  /** How far a job is. */
  public synchronized Job.Progress progress(Job job) {
    return new Job.Progress(
        job.status,
        job.current,
        Math.addExact(job.current, job.remaining),
        job.speed,
        job.userPaused,
        job.busy,
        job.ready,
        job.ioStatus,
        job.failure);
  }

  private Job require(String id, JobVerb verb) throws BlockException {
    Job job = jobs.get(id);
    if (job == null) {
      throw new BlockException(Errno.ENOENT, "Job not found");
    }
    if (!job.status.allows(verb)) {
      throw new BlockException(
          Errno.EPERM,
          "Job '"
              + id
              + "' in state '"
              + job.status.word()
              + "' cannot accept command verb '"
              + verb.word()
              + "'");
    }
    return job;
  }

  // What users ask

  /** Has it stop at its next checkpoint until it is resumed; it has if it was idle. */
  public synchronized void pause(String id) throws BlockException {
    Job job = require(id, JobVerb.PAUSE);
    if (job.userPaused) {
      throw new BlockException(Errno.EPERM, "Job is already paused");
    }
    job.userPaused = true;
    release(job);
    notifyAll();
    // One that only waits for something to do is at a checkpoint already.
    while (!job.busy && job.userPaused && !job.cancelled && job.status.isAtWork()) {
      sleep(0);
    }
  }

  /** Has it go on. */
  public synchronized void resume(String id) throws BlockException {
    Job job = require(id, JobVerb.RESUME);
    if (!job.userPaused) {
      throw new BlockException(Errno.EPERM, "Can't resume a job that was not paused");
    }
    job.ioStatus = IoStatus.OK;
    leavePause(job);
    notifyAll();
  }

  /** A job that stands still is at work again, though it may be held. */
  private void leavePause(Job job) {
    job.userPaused = false;
    hold(job);
    switch (job.status) {
      case PAUSED -> enter(job, JobStatus.RUNNING);
      case STANDBY -> enter(job, JobStatus.READY);
      case CREATED, RUNNING, READY, WAITING, PENDING, ABORTING, CONCLUDED, NULL -> {}
    }
  }

  /** Has a job end at once, if it is not about to. */
  private void cancelNow(Job job) {
    job.cancelled = true;
    leavePause(job);
    if (job.stage != Job.Stage.WORKING) {
      notifyAll();
      awaitEnd(job);
    }
    notifyAll();
  }

  /** Gives it another speed, in bytes a second; 0 for no limit. */
  public synchronized void speed(String id, long speed) throws BlockException {
    require(id, JobVerb.SET_SPEED).speed = speed;
    notifyAll();
  }

  /** Has it end at once, with nothing left of what it did; the others of its group too. */
  public synchronized void cancel(String id) throws BlockException {
    cancelNow(require(id, JobVerb.CANCEL));
  }

  /** Has it end; what one that is ready made is whole then. */
  public synchronized void cancelSoftly(String id) throws BlockException {
    Job job = require(id, JobVerb.CANCEL);
    if (job.ready && job.stage == Job.Stage.WORKING) {
      job.ending = job.ending == null ? JobEnding.CANCEL : job.ending;
      leavePause(job);
      notifyAll();
    } else {
      cancelNow(job);
    }
  }

  /** Has a job that is ready come to its end. */
  public synchronized void complete(String id) throws BlockException {
    Job job = require(id, JobVerb.COMPLETE);
    if (job.cancelled || job.ending == JobEnding.CANCEL) {
      throw new BlockException(
          Errno.EOPNOTSUPP, "The active block job '" + id + "' cannot be completed");
    }
    job.ending = JobEnding.COMPLETE;
    hold(job);
    notifyAll();
  }

  /** Has a job that waits for it make its work count; returns when it has. */
  public synchronized void finish(String id) throws BlockException {
    Job job = require(id, JobVerb.FINALIZE);
    job.group.finalized = true;
    notifyAll();
    awaitEnd(job);
  }

  /** Forgets a job that has ended. */
  public synchronized void dismiss(String id) throws BlockException {
    forget(require(id, JobVerb.DISMISS));
  }

  /**
   * Cancels what still runs, and waits for it. All stand still before the first is cancelled: none
   * goes on while another one's images are taken apart.
   */
  @Override
  public void close() {
    standStill();
    for (Job job : all()) {
      synchronized (this) {
        job.cancelled = true;
        leavePause(job);
        notifyAll();
        awaitEnd(job);
      }
    }
  }

  private synchronized void standStill() {
    for (Job job : all()) {
      if (job.status.isAtWork()) {
        job.userPaused = true;
      }
      release(job);
    }
    notifyAll();
    for (Job job : all()) {
      while (job.status.isAtWork()) {
        sleep(0);
      }
    }
  }

  private void awaitEnd(Job job) {
    release(job);
    while (job.status != JobStatus.CONCLUDED && job.status != JobStatus.NULL) {
      sleep(0);
    }
  }

  /** Until something changes, at most so long; 0 for ever. The caller holds the lock. */
  void sleep(long milliseconds) {
    boolean interrupted = false;
    try {
      wait(milliseconds);
    } catch (InterruptedException e) {
      interrupted = true;
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  void forget(Job job) {
    enter(job, JobStatus.NULL);
    jobs.remove(job.id());
  }

  /** The caller holds the lock. */
  void enter(Job job, JobStatus status) {
    job.status = status;
    listener.statusChanged(job, status);
    notifyAll();
  }
}
