// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.snapshot;

import dev.strata.block.BlockException;
import dev.strata.block.job.Job;
import dev.strata.block.job.JobControl;
import dev.strata.block.job.JobSettings;
import java.util.List;

/** A job that does something about snapshots in one step, and waits to be dismissed. */
final class SnapshotJob extends Job {
  /** What it does. */
  interface Step {
    void run() throws BlockException;
  }

  private final Step step;

  /**
   * A job that has not begun.
   *
   * @param type as QMP names it
   */
  SnapshotJob(String type, String id, Step step) {
    super(type, new JobSettings(id, 0, true, false), List.of());
    this.step = step;
    expect(1);
  }

  @Override
  public boolean isBlockJob() {
    return false;
  }

  @Override
  protected void run(JobControl control) throws BlockException {
    try {
      step.run();
    } finally {
      control.progress(1, 0); // done, well or not
    }
  }
}
