// SPDX-License-Identifier: Apache-2.0
package dev.strata.system;

import dev.strata.block.BlockException;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.throttle.Meter;
import dev.strata.block.throttle.ThrottleOptions;

/** The limits of a drive's requests, as {@code -drive} has them. */
final class DriveLimits {
  private static final String PREFIX = "throttling.";

  private DriveLimits() {}

  /** Takes all that is said of limits, by today's names or by those that were before. */
  static ThrottleOptions take(BlockOptions options) throws BlockException {
    for (Meter meter : Meter.values()) {
      String old =
          meter.option().replace("-total", "").replace("-read", "_rd").replace("-write", "_wr");
      rename(options, old, meter.option());
      rename(options, old + "_max", meter.maxOption());
    }
    rename(options, "iops_size", "iops-size");
    rename(options, "group", "group");
    return ThrottleOptions.take(options);
  }

  private static void rename(BlockOptions options, String old, String name) throws BlockException {
    String value = options.takeString(old);
    if (value == null) {
      return;
    }
    if (options.has(PREFIX + name)) {
      throw CommandLine.error(
          "'" + PREFIX + name + "' and its alias '" + old + "' can't be used at the same time");
    }
    options.put(PREFIX + name, value);
  }
}
