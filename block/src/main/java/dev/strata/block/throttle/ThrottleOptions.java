// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.throttle;

import dev.strata.block.BlockException;
import dev.strata.block.option.BlockOptions;
import org.jspecify.annotations.Nullable;

/**
 * The limits of a drive, as its options give them: {@code throttling.bps-total}, {@code
 * throttling.iops-read-max}, ….
 *
 * @param group the name of the group to share the limits with, or null for one of its own
 */
public record ThrottleOptions(ThrottleLimits limits, @Nullable String group) {
  private static final String PREFIX = "throttling.";

  /** Takes all options of that kind out of {@code options}. */
  public static ThrottleOptions take(BlockOptions options) throws BlockException {
    var limits = new ThrottleLimits.Builder();
    for (Meter meter : Meter.values()) {
      limits.average(meter, number(options, meter.option(), 0));
      limits.max(meter, number(options, meter.maxOption(), 0));
      limits.maxSeconds(meter, number(options, meter.maxLengthOption(), 1));
    }
    limits.operationSize(number(options, "iops-size", 0));
    String group = options.takeString(PREFIX + "group");
    return new ThrottleOptions(limits.build(), group);
  }

  private static long number(BlockOptions options, String name, long otherwise)
      throws BlockException {
    Long value = options.takeNumber(PREFIX + name);
    return value == null ? otherwise : value;
  }
}
