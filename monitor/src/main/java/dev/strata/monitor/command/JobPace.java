// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.command;

import dev.strata.block.job.JobRegistry;
import dev.strata.monitor.qmp.QmpCommands;

/** Has jobs wait for the answer to the command that has to do with them. */
final class JobPace implements QmpCommands.Pace {
  private final JobRegistry jobs;

  JobPace(JobRegistry jobs) {
    this.jobs = jobs;
  }

  @Override
  public void begun() {
    jobs.beginCommand();
  }

  @Override
  public void answered() {
    jobs.answered();
  }
}
