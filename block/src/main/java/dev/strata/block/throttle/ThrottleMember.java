// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.throttle;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** One user of a {@link ThrottleGroup}: a disk, a filter node. Thread-safe. */
public final class ThrottleMember implements AutoCloseable {
  private final ThrottleGroup group;
  private final ArrayDeque<ThrottledRequest> reads = new ArrayDeque<>(); // guarded by group
  private final ArrayDeque<ThrottledRequest> writes = new ArrayDeque<>(); // guarded by group
  private Direction preferred = Direction.READ; // guarded by group
  private int drains; // guarded by group

  ThrottleMember(ThrottleGroup group) {
    this.group = group;
  }

  /** The group. */
  public ThrottleGroup group() {
    return group;
  }

  /**
   * Waits until a request may be carried out. An interrupt does not end the wait; the thread stays
   * marked as interrupted.
   *
   * @param bytes how many the request reads or changes
   */
  public void acquire(Direction direction, long bytes) {
    group.acquire(this, direction, bytes);
  }

  /**
   * Lets everything pass that waits, and what comes until {@link #resume}; it counts all the same.
   */
  public void drain() {
    group.drain(this);
  }

  /** Ends what one {@link #drain} began. */
  public void resume() {
    group.resume(this);
  }

  /** Leaves the group; what waits passes. */
  @Override
  public void close() {
    group.leave(this);
  }

  // For the group, which holds its lock

  ArrayDeque<ThrottledRequest> queue(Direction direction) {
    return direction == Direction.READ ? reads : writes;
  }

  /** The request that is next, of a direction that may pass: reads and writes in turn. */
  @Nullable ThrottledRequest next(boolean mayRead, boolean mayWrite) {
    ThrottledRequest read = mayRead ? reads.peek() : null;
    ThrottledRequest write = mayWrite ? writes.peek() : null;
    if (read == null || write == null) {
      return read == null ? write : read;
    }
    return preferred == Direction.READ ? read : write;
  }

  void served(Direction direction) {
    preferred = direction == Direction.READ ? Direction.WRITE : Direction.READ;
  }

  @Nullable ThrottledRequest last() {
    ThrottledRequest read = reads.peekLast();
    return read == null ? writes.peekLast() : read;
  }

  boolean isDrained() {
    return drains > 0;
  }

  int drains() {
    return drains;
  }

  void drained(int change) {
    drains += change;
  }
}
