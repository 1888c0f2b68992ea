// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.commandline;

import dev.strata.block.driver.SnapshotStore;
import dev.strata.block.option.Printable;
import dev.strata.block.option.Size;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.List;

/** Internal snapshots as lines for a reader. */
public final class SnapshotTable {
  private SnapshotTable() {}

  /** Appends the header and a line for each. */
  public static void append(List<SnapshotStore.Snapshot> snapshots, StringBuilder text) {
    row(text, "ID", "TAG", "VM SIZE", "DATE", "VM CLOCK", "ICOUNT");
    for (SnapshotStore.Snapshot snapshot : snapshots) {
      row(
          text,
          Printable.of(snapshot.id()),
          Printable.of(snapshot.name()),
          Size.human(snapshot.vmStateSize()),
          date(snapshot.dateSeconds()),
          clock(snapshot.vmClockNanos()),
          snapshot.instructionCount() == -1 ? "" : String.valueOf(snapshot.instructionCount()));
    }
  }

  private static void row(
      StringBuilder text,
      String id,
      String tag,
      String size,
      String date,
      String clock,
      String count) {
    left(text, id, 9);
    text.append(' ');
    left(text, tag, 16);
    text.append(' ');
    right(text, size, 8);
    right(text, date, 20);
    right(text, clock, 13);
    right(text, count, 11);
    text.append('\n');
  }

  private static void left(StringBuilder text, String word, int width) {
    text.append(word);
    text.append(" ".repeat(Math.max(0, width - word.length())));
  }

  private static void right(StringBuilder text, String word, int width) {
    text.append(" ".repeat(Math.max(0, width - word.length()))).append(word);
  }

  private static String date(long seconds) {
    ZonedDateTime time = Instant.ofEpochSecond(seconds).atZone(ZoneId.systemDefault());
    var text = new StringBuilder();
    text.append(time.getYear()).append('-');
    two(text, time.getMonthValue()).append('-');
    two(text, time.getDayOfMonth()).append(' ');
    two(text, time.getHour()).append(':');
    two(text, time.getMinute()).append(':');
    return two(text, time.getSecond()).toString();
  }

  private static String clock(long nanos) {
    long seconds = nanos / 1_000_000_000L;
    var text = new StringBuilder();
    two(text, (int) (seconds / 3600)).append(':');
    two(text, (int) (seconds / 60 % 60)).append(':');
    two(text, (int) (seconds % 60)).append('.');
    int millis = (int) (nanos / 1_000_000L % 1000);
    text.append(millis < 100 ? "0" : "").append(millis < 10 ? "0" : "").append(millis);
    return text.toString();
  }

  private static StringBuilder two(StringBuilder text, int value) {
    return text.append(value < 10 ? "0" : "").append(value);
  }
}
