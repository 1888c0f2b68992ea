// SPDX-License-Identifier: Apache-2.0
package dev.strata.system;

import dev.strata.block.BlockException;
import dev.strata.block.option.BlockOptions;
import dev.strata.system.device.timer.TimeSource;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import org.jspecify.annotations.Nullable;

/**
 * {@code -rtc}: what the board's clock shows.
 *
 * @param base utc, localtime, or a date
 * @param source what it goes by
 */
record ClockOption(String base, TimeSource source) {
  /** As a PC is if nobody says otherwise. */
  static final ClockOption DEFAULT = new ClockOption("utc", TimeSource.HOST);

  /** Changes what the options name. */
  ClockOption with(String given, BlockOptions options) throws BlockException {
    String newBase = options.takeString("base");
    String clock = options.takeString("clock");
    String drift = options.takeString("driftfix");
    for (String name : options.names()) {
      throw CommandLine.error(given + ": Invalid parameter '" + name + "'");
    }
    if (drift != null && !drift.equals("none")) {
      throw CommandLine.error(
          drift.equals("slew")
              ? given + ": lost ticks are not made up for: 'slew' is not supported"
              : "invalid option value '" + drift + "'");
    }
    TimeSource newSource = clock == null ? source : named(clock);
    if (newSource == null) {
      throw CommandLine.error("invalid option value '" + clock + "'");
    }
    if (newBase != null && !isFixed(newBase)) {
      return new ClockOption(newBase, newSource);
    }
    if (newBase != null) {
      parsed(newBase);
    }
    return new ClockOption(newBase == null ? base : newBase, newSource);
  }

  private static @Nullable TimeSource named(String name) {
    return switch (name) {
      case "host" -> TimeSource.HOST;
      case "rt" -> TimeSource.REAL;
      case "vm" -> TimeSource.VIRTUAL;
      default -> null;
    };
  }

  private static boolean isFixed(String text) {
    return !text.equals("utc") && !text.equals("localtime");
  }

  private static LocalDateTime parsed(String text) throws BlockException {
    try {
      return text.indexOf('T') < 0
          ? LocalDate.parse(text).atStartOfDay()
          : LocalDateTime.parse(text);
    } catch (DateTimeException e) {
      throw CommandLine.error("invalid datetime format")
          .withHint("valid formats: '2006-06-17T16:01:21' or '2006-06-17'");
    }
  }

  /** What the clock shows when the machine begins, which is now. */
  LocalDateTime start() throws BlockException {
    return switch (base) {
      case "utc" -> LocalDateTime.now(ZoneOffset.UTC);
      case "localtime" -> LocalDateTime.now();
      default -> parsed(base);
    };
  }
}
