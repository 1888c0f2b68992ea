// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** States, verbs and events as QEMU's qapi/job.json documents them. */
@Timeout(60)
final class JobRegistryTest {
  private final List<String> heard = new ArrayList<>(); // guarded by itself
  private final JobRegistry jobs =
      new JobRegistry(
          new JobListener() {
            @Override
            public void statusChanged(Job job, JobStatus status) {
              hear(status.word());
            }

            @Override
            public void ready(Job job, Job.Progress progress) {
              hear("READY");
            }

            @Override
            public void failed(Job job, boolean write, ErrorAction action) {
              hear("ERROR " + (write ? "write " : "read ") + action.word());
            }

            @Override
            public void pending(Job job) {
              hear("PENDING");
            }

            @Override
            public void ended(Job job, Job.Progress progress, boolean cancelled) {
              hear(cancelled ? "CANCELLED" : "COMPLETED");
            }
          });

  private void hear(String what) {
    synchronized (heard) {
      heard.add(what);
      heard.notifyAll();
    }
  }

  private void await(String what) throws InterruptedException {
    synchronized (heard) {
      while (!heard.contains(what)) {
        heard.wait();
      }
    }
  }

  private void assertHeard(String... all) {
    synchronized (heard) {
      assertEquals(List.of(all), heard);
    }
  }

  /** Takes a step for each permit. */
  private static final class Steps extends Job {
    final Semaphore permits = new Semaphore(0);
    final List<String> ends = new ArrayList<>();
    private final int steps;
    private final boolean fails;

    Steps(int steps, boolean fails, boolean autoFinalize, boolean autoDismiss) {
      this("j", steps, fails, autoFinalize, autoDismiss);
    }

    Steps(String id, int steps, boolean fails, boolean autoFinalize, boolean autoDismiss) {
      super("steps", new JobSettings(id, 0, autoFinalize, autoDismiss), List.of());
      this.steps = steps;
      this.fails = fails;
    }

    @Override
    protected void run(JobControl control) throws BlockException {
      control.remaining(steps);
      for (int i = 0; i < steps; i++) {
        permits.acquireUninterruptibly();
        control.spend(1);
      }
      if (fails) {
        throw BlockException.of(Errno.ENOSPC);
      }
    }

    @Override
    protected void commit() {
      ends.add("commit");
    }

    @Override
    protected void abort() {
      ends.add("abort");
    }
  }

  /** QEMU qapi/transaction.json, ActionCompletionMode: grouped. */
  @Test
  void ofAGroupOneThatFailsHasTheOtherCancelledThatIsDone() throws Exception {
    var good = new Steps("good", 1, false, true, false);
    var bad = new Steps("bad", 1, true, true, false);
    jobs.create(good);
    jobs.create(bad);
    jobs.start(List.of(good, bad), new JobGroup());
    good.permits.release(1);
    await("waiting");
    bad.permits.release(1);
    await("CANCELLED");
    await("COMPLETED");
    awaitConcluded(good);
    awaitConcluded(bad);
    assertEquals(List.of("abort"), good.ends);
    assertEquals(List.of("abort"), bad.ends);
    BlockException failure = jobs.progress(good).failure();
    assertNotNull(failure);
    assertEquals(Errno.ECANCELED, failure.errno());
    assertNotNull(jobs.progress(bad).failure());
  }

  private void awaitConcluded(Job job) throws InterruptedException {
    // Asked without the lock: who tells of a change holds the registry's.
    while (jobs.progress(job).status() != JobStatus.CONCLUDED) {
      synchronized (heard) {
        heard.wait(1);
      }
    }
  }

  @AfterEach
  void close() {
    jobs.close();
  }

  @Test
  void aJobLeftToItselfIsCommittedAndForgotten() throws Exception {
    var job = new Steps(0, false, true, true);
    jobs.start(job);
    await("null");
    assertHeard("created", "running", "waiting", "pending", "COMPLETED", "concluded", "null");
    assertEquals(List.of("commit"), job.ends);
    assertNull(jobs.find("j"));
  }

  @Test
  void aJobWaitsForBeingFinalizedAndDismissed() throws Exception {
    var job = new Steps(0, false, false, false);
    jobs.start(job);
    await("PENDING");
    assertEquals(List.of(), job.ends);
    assertRefused("dismiss", "pending", () -> jobs.dismiss("j"));
    jobs.finish("j");
    assertEquals(JobStatus.CONCLUDED, jobs.progress(job).status());
    assertEquals(List.of("commit"), job.ends);
    assertRefused("cancel", "concluded", () -> jobs.cancel("j"));
    jobs.dismiss("j");
    assertHeard(
        "created", "running", "waiting", "pending", "PENDING", "COMPLETED", "concluded", "null");
  }

  @Test
  void aJobThatWaitsForBeingFinalizedCanStillBeCancelled() throws Exception {
    var job = new Steps(0, false, false, true);
    jobs.start(job);
    await("PENDING");
    jobs.cancel("j");
    await("null");
    assertHeard(
        "created",
        "running",
        "waiting",
        "pending",
        "PENDING",
        "aborting",
        "CANCELLED",
        "concluded",
        "null");
    assertEquals(List.of("abort"), job.ends);
  }

  @Test
  void aPausedJobDoesNothingUntilItIsResumed() throws Exception {
    var job = new Steps(2, false, true, false);
    jobs.start(job);
    BlockException early = assertThrows(BlockException.class, () -> jobs.resume("j"));
    assertEquals("Can't resume a job that was not paused", early.getMessage());
    jobs.pause("j");
    BlockException twice = assertThrows(BlockException.class, () -> jobs.pause("j"));
    assertEquals("Job is already paused", twice.getMessage());
    job.permits.release(2);
    await("paused");
    assertEquals(1, jobs.progress(job).current());
    assertEquals(2, jobs.progress(job).total());
    jobs.resume("j");
    await("concluded");
    assertHeard(
        "created", "running", "paused", "running", "waiting", "pending", "COMPLETED", "concluded");
  }

  @Test
  void aPausedJobCanBeCancelled() throws Exception {
    var job = new Steps(2, false, true, true);
    jobs.start(job);
    jobs.pause("j");
    job.permits.release();
    await("paused");
    jobs.cancel("j");
    await("null");
    assertEquals(List.of("abort"), job.ends);
  }

  @Test
  void aFailureIsKeptUntilTheJobIsDismissed() throws Exception {
    var job = new Steps(0, true, true, false);
    jobs.start(job);
    await("concluded");
    BlockException failure = jobs.progress(job).failure();
    assertNotNull(failure);
    assertEquals(Errno.ENOSPC, failure.errno());
    assertHeard("created", "running", "aborting", "COMPLETED", "concluded");
    assertEquals(List.of("abort"), job.ends);
    BlockException taken =
        assertThrows(BlockException.class, () -> jobs.start(new Steps(0, false, true, true)));
    assertEquals("Job ID 'j' already in use", taken.getMessage());
  }

  @Test
  void aJobWhoseSpeedIsSlowIsCancelledAtOnce() throws Exception {
    var job = new Steps(1000, false, true, true);
    jobs.start(job);
    jobs.speed("j", 1);
    job.permits.release(1000);
    jobs.cancel("j");
    await("null");
    assertEquals(List.of("abort"), job.ends);
  }

  @Test
  void aJobWhoseSpeedIsSlowIsPausedAtOnce() throws Exception {
    var job = new Steps(1000, false, true, true);
    jobs.start(job);
    jobs.speed("j", 1);
    job.permits.release(1000);
    while (jobs.progress(job).current() == 0) {
      Thread.onSpinWait();
    }
    jobs.pause("j");
    assertEquals(JobStatus.PAUSED, jobs.progress(job).status());
    assertEquals(1, jobs.progress(job).current());
  }

  @Test
  void aJobThatWasSlowOwesNothingToAHigherSpeed() throws Exception {
    var job = new Steps(1000, false, true, true);
    jobs.start(job);
    jobs.speed("j", 1);
    job.permits.release(1000);
    while (jobs.progress(job).current() == 0) {
      Thread.onSpinWait();
    }
    jobs.speed("j", 1 << 20);
    await("null");
    assertEquals(List.of("commit"), job.ends);
  }

  @Test
  void aCommandIsAnsweredBeforeTheJobThatItBeganGoesOn() throws Exception {
    jobs.beginCommand();
    jobs.start(new Steps(0, false, true, true));
    assertHeard("created", "running");
    jobs.answered();
    await("null");
    heard.clear();
    jobs.beginCommand();
    jobs.start(new Steps("held", 0, false, true, true));
    var other = new Steps("other", 0, false, true, false);
    Thread.ofPlatform().start(() -> begin(other)).join();
    awaitConcluded(other);
    hear("ANSWERED");
    jobs.answered();
    await("null");
    assertHeard(
        "created",
        "running",
        "created",
        "running",
        "waiting",
        "pending",
        "COMPLETED",
        "concluded",
        "ANSWERED",
        "waiting",
        "pending",
        "COMPLETED",
        "concluded",
        "null");
  }

  private void begin(Job job) {
    try {
      jobs.start(job);
    } catch (BlockException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aJobThatIsResumedOrCancelledStandsNoLongerStillWhenTheCommandIsAnswered() throws Exception {
    var job = new Steps(2, false, true, true);
    jobs.start(job);
    jobs.pause("j");
    job.permits.release(2);
    await("paused");
    heard.clear();
    jobs.beginCommand();
    jobs.resume("j");
    assertHeard("running");
    jobs.pause("j");
    jobs.answered();
    await("paused");
    heard.clear();
    jobs.beginCommand();
    jobs.cancel("j");
    assertHeard("running");
    jobs.answered();
    await("null");
    assertHeard("running", "aborting", "CANCELLED", "concluded", "null");
  }

  @Test
  void aCommandThatWaitsForTheJobThatItBeganLetsItGoOn() throws Exception {
    jobs.beginCommand();
    jobs.start(new Steps(0, false, true, true));
    jobs.close();
    jobs.answered();
    assertEquals(List.of(), jobs.all());
  }

  @Test
  void aJobIsCancelledThatWaitsForOthersOfItsGroup() throws Exception {
    var good = new Steps("good", 0, false, true, false);
    var slow = new Steps("slow", 1, false, true, false);
    jobs.create(good);
    jobs.create(slow);
    jobs.start(List.of(good, slow), new JobGroup());
    await("waiting");
    jobs.cancel("good");
    assertEquals(JobStatus.CONCLUDED, jobs.progress(good).status());
    slow.permits.release(1);
    awaitConcluded(slow);
    assertEquals(List.of("abort"), good.ends);
    assertEquals(List.of("abort"), slow.ends);
  }

  @Test
  void theNewestJobIsToldFirst() throws Exception {
    jobs.start(new Steps("first", 1, false, true, true));
    jobs.start(new Steps("second", 1, false, true, true));
    List<Job> all = jobs.all();
    assertEquals(List.of("second", "first"), all.stream().map(Job::id).toList());
    for (Job job : all) {
      ((Steps) job).permits.release();
    }
  }

  @Test
  void onlyReadyJobsAreCompleted() throws Exception {
    jobs.start(new Steps(1, false, true, true));
    assertRefused("complete", "running", () -> jobs.complete("j"));
    assertRefused("finalize", "running", () -> jobs.finish("j"));
    BlockException none = assertThrows(BlockException.class, () -> jobs.cancel("other"));
    assertEquals("Job not found", none.getMessage());
    jobs.cancel("j");
    ((Steps) jobs.all().getFirst()).permits.release();
  }

  private interface Asked {
    void run() throws BlockException;
  }

  private static void assertRefused(String verb, String state, Asked asked) {
    BlockException refusal = assertThrows(BlockException.class, asked::run);
    assertEquals(
        "Job 'j' in state '" + state + "' cannot accept command verb '" + verb + "'",
        refusal.getMessage());
  }
}
