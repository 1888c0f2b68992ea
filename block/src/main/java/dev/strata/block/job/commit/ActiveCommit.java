// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.job.commit;

import dev.strata.block.BlockException;
import dev.strata.block.job.Job;
import dev.strata.block.job.JobSettings;
import dev.strata.block.job.mirror.MirrorJob;
import dev.strata.block.job.mirror.MirrorPlan;

/**
 * A commit of the layer that the users use: a mirror to a layer below it, which takes its place
 * when a user wants that.
 */
public final class ActiveCommit {
  private static final long GRANULARITY = 64 << 10;
  private static final long BUFFER = 16 << 20;

  private ActiveCommit() {}

  /** Prepares the base and puts the filter over the top. */
  public static Job of(JobSettings settings, CommitPlan plan) throws BlockException {
    CommitTarget target = CommitTarget.open(plan.base());
    var mirror =
        new MirrorPlan(
            "commit",
            plan.top(),
            plan.base(),
            plan.top(),
            new MirrorPlan.Sync.Above(plan.base()),
            GRANULARITY,
            BUFFER,
            false,
            plan.onError(),
            plan.onError(),
            plan.filterName());
    var preparation =
        new MirrorJob.Preparation() {
          @Override
          public void complete() throws BlockException {
            target.grow(plan.top().length());
          }

          @Override
          public void undo() throws BlockException {
            target.restore();
          }
        };
    return MirrorJob.of(settings, mirror, plan.layers(), plan.between(), preparation);
  }
}
