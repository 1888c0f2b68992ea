// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.object;

import dev.strata.block.BlockException;
import dev.strata.block.throttle.ThrottleGroup;
import dev.strata.block.throttle.ThrottleLimits;

/** A throttle group that a user defined; its limits can be changed. Thread-safe. */
public final class NamedThrottleGroup implements NamedObject {
  private final ThrottleGroup group;

  NamedThrottleGroup(ThrottleGroup group) {
    this.group = group;
  }

  /** The group. */
  public ThrottleGroup group() {
    return group;
  }

  /**
   * Changes the limits that {@code properties}, those of the property {@code limits}, name; the
   * others stay.
   *
   * @throws BlockException if what comes out makes no sense; nothing is changed then
   */
  public void limits(ObjectProperties properties) throws BlockException {
    ThrottleLimitChanges changes = ThrottleLimitChanges.parse(properties);
    ThrottleLimits.Builder changed = group.limits().change();
    changes.apply(changed);
    group.limits(changed.build());
  }

  @Override
  public boolean isUsed() {
    return group.isUsed();
  }
}
