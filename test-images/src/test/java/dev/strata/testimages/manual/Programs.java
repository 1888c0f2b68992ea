// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.manual;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.strata.monitor.commandline.Terminal;
import dev.strata.monitor.manual.Strata;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** Our own program within this process, and others beside it. */
final class Programs {
  private Programs() {}

  /** What {@code strata} prints. */
  static String strata(String... arguments) {
    var output = new ByteArrayOutputStream();
    var errors = new ByteArrayOutputStream();
    var terminal =
        new Terminal(
            "strata",
            new PrintStream(output, false, StandardCharsets.UTF_8),
            new PrintStream(errors, true, StandardCharsets.UTF_8));
    int code = Strata.run(arguments, terminal);
    assertEquals("", errors.toString(StandardCharsets.UTF_8));
    assertEquals(0, code);
    return output.toString(StandardCharsets.UTF_8);
  }

  /** Skips the test where a program is not installed. */
  static void assumeInstalled(String program) {
    String path = System.getenv("PATH");
    boolean found = false;
    for (String folder : path == null ? new String[0] : path.split(File.pathSeparator)) {
      found |= Files.isExecutable(Path.of(folder, program));
    }
    assumeTrue(found, "no " + program);
  }

  /** What a program prints, errors too, that reads {@code input} and finds all well. */
  static String run(Path folder, String input, String... command)
      throws IOException, InterruptedException {
    Path in = Files.writeString(folder.resolve("input"), input);
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectInput(in.toFile())
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(5, TimeUnit.MINUTES));
    assertEquals(0, process.exitValue(), output);
    return output;
  }
}
