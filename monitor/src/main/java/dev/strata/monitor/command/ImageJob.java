// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.command;

import dev.strata.block.BlockException;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.job.Job;
import dev.strata.block.job.JobControl;
import dev.strata.block.job.JobSettings;
import java.util.List;

/** A job that does something to an image as a whole, in one step, and waits to be dismissed. */
abstract class ImageJob extends Job {
  /**
   * A job that has not begun.
   *
   * @param type as QMP names it
   * @param nodes that nothing else is to be done to meanwhile
   */
  ImageJob(String type, String id, List<BlockNode> nodes) {
    super(type, new JobSettings(id, 0, true, false), nodes);
    expect(1);
  }

  @Override
  public final boolean isBlockJob() {
    return false;
  }

  @Override
  protected final void run(JobControl control) throws BlockException {
    try {
      step();
    } finally {
      control.progress(1, 0); // done, well or not
    }
  }

  /** Does it. */
  abstract void step() throws BlockException;
}
