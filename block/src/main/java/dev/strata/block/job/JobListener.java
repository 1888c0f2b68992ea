// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.job;

/** Hears what becomes of jobs, in order, by any thread; must not wait for anything. */
public interface JobListener {
  /** It is in another state now. */
  void statusChanged(Job job, JobStatus status);

  /** It can come to its end. */
  void ready(Job job, Job.Progress progress);

  /** A request of it failed. */
  void failed(Job job, boolean write, ErrorAction action);

  /** It waits for being finalized. */
  void pending(Job job);

  /** It came to its end, cancelled or not; the progress says whether it failed. */
  void ended(Job job, Job.Progress progress, boolean cancelled);
}
