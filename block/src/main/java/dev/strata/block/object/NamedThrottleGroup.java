// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.object;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonValue;
import dev.strata.block.throttle.ThrottleGroup;
import dev.strata.block.throttle.ThrottleLimits;
import org.jspecify.annotations.Nullable;

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

  /** The limits together, or one of them. */
  @Override
  public @Nullable JsonValue property(String name) {
    JsonObject limits = ThrottleLimitChanges.describe(group.limits());
    return name.equals("limits") ? limits : limits.get(name.substring("x-".length()));
  }

  @Override
  public void change(String name, ObjectProperties value) throws BlockException {
    ObjectProperties limits = name.equals("limits") ? value.section(name) : null;
    if (limits == null) {
      throw new BlockException(Errno.EPERM, "Property cannot be set after initialization");
    }
    limits(limits);
  }

  @Override
  public boolean isUsed() {
    return group.isUsed();
  }
}
