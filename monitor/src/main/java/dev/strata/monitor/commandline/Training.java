// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.commandline;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Runs many command lines of a tool in one process, while the JVM records which classes a start
 * needs. The launchers' build does this once; from the record it makes the cache that lets every
 * later start skip loading and linking.
 *
 * <p>A tool's {@code main} asks {@link #commandLines()} first; on every start but the training's it
 * answers null.
 */
public final class Training {
  private Training() {}

  /** A tool's re-entrant entry: arguments in, exit code out. */
  @FunctionalInterface
  public interface Tool {
    /** Runs one command line. */
    int run(String[] arguments);
  }

  /** The file with the training's command lines, or null when this start is no training. */
  public static @Nullable Path commandLines() {
    String name = System.getProperty("strata.training");
    return name == null ? null : Path.of(name);
  }

  /**
   * Runs the tool once for each line of the file, words separated by single spaces. Exit codes do
   * not matter: error paths are trained as well.
   *
   * @throws IOException if the file cannot be read
   */
  public static void run(Path commandLines, Tool tool) throws IOException {
    for (String line : Files.readAllLines(commandLines)) {
      tool.run(line.split(" ", -1));
    }
  }
}
