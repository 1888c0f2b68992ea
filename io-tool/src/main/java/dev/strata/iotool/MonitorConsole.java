// SPDX-License-Identifier: Apache-2.0
package dev.strata.iotool;

import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockGraph;
import dev.strata.iotool.command.Session;
import dev.strata.monitor.command.ImageConsole;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** The commands as clients of a monitor give them, about images that others opened. */
public final class MonitorConsole implements ImageConsole {
  private final PrintStream output =
      new PrintStream(
          new BufferedOutputStream(new FileOutputStream(FileDescriptor.out)),
          false,
          StandardCharsets.UTF_8);
  private @Nullable Session session; // guarded by this

  /** For the service loader. */
  public MonitorConsole() {}

  @Override
  public synchronized String run(
      BlockGraph graph, BlockBackend image, boolean kept, String command) {
    Session running = session;
    if (running == null) {
      running = Session.within(graph, output, System.err);
      session = running;
    }
    String failures = running.runOn(image, kept, command);
    running.flushOutput();
    return failures;
  }
}
