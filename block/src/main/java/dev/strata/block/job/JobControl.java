// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.job;

import dev.strata.block.BlockException;
import org.jspecify.annotations.Nullable;

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

  /**
   * Notes work that is done and cost nothing, whatever the job's speed.
   *
   * @throws BlockException ECANCELED if it is to end
   */
  void pass(long bytes) throws BlockException;

  /** How much there is still to do; the total is that and what was spent. */
  void remaining(long bytes);

  /** How much is done and how much there is still to do, whoever did it. */
  void progress(long done, long remaining);

  /**
   * Whether the next {@link #checkpoint} waits or throws. A job with requests in flight waits for
   * them first: a paused job has none.
   */
  boolean interrupted();

  /** Has what begins after a request of that size wait as long as the job's speed asks for. */
  void charge(long bytes);

  /** Whether {@link #awaitAllowance} waits. */
  boolean isAhead();

  /**
   * Waits until what was charged is as much as the job's speed allows, or until {@link
   * #interrupted}. No request of the job is in flight.
   */
  void awaitAllowance();

  /** From now on it can come to its end whenever a user wants; a second call does nothing. */
  void ready();

  /** How a user wants the job to end that is ready, or null as long as nobody does. */
  @Nullable JobEnding ending();

  /**
   * Waits until a user wants something of the job, at most so long.
   *
   * @throws BlockException ECANCELED if it is to end
   */
  void idle(long milliseconds) throws BlockException;

  /**
   * Tells of a request that failed, and what becomes of it. A job that is to stop does so at the
   * next checkpoint.
   *
   * @param write whether it was no read
   */
  ErrorAction failed(boolean write, BlockException failure, OnError policy);
}
