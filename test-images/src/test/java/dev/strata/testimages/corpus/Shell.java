// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.corpus;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Runs shell lines in one scratch directory, with the tools of one directory first on the path.
 *
 * @param directory the scratch directory, current directory of every line
 * @param tools directory with qemu-img and qemu-io
 */
record Shell(Path directory, Path tools) {
  private static final long TIMEOUT_SECONDS = 60;

  // poke FILE OFFSET BYTES overwrites bytes given as printf escapes, for example '\377\0'.
  private static final String PRELUDE =
      "ulimit -c 0\n"
          + "poke() { printf \"$3\" | dd of=\"$1\" bs=1 seek=\"$2\" conv=notrunc status=none; }\n";

  /**
   * What a shell line did.
   *
   * @param exitCode of the line, 128 and more for a signal; -1 when it was ended for taking too
   *     long
   */
  record Outcome(String stdout, String stderr, int exitCode) {}

  /** Runs one line to its end; standard input is empty. */
  Outcome run(String command) throws IOException, InterruptedException {
    // Beside the scratch directory, so that the files under comparison are only the tools' own.
    Path stdout = directory.resolveSibling(directory.getFileName() + ".stdout");
    Path stderr = directory.resolveSibling(directory.getFileName() + ".stderr");
    Process process =
        builder(command)
            .redirectInput(Path.of("/dev/null").toFile())
            .redirectOutput(stdout.toFile())
            .redirectError(stderr.toFile())
            .start();
    int exitCode;
    try {
      exitCode = process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS) ? process.exitValue() : -1;
    } finally {
      end(process);
    }
    // Latin-1 keeps every byte apart from every other.
    String output = Files.readString(stdout, StandardCharsets.ISO_8859_1);
    String errors = Files.readString(stderr, StandardCharsets.ISO_8859_1);
    return new Outcome(output, errors, exitCode);
  }

  /** Starts a qemu-io that waits for commands, and returns once it has its image open. */
  Process hold(String command) throws IOException {
    Process process = builder("exec " + command).redirectErrorStream(true).start();
    BufferedReader output =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.ISO_8859_1));
    StringBuilder seen = new StringBuilder();
    while (seen.indexOf("qemu-io> ") < 0) {
      int character = output.read();
      if (character < 0) {
        end(process);
        throw new IOException(command + " did not open its image: " + seen);
      }
      seen.append((char) character);
    }
    return process;
  }

  /** Ends a process of ours and all that it started. */
  static void end(Process process) {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
    try {
      process.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private ProcessBuilder builder(String command) {
    ProcessBuilder builder =
        new ProcessBuilder("/bin/sh", "-c", PRELUDE + command).directory(directory.toFile());
    Map<String, String> environment = builder.environment();
    environment.put("PATH", tools + ":/usr/bin:/bin:/usr/sbin:/sbin");
    environment.put("LC_ALL", "C");
    environment.put("TZ", "UTC");
    environment.remove("SOURCE_DATE_EPOCH");
    return builder;
  }
}
