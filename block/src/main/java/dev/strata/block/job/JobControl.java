// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.job;

import dev.strata.block.BlockException;

/** What a job at work asks of those who watch it. For the job's own thread. */
public interface JobControl {
  /**
   * Waits while the job is paused. Between two calls a job does work of bounded size.
   *
   * @throws BlockException ECANCELED if it is to end
   */
  void checkpoint() throws BlockException;

  /**
   * Notes work that is done, and waits as long as the job's speed asks for.
   *
   * @throws BlockException ECANCELED if it is to end
   */
  void spend(long bytes) throws BlockException;

  /** How much there is still to do; the total is that and what was spent. */
  void remaining(long bytes);
}
