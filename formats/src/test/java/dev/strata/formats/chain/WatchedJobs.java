// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.chain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.block.BlockException;
import dev.strata.block.job.ErrorAction;
import dev.strata.block.job.Job;
import dev.strata.block.job.JobListener;
import dev.strata.block.job.JobRegistry;
import dev.strata.block.job.JobStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Jobs whose events are waited for; one at a time, of the name {@code j}. */
final class WatchedJobs implements JobListener, AutoCloseable {
  private final JobRegistry registry = new JobRegistry(this);
  private final List<String> heard = new ArrayList<>(); // guarded by itself

  JobRegistry registry() {
    return registry;
  }

  void start(Job job) throws BlockException {
    synchronized (heard) {
      heard.clear();
    }
    registry.start(job);
  }

  @Override
  public void statusChanged(Job job, JobStatus status) {
    hear(status.word());
  }

  @Override
  public void ready(Job job, Job.Progress progress) {
    assertEquals(progress.total(), progress.current());
  }

  @Override
  public void failed(Job job, boolean write, ErrorAction action) {
    hear((write ? "write " : "read ") + action.word());
  }

  @Override
  public void pending(Job job) {}

  @Override
  public void ended(Job job, Job.Progress progress, boolean cancelled) {
    hear(cancelled ? "CANCELLED" : "COMPLETED");
  }

  private void hear(String what) {
    synchronized (heard) {
      heard.add(what);
      heard.notifyAll();
    }
  }

  void await(String what) throws InterruptedException {
    synchronized (heard) {
      while (!heard.contains(what)) {
        heard.wait();
      }
    }
  }

  boolean hasHeard(String what) {
    synchronized (heard) {
      return heard.contains(what);
    }
  }

  Job.Progress progress() {
    return registry.progress(Objects.requireNonNull(registry.find("j")));
  }

  BlockException failure() {
    return Objects.requireNonNull(progress().failure());
  }

  void assertSucceeded() {
    assertNull(progress().failure());
    assertTrue(hasHeard("COMPLETED"));
  }

  void dismiss() throws BlockException {
    registry.dismiss("j");
  }

  void resume() throws BlockException {
    registry.resume("j");
  }

  void cancelSoftly() throws BlockException {
    registry.cancelSoftly("j");
  }

  @Override
  public void close() {
    registry.close();
  }
}
