// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.commandline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ProgressTest {
  private final ByteArrayOutputStream output = new ByteArrayOutputStream();
  private final Terminal terminal =
      new Terminal(
          "qemu-img",
          new PrintStream(output, false, StandardCharsets.UTF_8),
          new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8));

  private String printed() {
    return output.toString(StandardCharsets.UTF_8);
  }

  @Test
  void percentagesAreTheReferencesWhereNobodySitsInFront() {
    try (var progress = new Progress(terminal, Progress.Style.PERCENT)) {
      progress.progress(1, 4);
      progress.progress(4, 4);
      progress.finish();
    }
    assertEquals(
        "    (0.00/100%)\r    (25.00/100%)\r    (100.00/100%)\r    (100.00/100%)\r\n", printed());
  }

  @Test
  void stepsOfLessThanAPercentAreNotShown() {
    try (var progress = new Progress(terminal, Progress.Style.PERCENT)) {
      progress.progress(10, 1000);
      progress.progress(15, 1000);
      progress.progress(21, 1000);
    }
    assertEquals("    (0.00/100%)\r    (1.00/100%)\r    (2.10/100%)\r\n", printed());
  }

  @Test
  void programsGetALineOfJsonForEachStep() {
    try (var progress = new Progress(terminal, Progress.Style.JSON)) {
      progress.progress(512, 1024);
      progress.progress(1024, 1024);
      progress.finish();
    }
    String[] lines = printed().split("\n");
    assertEquals(2, lines.length, printed());
    assertTrue(
        lines[0].matches(
            "\\{\"transferred\": 512, \"total\": 1024, \"elapsed\": [0-9.]+, \"rate\": [0-9]+,"
                + " \"time-left\": [0-9]+}"),
        lines[0]);
    assertTrue(lines[1].startsWith("{\"transferred\": 1024, "), lines[1]);
  }

  @Test
  void whatIsNotShownIsNotWatched() {
    try (var progress = new Progress(terminal, Progress.Style.NONE)) {
      assertFalse(progress.isWatched());
      progress.progress(1, 2);
      progress.finish();
    }
    assertEquals("", printed());
  }
}
