// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.vhost;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A storage daemon with an export by vhost-user. */
final class ServingDaemon implements AutoCloseable {
  static final String OURS =
      Path.of("..", "bin", "qemu-storage-daemon").toAbsolutePath().normalize().toString();
  static final String REAL = "qemu-storage-daemon";

  private static final long PAUSE_MILLIS = 10;
  private static final long PATIENCE_NANOS = TimeUnit.MINUTES.toNanos(5); // may have to build first

  final Process process;
  final Path socket;
  final Path output;

  private ServingDaemon(Process process, Path socket, Path output) {
    this.process = process;
    this.socket = socket;
    this.output = output;
  }

  /** Starts one; returns when clients may come. */
  static ServingDaemon start(Path folder, String program, List<String> nodes, String options)
      throws IOException, InterruptedException {
    Path pid = folder.resolve("pid");
    Path socket = folder.resolve("v.sock");
    Path output = folder.resolve("output");
    Files.deleteIfExists(pid);
    var words = new ArrayList<>(List.of(program, "--pidfile", pid.toString()));
    words.addAll(nodes);
    words.addAll(
        List.of(
            "--export",
            "vhost-user-blk,id=e,node-name=disk,addr.type=unix,addr.path=" + socket + options));
    Process process =
        new ProcessBuilder(words)
            .redirectErrorStream(true)
            .redirectInput(new File("/dev/null"))
            .redirectOutput(output.toFile())
            .start();
    long end = System.nanoTime() + PATIENCE_NANOS;
    while (!Files.exists(pid)) {
      if (!process.isAlive() || System.nanoTime() > end) {
        process.destroyForcibly();
        throw new AssertionError("the daemon does not begin: " + Files.readString(output));
      }
      TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
    }
    return new ServingDaemon(process, socket, output);
  }

  /** Ends it in order; its exit code. */
  int end() throws InterruptedException {
    process.destroy();
    if (!process.waitFor(1, TimeUnit.MINUTES)) {
      throw new AssertionError("the daemon does not end");
    }
    return process.exitValue();
  }

  @Override
  public void close() {
    process.destroyForcibly().onExit().join();
  }
}
