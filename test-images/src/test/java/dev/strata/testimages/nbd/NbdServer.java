// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.nbd;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.strata.testimages.nbdserver.Commands;
import java.io.File;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A real server on a Unix socket in the test's folder, ended with the test. */
final class NbdServer implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 30;

  private final Process process;
  private final Path socket;

  private NbdServer(Process process, Path socket) {
    this.process = process;
    this.socket = socket;
  }

  static NbdServer nbdkit(Path folder, String name, String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of("nbdkit", "-f", "-U", name));
    command.addAll(List.of(arguments));
    return start(folder, name, command);
  }

  static NbdServer qemu(Path folder, String name, String... arguments) throws IOException {
    return qemuNbd(folder, name, "qemu-nbd", arguments);
  }

  static NbdServer ours(Path folder, String name, String... arguments) throws IOException {
    return qemuNbd(folder, name, Commands.OURS, arguments);
  }

  private static NbdServer qemuNbd(Path folder, String name, String program, String... arguments)
      throws IOException {
    String socket = folder.resolve(name).toString();
    List<String> command = new ArrayList<>(List.of(program, "-t", "-e", "0", "-k", socket));
    command.addAll(List.of(arguments));
    return start(folder, name, command);
  }

  private static NbdServer start(Path folder, String name, List<String> command)
      throws IOException {
    if (!command.get(0).equals(Commands.OURS)) {
      assumeInstalled(command.get(0));
    }
    Path socket = folder.resolve(name);
    Files.deleteIfExists(socket);
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    var server = new NbdServer(process, socket);
    server.awaitListening(command);
    return server;
  }

  static void assumeInstalled(String program) {
    String path = System.getenv("PATH");
    boolean found = false;
    for (String folder : path == null ? new String[0] : path.split(File.pathSeparator)) {
      found |= Files.isExecutable(Path.of(folder, program));
    }
    assumeTrue(found, "no " + program);
  }

  private void awaitListening(List<String> command) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (System.nanoTime() < end) {
      try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
        assertTrue(channel.isConnected());
        return;
      } catch (IOException e) {
        Thread.onSpinWait();
      }
      if (!process.isAlive()) {
        break;
      }
    }
    process.destroy();
    fail("not listening: " + command);
  }

  String uri(String export) {
    return "nbd+unix:///" + export + "?socket=" + socket;
  }

  Path socket() {
    return socket;
  }

  /** Ends it at once, as a crash would. */
  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
