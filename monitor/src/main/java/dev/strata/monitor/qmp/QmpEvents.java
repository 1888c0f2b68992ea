// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.qmp;

import dev.strata.block.json.JsonObject;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Tells all sessions what happens. Thread-safe; never waits for a client. */
public final class QmpEvents {
  private final Clock clock;
  private final List<QmpSession> sessions = new CopyOnWriteArrayList<>();
  private final EventLimit limit = new EventLimit(this::send);

  /** Nobody listens yet. */
  public QmpEvents(Clock clock) {
    this.clock = clock;
  }

  void add(QmpSession session) {
    sessions.add(session);
  }

  void remove(QmpSession session) {
    sessions.remove(session);
  }

  /** Something happened now, of which there is nothing more to tell. */
  public void emit(String event) {
    send(message(event));
  }

  /** Something happened now. */
  public void emit(String event, JsonObject data) {
    send(message(event).put("data", data));
  }

  /**
   * Something happened now that may happen often: clients hear of it once a second at most.
   *
   * @param about what the event is about, when events about different things are to be told each
   */
  public void emitSeldom(String event, String about, JsonObject data) {
    limit.emit(event + " " + about, message(event).put("data", data));
  }

  private JsonObject message(String event) {
    Instant now = clock.instant();
    var timestamp =
        new JsonObject()
            .put("seconds", now.getEpochSecond())
            .put("microseconds", now.getNano() / 1000L);
    return new JsonObject().put("timestamp", timestamp).put("event", event);
  }

  private void send(JsonObject message) {
    for (QmpSession session : sessions) {
      session.event(message);
    }
  }
}
