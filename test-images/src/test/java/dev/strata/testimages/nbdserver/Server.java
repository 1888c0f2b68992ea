// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.nbdserver;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A server that runs on a Unix socket until it is closed. */
public record Server(Process process, Path socket) implements AutoCloseable {
  /** Starts a server; returns when clients can come. */
  public static Server start(Path folder, String program, String... options)
      throws IOException, InterruptedException {
    Path socket = folder.resolve("socket");
    var command = new ArrayList<>(List.of(program, "-k", socket.toString()));
    command.addAll(List.of(options));
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectInput(new File("/dev/null"))
            .redirectOutput(folder.resolve("server.log").toFile())
            .start();
    return listening(process, socket);
  }

  /** The server that a process is, once it answers. */
  public static Server listening(Process process, Path socket)
      throws IOException, InterruptedException {
    while (!isListening(socket)) {
      // A wait for something that happens, not for a time.
      assertTrue(!process.waitFor(10, TimeUnit.MILLISECONDS), "the server has ended");
    }
    return new Server(process, socket);
  }

  /** A socket's name is there a moment before anybody answers. */
  private static boolean isListening(Path socket) throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/net/unix"))) {
      // Num RefCount Protocol Flags Type St Inode Path; the flag is the kernel's SO_ACCEPTCON.
      String[] words = line.split(" +", 8);
      if (words.length == 8 && words[3].equals("00010000") && words[7].equals(socket.toString())) {
        return true;
      }
    }
    return false;
  }

  /** The most memory that it has had so far. */
  long peakKib() throws IOException {
    for (String line :
        Files.readAllLines(Path.of("/proc", String.valueOf(process.pid()), "status"))) {
      if (line.startsWith("VmHWM:")) {
        return Long.parseLong(line.replaceAll("\\D", ""));
      }
    }
    throw new IOException("no VmHWM");
  }

  String uri() {
    return "nbd+unix:///?socket=" + socket;
  }

  @Override
  public void close() {
    process.destroy();
    process.onExit().orTimeout(1, TimeUnit.MINUTES).join();
  }
}
