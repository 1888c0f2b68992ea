// SPDX-License-Identifier: Apache-2.0
package dev.strata.iotool.command;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.driver.Breakpoints;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.Edge;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** {@code break}, {@code remove_break}, {@code resume} and {@code wait_break}. */
final class BreakpointControl {
  private static final long POLL_NANOS = 1_000_000;

  private BreakpointControl() {}

  static void set(Session session, Words words) throws CommandFailure {
    try {
      require(session).breakpoint(words.get(0), words.get(1));
      session.awaitedTags().add(words.get(1));
    } catch (BlockException e) {
      throw CommandFailure.result("Could not set breakpoint: " + e.errno().text());
    }
  }

  static void remove(Session session, Words words) throws CommandFailure {
    try {
      Breakpoints breakpoints = require(session);
      announce(session, breakpoints);
      boolean removed = breakpoints.remove(words.get(0));
      while (breakpoints.isSuspended(words.get(0))) {
        resume(session, breakpoints, words.get(0));
      }
      requireFound(removed);
    } catch (BlockException e) {
      throw CommandFailure.result(
          "Could not remove breakpoint " + words.get(0) + ": " + e.errno().text());
    }
  }

  static void resume(Session session, Words words) throws CommandFailure {
    try {
      Breakpoints breakpoints = require(session);
      announce(session, breakpoints);
      requireFound(breakpoints.isSuspended(words.get(0)));
      resume(session, breakpoints, words.get(0));
    } catch (BlockException e) {
      throw CommandFailure.result("Could not resume request: " + e.errno().text());
    }
  }

  private static void resume(Session session, Breakpoints breakpoints, String tag)
      throws BlockException {
    session.print("blkdebug: Resuming request '" + tag + "'");
    requireFound(breakpoints.resume(tag));
  }

  static void await(Session session, Words words) throws CommandFailure {
    Breakpoints breakpoints = find(session.node());
    // The reference waits for ever when nothing can come.
    while (breakpoints == null || !breakpoints.isSuspended(words.get(0))) {
      if (breakpoints == null || !session.requests().busy()) {
        throw CommandFailure.error(
            "No request is under way that could be suspended as '" + words.get(0) + "'");
      }
      session.requests().print(session.output());
      LockSupport.parkNanos(POLL_NANOS);
    }
    announce(session, breakpoints);
  }

  /** Tells of requests that have been halted. */
  static void announce(Session session) throws CommandFailure {
    Breakpoints breakpoints = find(session.node());
    if (breakpoints != null) {
      announce(session, breakpoints);
    }
  }

  private static void announce(Session session, Breakpoints breakpoints) {
    for (var tags = session.awaitedTags().iterator(); tags.hasNext(); ) {
      String tag = tags.next();
      if (breakpoints.isSuspended(tag)) {
        tags.remove();
        session.print("blkdebug: Suspended request '" + tag + "'");
      }
    }
  }

  private static Breakpoints require(Session session) throws CommandFailure, BlockException {
    Breakpoints breakpoints = find(session.node());
    if (breakpoints == null) {
      throw BlockException.of(Errno.EOPNOTSUPP);
    }
    return breakpoints;
  }

  private static void requireFound(boolean found) throws BlockException {
    if (!found) {
      throw BlockException.of(Errno.ENOENT);
    }
  }

  /** The first driver with breakpoints on the way down to the file. */
  private static @Nullable Breakpoints find(BlockNode top) {
    for (BlockNode node = top; ; ) {
      Breakpoints found = node.capability(Breakpoints.class).orElse(null);
      if (found != null) {
        return found;
      }
      Edge next = node.edge("file");
      if (next == null) {
        return null;
      }
      node = next.node();
    }
  }
}
