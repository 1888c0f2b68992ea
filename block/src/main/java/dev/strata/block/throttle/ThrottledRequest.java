// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.throttle;

import org.jspecify.annotations.Nullable;

/** A request that waits for its turn; guarded by its group. */
final class ThrottledRequest {
  private final ThrottleMember member;
  private final Direction direction;
  private final long bytes;
  private final @Nullable Thread thread;
  private boolean granted;

  /**
   * A request that begins to wait.
   *
   * @param thread who is woken when it may pass; null if nobody sleeps
   */
  ThrottledRequest(
      ThrottleMember member, Direction direction, long bytes, @Nullable Thread thread) {
    this.member = member;
    this.direction = direction;
    this.bytes = bytes;
    this.thread = thread;
  }

  ThrottleMember member() {
    return member;
  }

  Direction direction() {
    return direction;
  }

  long bytes() {
    return bytes;
  }

  @Nullable Thread thread() {
    return thread;
  }

  boolean granted() {
    return granted;
  }

  void grant() {
    granted = true;
  }
}
