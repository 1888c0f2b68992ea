// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.compression;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** Work states that nobody uses at the moment; a bounded number of them. Thread-safe. */
final class IdlePool<T> {
  /** As many threads as may reasonably compress at once; more pay for a fresh state each time. */
  private static final int MAX_IDLE = 16;

  private final ArrayDeque<T> idle = new ArrayDeque<>(); // guarded by this

  /** An idle state, or null if there is none. */
  synchronized @Nullable T poll() {
    return idle.pollLast();
  }

  /** Forgets all idle states, which need no end. */
  synchronized void clear() {
    idle.clear();
  }

  /** Puts a state back; false if there are enough, and the caller has to end it. */
  synchronized boolean offer(T state) {
    return idle.size() < MAX_IDLE && idle.add(state);
  }
}
