// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.commandline;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
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
  /** How often a client comes to a server that is not there yet. */
  public static final int ATTEMPTS = 500;

  private static final long PAUSE_MILLIS = 10;

  private Training() {}

  /** A tool's re-entrant entry: arguments in, exit code out. */
  @FunctionalInterface
  public interface Tool {
    /** Runs one command line. */
    int run(String[] arguments);
  }

  /** What a client says to a server that a command line runs. */
  @FunctionalInterface
  public interface Visit {
    /** Speaks until it has nothing more to say. */
    void to(SocketChannel channel) throws IOException;
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

  /**
   * Has a client come to a Unix socket as soon as a server is there; gives up after some seconds.
   */
  public static void visit(Path socket, Visit visit) {
    Thread.ofPlatform()
        .daemon()
        .start(() -> {
          for (int i = 0; i < ATTEMPTS; i++) {
            try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
              visit.to(channel);
              return;
            } catch (IOException e) {
              pause(); // not there yet
            }
          }
        });
  }

  /** Gives a server a moment. */
  public static void pause() {
    try {
      TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
