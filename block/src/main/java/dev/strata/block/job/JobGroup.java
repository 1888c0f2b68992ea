// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.job;

import java.util.ArrayList;
import java.util.List;

/**
 * Jobs whose work counts together or not at all. One that has done its work waits for the others;
 * one that fails has the others cancelled. Guarded by the registry.
 *
 * @see "QEMU qapi/transaction.json, ActionCompletionMode"
 */
public final class JobGroup {
  private final List<Job> members = new ArrayList<>();
  boolean failed;
  boolean finalized;

  /** Without members; all join before the first of them begins. */
  public JobGroup() {}

  void join(Job job) {
    members.add(job);
  }

  /** Whether all are that far. */
  boolean allHave(Job.Stage stage) {
    for (Job job : members) {
      if (job.stage.compareTo(stage) < 0) {
        return false;
      }
    }
    return true;
  }

  /** Whether nobody has to say that they may end. */
  boolean finalizesItself() {
    for (Job job : members) {
      if (!job.settings().autoFinalize()) {
        return false;
      }
    }
    return true;
  }

  /** Nothing of what its members did is to count. */
  void fail() {
    failed = true;
    for (Job job : members) {
      job.cancelled = true;
    }
  }
}
