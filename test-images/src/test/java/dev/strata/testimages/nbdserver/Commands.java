// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.nbdserver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs programs in a folder. */
public record Commands(Path folder) {
  /** Our server's launcher. */
  public static final String OURS =
      Path.of("..", "bin", "qemu-nbd").toAbsolutePath().normalize().toString();

  static final String REAL = "qemu-nbd";

  /** What a program said on both streams, and its exit code. */
  public record Outcome(int code, String text) {}

  /** Skips the test where one is not installed. */
  public static void assumeInstalled(String... programs) {
    String path = System.getenv("PATH");
    for (String program : programs) {
      boolean found = false;
      for (String each : path == null ? new String[0] : path.split(File.pathSeparator)) {
        found |= Files.isExecutable(Path.of(each, program));
      }
      assumeTrue(found, "no " + program);
    }
  }

  /** Runs a program to its end. */
  public Outcome run(List<String> command) throws IOException, InterruptedException {
    // To a file: what it leaves running in the background may keep a pipe open.
    Path output = Files.createTempFile(folder, "output", "");
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectInput(new File("/dev/null"))
            .redirectOutput(output.toFile())
            .start();
    // The launcher may have to build first, on a machine that is busy with that of others.
    if (!process.waitFor(5, TimeUnit.MINUTES)) {
      process.destroyForcibly();
      throw new AssertionError(command + " does not end");
    }
    return new Outcome(process.exitValue(), Files.readString(output, StandardCharsets.ISO_8859_1));
  }

  /** What a program prints that finds all well. */
  public String succeed(String... command) throws IOException, InterruptedException {
    Outcome outcome = run(List.of(command));
    assertEquals(0, outcome.code(), outcome.text());
    return outcome.text();
  }

  /** Lets a process end. */
  static int await(Process process) throws InterruptedException {
    assertTrue(process.waitFor(1, TimeUnit.MINUTES), "the process does not end");
    return process.exitValue();
  }
}
