// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.qmp;

import dev.strata.block.json.JsonObject;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Lets similar events through once a second: of those that come within a second of one that was
 * told, all but the last are dropped, and the last is told when the second is over. Thread-safe.
 *
 * @see "QEMU docs/interop/qmp-spec, Asynchronous events"
 */
final class EventLimit {
  private static final long SECOND_MILLIS = 1000;

  private final Consumer<JsonObject> out;
  private final Map<String, Similar> recent = new HashMap<>(); // guarded by this
  private @Nullable ScheduledThreadPoolExecutor clock; // guarded by this; most never need it

  /** Events that follow one that was told less than a second ago. */
  private static final class Similar {
    private @Nullable JsonObject last; // guarded by the limit
  }

  EventLimit(Consumer<JsonObject> out) {
    this.out = out;
  }

  /**
   * Something happened.
   *
   * @param kind the same for what is similar
   */
  synchronized void emit(String kind, JsonObject message) {
    Similar similar = recent.get(kind);
    if (similar != null) {
      similar.last = message;
      return;
    }
    out.accept(message);
    recent.put(kind, new Similar());
    beginSecond(kind);
  }

  /** The caller holds the lock. */
  private void beginSecond(String kind) {
    ScheduledThreadPoolExecutor running = clock;
    if (running == null) {
      running =
          new ScheduledThreadPoolExecutor(
              1, Thread.ofPlatform().daemon().name("event-limit").factory());
      clock = running;
    }
    var _ = running.schedule(() -> over(kind), SECOND_MILLIS, TimeUnit.MILLISECONDS);
  }

  private synchronized void over(String kind) {
    Similar similar = recent.get(kind);
    JsonObject last = similar == null ? null : similar.last;
    if (similar == null || last == null) {
      recent.remove(kind);
      return;
    }
    similar.last = null;
    out.accept(last);
    beginSecond(kind);
  }
}
