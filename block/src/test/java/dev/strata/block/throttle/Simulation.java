// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.throttle;

import java.util.ArrayList;
import java.util.List;

/** Clients of a throttle group in a time of their own, which passes as fast as can be computed. */
final class Simulation {
  private static final long SECOND = 1_000_000_000L;

  private final ThrottleGroup group = new ThrottleGroup("", () -> 0);
  private final ThrottleTurns turns = new ThrottleTurns(0);
  private final List<Client> clients = new ArrayList<>();
  private long now;

  /** Limits that hold from the beginning. */
  Simulation(ThrottleLimits.Builder limits) throws Exception {
    turns.limits(limits.build(), 0);
  }

  /** Sends requests of one size, with a pause between them, so many at once. */
  final class Client {
    private final ThrottleMember member = new ThrottleMember(group);
    private final Direction direction;
    private final long bytes;
    private final long pauseNanos;
    private final List<ThrottledRequest> waiting = new ArrayList<>();
    private final int depth;
    private long next;
    private long passed;

    private Client(Direction direction, long bytes, long pauseNanos, int depth) {
      this.direction = direction;
      this.bytes = bytes;
      this.pauseNanos = pauseNanos;
      this.depth = depth;
      turns.join(member);
    }

    /** The bytes that have passed. */
    long passed() {
      return passed;
    }

    /** The requests that have passed. */
    long requests() {
      return passed / bytes;
    }

    private boolean send() {
      for (int i = waiting.size() - 1; i >= 0; i--) {
        if (waiting.get(i).granted()) {
          waiting.remove(i);
          passed += bytes;
        }
      }
      if (waiting.size() == depth || now < next) {
        return false;
      }
      next = Math.max(next + pauseNanos, pauseNanos == 0 ? 0 : now);
      if (turns.passes(member, direction, bytes, now)) {
        passed += bytes;
      } else {
        var request = new ThrottledRequest(member, direction, bytes, null);
        turns.queue(request);
        turns.serve(now);
        waiting.add(request);
      }
      return true;
    }
  }

  /** A client that always has {@code depth} requests. */
  Client saturating(Direction direction, long bytes, int depth) {
    return add(new Client(direction, bytes, 0, depth));
  }

  /** A client that wants {@code perSecond} requests a second. */
  Client paced(Direction direction, long bytes, long perSecond) {
    return add(new Client(direction, bytes, SECOND / perSecond, 64));
  }

  private Client add(Client client) {
    clients.add(client);
    return client;
  }

  void limits(ThrottleLimits.Builder limits) throws Exception {
    turns.limits(limits.build(), now);
  }

  /** Lets time pass. */
  void run(double seconds) {
    long end = now + (long) (seconds * SECOND);
    while (now < end) {
      long wait = turns.serve(now);
      boolean sent = false;
      for (Client client : clients) {
        sent |= client.send();
      }
      if (sent) {
        continue;
      }
      wait = Math.min(wait, turns.serve(now));
      long next = wait > end - now ? end : now + wait;
      for (Client client : clients) {
        if (client.waiting.size() < client.depth) {
          next = Math.min(next, client.next);
        }
      }
      now = Math.max(now + 1, next);
    }
  }
}
