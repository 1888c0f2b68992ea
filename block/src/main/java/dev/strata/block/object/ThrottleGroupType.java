// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.object;

import static dev.strata.block.Errno.EINVAL;

import dev.strata.block.BlockException;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.KeyOrder;
import dev.strata.block.throttle.Meter;
import dev.strata.block.throttle.ThrottleGroup;
import dev.strata.block.throttle.ThrottleLimits;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * {@code throttle-group}: limits that several disks share, given together ({@code limits}) or one
 * by one ({@code x-bps-total}, …).
 *
 * @see "QEMU's QAPI schema, ThrottleGroupProperties"
 */
final class ThrottleGroupType implements ObjectType {
  /** Sets one property of the limits in the making. */
  private interface Setting {
    void apply(ThrottleLimits.Builder limits) throws BlockException;
  }

  @Override
  public String name() {
    return "throttle-group";
  }

  @Override
  public List<Property> properties() {
    var names = new ArrayList<String>();
    names.add("x-" + ThrottleLimitChanges.OPERATION_SIZE);
    for (Meter meter : Meter.values()) {
      names.add("x-" + meter.option());
      names.add("x-" + meter.maxOption());
      names.add("x-" + meter.maxLengthOption());
    }
    // A name comes after those that continue it, as the reference sorts "name=<type>".
    names.sort((a, b) -> (a + "=").compareTo(b + "="));
    var all = new ArrayList<Property>();
    all.add(new Property("limits", "ThrottleLimits", new JsonObject()));
    for (String each : names) {
      all.add(Property.number(each, 0));
    }
    return List.copyOf(all);
  }

  @Override
  public NamedThrottleGroup create(ObjectProperties properties, ObjectRegistry others)
      throws BlockException {
    // The reference sets them in the order of its hash table; of two that set the same the later
    // one wins, and the first that is wrong is told.
    var settings = new TreeMap<Integer, Setting>();
    ObjectProperties section = properties.section("limits");
    if (section != null) {
      ThrottleLimitChanges changes = ThrottleLimitChanges.parse(section);
      settings.put(KeyOrder.bucket("limits"), changes::apply);
    }
    for (Meter meter : ThrottleLimitChanges.SCHEMA) {
      single(properties, meter.option(), settings, (limits, value) -> limits.average(meter, value));
      single(properties, meter.maxOption(), settings, (limits, value) -> limits.max(meter, value));
      single(
          properties,
          meter.maxLengthOption(),
          settings,
          (limits, value) -> limits.maxSeconds(meter, value));
    }
    single(
        properties,
        ThrottleLimitChanges.OPERATION_SIZE,
        settings,
        ThrottleLimits.Builder::operationSize);
    properties.rejectUnknown();
    var limits = new ThrottleLimits.Builder();
    for (Setting setting : settings.values()) {
      setting.apply(limits);
    }
    var group = new ThrottleGroup(properties.id());
    group.limits(limits.build());
    return new NamedThrottleGroup(group);
  }

  private interface Assignment {
    void set(ThrottleLimits.Builder limits, long value);
  }

  /** Takes out a property that sets one number. */
  private static void single(
      ObjectProperties properties,
      String name,
      Map<Integer, Setting> settings,
      Assignment assignment)
      throws BlockException {
    String property = "x-" + name;
    Long given = properties.integer(property);
    if (given == null) {
      return;
    }
    long value = given;
    settings.put(
        KeyOrder.bucket(property),
        limits -> {
          if (value < 0) {
            throw new BlockException(EINVAL, "Property values cannot be negative");
          }
          if (name.endsWith("-length") && value > ThrottleLimitChanges.MAX_SECONDS) {
            throw new BlockException(
                EINVAL,
                property
                    + " value must be in therange [0, "
                    + ThrottleLimitChanges.MAX_SECONDS
                    + "]");
          }
          assignment.set(limits, value);
        });
  }
}
