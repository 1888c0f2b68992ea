// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.throttle;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Who passes when: members that wait take turns, a request each, those of one member in the order
 * in which they came. Time comes from outside. Not thread-safe.
 */
final class ThrottleTurns {
  private static final Direction[] DIRECTIONS = Direction.values();

  private final ThrottleState state;
  private final List<ThrottleMember> ring = new ArrayList<>();
  private int turn; // the index in the ring of the member that is next
  private int waiting; // requests

  ThrottleTurns(long now) {
    state = new ThrottleState(now);
  }

  ThrottleLimits limits() {
    return state.limits();
  }

  void limits(ThrottleLimits limits, long now) {
    state.advance(now);
    state.limits(limits);
  }

  void join(ThrottleMember member) {
    ring.add(member);
  }

  void leave(ThrottleMember member) {
    int index = ring.indexOf(member);
    if (index >= 0) {
      ring.remove(index);
      turn -= index < turn ? 1 : 0;
    }
  }

  boolean isEmpty() {
    return ring.isEmpty();
  }

  /** Whether the request passes at once; nothing happens if it does not. */
  boolean passes(ThrottleMember member, Direction direction, long bytes, long now) {
    state.advance(now);
    if (!member.isDrained() && (waiting > 0 || state.waitNanos(direction) > 0)) {
      return false;
    }
    state.pass(direction, bytes);
    return true;
  }

  /** The request waits from now on. */
  void queue(ThrottledRequest request) {
    request.member().queue(request.direction()).add(request);
    waiting++;
  }

  /**
   * Lets pass whatever may by {@code now}.
   *
   * @return after how many nanoseconds there is more to do; {@code Long.MAX_VALUE} if nobody waits
   */
  long serve(long now) {
    state.advance(now);
    boolean reads = state.waitNanos(Direction.READ) == 0;
    boolean writes = state.waitNanos(Direction.WRITE) == 0;
    while (waiting > 0 && (reads || writes)) {
      ThrottledRequest next = nextInTurn(reads, writes);
      if (next == null) {
        break;
      }
      grant(next);
      reads = state.waitNanos(Direction.READ) == 0;
      writes = state.waitNanos(Direction.WRITE) == 0;
    }
    long wait = Long.MAX_VALUE;
    for (Direction direction : DIRECTIONS) {
      if (anyWaits(direction)) {
        wait = Math.min(wait, state.waitNanos(direction));
      }
    }
    return wait;
  }

  private @Nullable ThrottledRequest nextInTurn(boolean reads, boolean writes) {
    for (int i = 0; i < ring.size(); i++) {
      int index = (turn + i) % ring.size();
      ThrottledRequest request = ring.get(index).next(reads, writes);
      if (request != null) {
        turn = (index + 1) % ring.size();
        return request;
      }
    }
    return null;
  }

  private boolean anyWaits(Direction direction) {
    for (ThrottleMember member : ring) {
      if (!member.queue(direction).isEmpty()) {
        return true;
      }
    }
    return false;
  }

  /** Lets pass all that waits of one member. */
  void release(ThrottleMember member) {
    for (ThrottledRequest next = member.next(true, true);
        next != null;
        next = member.next(true, true)) {
      grant(next);
    }
  }

  private void grant(ThrottledRequest request) {
    request.member().queue(request.direction()).remove();
    request.member().served(request.direction());
    waiting--;
    state.pass(request.direction(), request.bytes());
    request.grant();
    LockSupport.unpark(request.thread());
  }

  /** One that waits, the later its turn the better; null if nobody does. */
  @Nullable ThrottledRequest anyWaiting() {
    for (int i = ring.size() - 1; i >= 0; i--) {
      ThrottledRequest last = ring.get((turn + i) % ring.size()).last();
      if (last != null) {
        return last;
      }
    }
    return null;
  }
}
