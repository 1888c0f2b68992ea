// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.job;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.option.OptionString;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * All jobs by name, and what users ask of them. Thread-safe. The lock is held for states only,
 * never during work; listeners are told under it, so that they hear things in order.
 */
public final class JobRegistry implements AutoCloseable {
  private final JobListener listener;
  private final Map<String, Job> jobs = new LinkedHashMap<>(); // guarded by this

  /** No jobs yet. */
  public JobRegistry(JobListener listener) {
    this.listener = listener;
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

  /** Fails if a job works with that node. */
  public synchronized void checkIdle(BlockNode node) throws BlockException {
    for (Job job : jobs.values()) {
      if (job.status != JobStatus.CONCLUDED && job.nodes().contains(node)) {
        throw new BlockException(
            Errno.EBUSY,
            "Node '"
                + node.name()
                + "' is busy: block device is in use by block job: "
                + job.type());
      }
    }
  }

  /** Begins a job; {@link #checkNew} found nothing against it. */
  public synchronized void start(Job job) throws BlockException {
    checkNew(job.id());
    jobs.put(job.id(), job);
    listener.statusChanged(job, JobStatus.CREATED);
    enter(job, JobStatus.RUNNING);
    Thread.ofPlatform().daemon().name("job " + job.id()).start(() -> work(job));
  }

  // Looking

  /** All, in the order in which they began. */
  public synchronized List<Job> all() {
    return List.copyOf(jobs.values());
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

  /** Has it stop at its next checkpoint until it is resumed. */
  public synchronized void pause(String id) throws BlockException {
    Job job = require(id, JobVerb.PAUSE);
    if (job.userPaused) {
      throw new BlockException(Errno.EPERM, "Job is already paused");
    }
    job.userPaused = true;
    notifyAll();
  }

  /** Has it go on. */
  public synchronized void resume(String id) throws BlockException {
    Job job = require(id, JobVerb.RESUME);
    if (!job.userPaused) {
      throw new BlockException(Errno.EPERM, "Can't resume a job that was not paused");
    }
    job.userPaused = false;
    notifyAll();
  }

  /** Gives it another speed, in bytes a second; 0 for no limit. */
  public synchronized void speed(String id, long speed) throws BlockException {
    require(id, JobVerb.SET_SPEED).speed = speed;
    notifyAll();
  }

  /** Has it end, with nothing left of what it did. */
  public synchronized void cancel(String id) throws BlockException {
    require(id, JobVerb.CANCEL).cancelled = true;
    notifyAll();
  }

  /** Has a job that is ready come to its end. */
  public synchronized void complete(String id) throws BlockException {
    require(id, JobVerb.COMPLETE);
    throw new BlockException(
        Errno.EOPNOTSUPP, "The active block job '" + id + "' cannot be completed");
  }

  /** Has a job that waits for it make its work count; returns when it has. */
  public synchronized void finish(String id) throws BlockException {
    Job job = require(id, JobVerb.FINALIZE);
    job.finalized = true;
    notifyAll();
    awaitEnd(job);
  }

  /** Forgets a job that has ended. */
  public synchronized void dismiss(String id) throws BlockException {
    forget(require(id, JobVerb.DISMISS));
  }

  /** Cancels what still runs, and waits for it. */
  @Override
  public void close() {
    for (Job job : all()) {
      synchronized (this) {
        job.cancelled = true;
        notifyAll();
        awaitEnd(job);
      }
    }
  }

  private void awaitEnd(Job job) {
    while (job.status != JobStatus.CONCLUDED && job.status != JobStatus.NULL) {
      sleep(0);
    }
  }

  /** Until something changes, at most so long; 0 for ever. */
  private void sleep(long milliseconds) {
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

  // On the job's thread

  private void work(Job job) {
    boolean done = attempt(job, () -> job.run(new Control(job)));
    if (done) {
      synchronized (this) {
        enter(job, JobStatus.WAITING);
      }
      done = attempt(job, job::prepare) && awaitFinalization(job) && attempt(job, job::commit);
    }
    if (!done) {
      synchronized (this) {
        enter(job, JobStatus.ABORTING);
      }
      job.abort();
    }
    conclude(job, !done);
  }

  private interface Step {
    void run() throws BlockException;
  }

  private boolean attempt(Job job, Step step) {
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
    synchronized (this) {
      if (job.failure == null && !(job.cancelled && failure.errno() == Errno.ECANCELED)) {
        job.failure = failure;
      }
    }
    return false;
  }

  private synchronized boolean awaitFinalization(Job job) {
    if (job.cancelled) {
      return false;
    }
    enter(job, JobStatus.PENDING);
    if (!job.settings().autoFinalize()) {
      listener.pending(job);
      while (!job.finalized && !job.cancelled) {
        sleep(0);
      }
    }
    return !job.cancelled || job.finalized;
  }

  private synchronized void conclude(Job job, boolean aborted) {
    listener.ended(job, progress(job), aborted && job.failure == null);
    enter(job, JobStatus.CONCLUDED);
    if (job.settings().autoDismiss()) {
      forget(job);
    }
  }

  private void forget(Job job) {
    enter(job, JobStatus.NULL);
    jobs.remove(job.id());
  }

  private void enter(Job job, JobStatus status) {
    job.status = status;
    listener.statusChanged(job, status);
    notifyAll();
  }

  private final class Control implements JobControl {
    private static final long SLICE_NANOS = 100_000_000; // how long what may be spent is saved up

    private final Job job;
    private long dueNanos = System.nanoTime(); // when what was spent is paid for

    Control(Job job) {
      this.job = job;
    }

    @Override
    public void checkpoint() throws BlockException {
      synchronized (JobRegistry.this) {
        if (job.userPaused && !job.cancelled) {
          JobStatus before = job.status;
          enter(job, before == JobStatus.READY ? JobStatus.STANDBY : JobStatus.PAUSED);
          while (job.userPaused && !job.cancelled) {
            sleep(0);
          }
          enter(job, before);
        }
        if (job.cancelled) {
          throw BlockException.of(Errno.ECANCELED);
        }
      }
    }

    @Override
    public void spend(long bytes) throws BlockException {
      synchronized (JobRegistry.this) {
        job.current = Math.addExact(job.current, bytes);
        job.remaining = Math.max(0, job.remaining - bytes);
        long now = System.nanoTime();
        dueNanos = Math.max(dueNanos, now - SLICE_NANOS);
        if (job.speed > 0) {
          dueNanos += (long) ((double) bytes / job.speed * 1e9);
        }
        while (!job.cancelled && job.speed > 0 && dueNanos - System.nanoTime() > 0) {
          sleep(Math.max(1, (dueNanos - System.nanoTime()) / 1_000_000));
        }
        if (job.speed == 0) {
          dueNanos = System.nanoTime();
        }
      }
      checkpoint();
    }

    @Override
    public void remaining(long bytes) {
      synchronized (JobRegistry.this) {
        job.remaining = bytes;
      }
    }
  }
}
