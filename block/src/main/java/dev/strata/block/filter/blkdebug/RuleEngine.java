// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.filter.blkdebug;

import dev.strata.block.BlockException;
import dev.strata.block.DebugEvent;
import dev.strata.block.Errno;
import java.util.ArrayList;
import java.util.List;

/**
 * The rules of one node with the state that they work on. An event makes the error rules that match
 * it the active ones, in place of those before; an event that none matches leaves them.
 * Thread-safe.
 */
final class RuleEngine {
  private record Breakpoint(DebugEvent event, String tag) {}

  private final List<Rule> rules;
  private final List<Rule.InjectError> active = new ArrayList<>(); // guarded by this
  private final List<Breakpoint> breakpoints = new ArrayList<>(); // guarded by this
  private final List<Breakpoint> suspended = new ArrayList<>(); // guarded by this
  private long state = 1; // guarded by this

  RuleEngine(List<Rule> rules) {
    this.rules = new ArrayList<>(rules);
  }

  /** The driver above comes to a step of its work; returns when it may go on. */
  void event(DebugEvent event) {
    synchronized (this) {
      applyRules(event);
      List<Breakpoint> reached = takeBreakpoints(event);
      suspended.addAll(reached);
      for (Breakpoint breakpoint : reached) {
        awaitResumed(breakpoint);
      }
    }
  }

  private void applyRules(DebugEvent event) {
    boolean injected = false;
    long next = state;
    for (Rule rule : rules) {
      if (rule.event() != event || (rule.state() != 0 && rule.state() != state)) {
        continue;
      }
      switch (rule) {
        case Rule.InjectError error -> {
          if (!injected) {
            active.clear();
            injected = true;
          }
          active.add(error);
        }
        case Rule.SetState change -> next = change.newState();
      }
    }
    state = next;
  }

  /** Fails if an active rule is about such a request. */
  synchronized void check(IoType type, long offset, long length) throws BlockException {
    for (int i = 0; i < active.size(); i++) {
      Rule.InjectError rule = active.get(i);
      if (!rule.matches(type, offset, length)) {
        continue;
      }
      if (rule.once()) {
        active.remove(i);
        rules.remove(rule);
      }
      if (rule.errno() != 0) {
        throw failure(rule.errno());
      }
      return;
    }
  }

  private static BlockException failure(long number) {
    Errno errno = Errno.of((int) number);
    return number == errno.number()
        ? BlockException.of(errno)
        : new BlockException(Errno.EIO, "Unknown error " + number);
  }

  private List<Breakpoint> takeBreakpoints(DebugEvent event) {
    if (breakpoints.isEmpty()) {
      return List.of();
    }
    var reached = new ArrayList<Breakpoint>();
    for (Breakpoint breakpoint : breakpoints) {
      if (breakpoint.event() == event) {
        reached.add(breakpoint);
      }
    }
    breakpoints.removeAll(reached);
    return reached;
  }

  private void awaitResumed(Breakpoint reached) {
    boolean interrupted = false;
    while (isAmong(suspended, reached)) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true; // a request is not abandoned half way
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static boolean isAmong(List<Breakpoint> breakpoints, Breakpoint one) {
    for (Breakpoint breakpoint : breakpoints) {
      if (breakpoint == one) {
        return true;
      }
    }
    return false;
  }

  synchronized void breakAt(DebugEvent event, String tag) {
    breakpoints.add(new Breakpoint(event, tag));
  }

  /** Takes the breakpoints of that tag away; false if there are none. */
  synchronized boolean removeBreakpoint(String tag) {
    return breakpoints.removeIf(breakpoint -> breakpoint.tag().equals(tag));
  }

  /** Lets one request go on; false if none of that tag is halted. */
  synchronized boolean resume(String tag) {
    for (int i = 0; i < suspended.size(); i++) {
      if (suspended.get(i).tag().equals(tag)) {
        suspended.remove(i);
        notifyAll();
        return true;
      }
    }
    return false;
  }

  synchronized boolean isSuspended(String tag) {
    for (Breakpoint breakpoint : suspended) {
      if (breakpoint.tag().equals(tag)) {
        return true;
      }
    }
    return false;
  }

  /** Lets every halted request go on, for the node is being closed. */
  synchronized void resumeAll() {
    breakpoints.clear();
    suspended.clear();
    notifyAll();
  }
}
