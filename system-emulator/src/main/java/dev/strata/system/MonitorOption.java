// SPDX-License-Identifier: Apache-2.0
package dev.strata.system;

import dev.strata.block.BlockException;
import dev.strata.block.option.BlockOptions;

/**
 * A monitor at a character device: {@code -mon}.
 *
 * @param given the option, for messages
 * @param device the character device's id
 * @param control whether it is for programs, and not for people
 * @param pretty whether replies take several lines
 */
record MonitorOption(String given, String device, boolean control, boolean pretty) {
  /** What the option says. */
  static MonitorOption of(String given, BlockOptions options) throws BlockException {
    String device = options.takeString("chardev");
    String mode = options.takeString("mode");
    Boolean pretty = options.takeBool("pretty");
    for (String name : options.names()) {
      throw CommandLine.error("Invalid parameter '" + name + "'");
    }
    boolean control =
        switch (mode) {
          case null -> false;
          case "readline" -> false;
          case "control" -> true;
          default ->
              throw CommandLine.error("Parameter 'mode' does not accept value '" + mode + "'");
        };
    if (device == null) {
      throw CommandLine.error("Parameter 'chardev' is missing");
    }
    if (pretty != null && !control) {
      throw CommandLine.error("'pretty' is not compatible with HMP monitors");
    }
    return new MonitorOption(given, device, control, Boolean.TRUE.equals(pretty));
  }
}
