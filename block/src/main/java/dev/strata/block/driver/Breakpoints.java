// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.driver;

import dev.strata.block.BlockException;

/**
 * A driver that can halt requests at a step of their way, as {@code blkdebug} does. It prints
 * nothing: the tool that sets breakpoints tells its user. Thread-safe.
 */
public interface Breakpoints {
  /**
   * Halts the next request that comes to {@code event}.
   *
   * @param event the word of a {@link dev.strata.block.DebugEvent}
   * @param tag what the breakpoint, and the request it halts, are called
   * @throws BlockException ENOENT if there is no such event
   */
  void breakpoint(String event, String tag) throws BlockException;

  /**
   * Takes away the breakpoints of that tag. Requests halted under it stay halted.
   *
   * @return whether there were any
   */
  boolean remove(String tag);

  /**
   * Lets a request of that tag go on.
   *
   * @return whether there was one
   */
  boolean resume(String tag);

  /** Whether a request is halted under that tag. */
  boolean isSuspended(String tag);
}
