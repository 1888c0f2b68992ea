// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.driver;

import dev.strata.block.BlockException;
import dev.strata.block.DebugEvent;
import java.util.function.Consumer;

/**
 * A driver that can halt requests at a step of their work, so that a test has requests in flight in
 * the order that it wants. Formats are not looked through for it: who has one's node asks the
 * children along their first edges. Thread-safe.
 */
public interface Breakpoints {
  /**
   * Halts the next request that comes to {@code event}, in its thread.
   *
   * @param tag names the breakpoint and then the request; need not be unique
   * @param said hears one line when the request halts and one when it goes on
   */
  void breakAt(DebugEvent event, String tag, Consumer<String> said);

  /**
   * Gives up the breakpoints of that tag and lets the requests go on that it halted.
   *
   * @throws BlockException ENOENT if there are neither
   */
  void removeBreakpoint(String tag) throws BlockException;

  /**
   * Lets one request of that tag go on.
   *
   * @throws BlockException ENOENT if none is halted
   */
  void resume(String tag) throws BlockException;

  /** Whether a request of that tag is halted now. */
  boolean isSuspended(String tag);

  /** Waits until a request of that tag is halted. */
  void awaitSuspended(String tag) throws InterruptedException;
}
