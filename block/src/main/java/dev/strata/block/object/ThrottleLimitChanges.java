// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.object;

import static dev.strata.block.Errno.EINVAL;

import dev.strata.block.BlockException;
import dev.strata.block.json.JsonObject;
import dev.strata.block.throttle.Meter;
import dev.strata.block.throttle.ThrottleLimits;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What one value of a group's property {@code limits} sets.
 *
 * @param operationSize null if it is not set
 * @see "QEMU's QAPI schema, ThrottleLimits"
 */
record ThrottleLimitChanges(Map<Meter, Numbers> meters, @Nullable Long operationSize) {
  static final long MAX_SECONDS = 0xffff_ffffL;
  static final String OPERATION_SIZE = "iops-size";

  /** The meters in the schema's order, in which values are converted. */
  static final List<Meter> SCHEMA =
      List.of(
          Meter.IOPS_TOTAL,
          Meter.IOPS_READ,
          Meter.IOPS_WRITE,
          Meter.BPS_TOTAL,
          Meter.BPS_READ,
          Meter.BPS_WRITE);

  /** What is set for one meter; null for what is not. */
  record Numbers(@Nullable Long average, @Nullable Long max, @Nullable Long maxSeconds) {}

  /** All limits, as they are set. */
  static JsonObject describe(ThrottleLimits limits) {
    var json = new JsonObject();
    for (Meter meter : SCHEMA) {
      json.put(meter.option(), limits.average(meter));
      json.put(meter.maxOption(), limits.max(meter));
      json.put(meter.maxLengthOption(), limits.maxSeconds(meter));
    }
    return json.put(OPERATION_SIZE, limits.operationSize());
  }

  /** Takes all out of {@code properties}; there may be no others. */
  static ThrottleLimitChanges parse(ObjectProperties properties) throws BlockException {
    var meters = new EnumMap<Meter, Numbers>(Meter.class);
    for (Meter meter : SCHEMA) {
      Long average = properties.integer(meter.option());
      Long max = properties.integer(meter.maxOption());
      Long maxSeconds = properties.integer(meter.maxLengthOption());
      meters.put(meter, new Numbers(average, max, maxSeconds));
    }
    Long operationSize = properties.integer(OPERATION_SIZE);
    properties.rejectUnknown();
    return new ThrottleLimitChanges(meters, operationSize);
  }

  /**
   * Sets what is given.
   *
   * @throws BlockException if what comes out makes no sense
   */
  void apply(ThrottleLimits.Builder limits) throws BlockException {
    for (Map.Entry<Meter, Numbers> each : meters.entrySet()) {
      Meter meter = each.getKey();
      Numbers numbers = each.getValue();
      if (numbers.average() != null) {
        limits.average(meter, numbers.average());
      }
      if (numbers.max() != null) {
        limits.max(meter, numbers.max());
      }
      if (numbers.maxSeconds() != null) {
        if (numbers.maxSeconds() > MAX_SECONDS) {
          throw new BlockException(
              EINVAL,
              meter.maxLengthOption() + " value must be in the range [0, " + MAX_SECONDS + "]");
        }
        limits.maxSeconds(meter, numbers.maxSeconds());
      }
    }
    if (operationSize != null) {
      limits.operationSize(operationSize);
    }
    limits.build();
  }
}
