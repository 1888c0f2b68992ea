// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.tour;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.monitor.commandline.Terminal;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Runs the tools one after the other, each as a user would, and shows what they print. */
public final class Tour {
  private static final String PID_FILE = "server.pid";
  private static final String SOCKET = "server.sock";

  private final Path launchers;
  private final Path folder;
  private final PrintStream out;

  /**
   * A tour.
   *
   * @param launchers the folder of the tools' programs
   * @param folder an existing one, where the sample disk and its copies are made and stay
   * @param terminal what the tools print goes there, their errors too
   */
  public Tour(Path launchers, Path folder, Terminal terminal) {
    this.launchers = launchers;
    this.folder = folder;
    this.out = terminal.out();
  }

  /**
   * Runs it: blocks until the last tool has ended. No server of it stays.
   *
   * @throws BlockException if a tool fails; what it says of that has been printed
   */
  public void run() throws BlockException {
    try {
      say("A raw disk of 16 MiB that boots is made: sample.raw.");
      SampleDisk.create(folder.resolve("sample.raw"));
      say("qemu-img converts it to qcow2, and compresses that:");
      tool("qemu-img", "convert", "-c", "-f", "raw", "-O", "qcow2", "sample.raw", "sample.qcow2");
      say("It inspects what has come of it:");
      tool("qemu-img", "info", "sample.qcow2");
      tool("qemu-img", "check", "sample.qcow2");
      serve();
      say("qemu-system-x86_64 boots it from qcow2 until the guest switches it off:");
      tool(
          "qemu-system-x86_64",
          "-display",
          "none",
          "-serial",
          "stdio",
          "-drive",
          "file=sample.qcow2,format=qcow2");
    } catch (BlockException e) {
      throw e;
    } catch (IOException e) {
      throw new BlockException(Errno.EIO, "The tour ends early: " + e).causedBy(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BlockException(Errno.EINTR, "The tour was interrupted").causedBy(e);
    }
  }

  private void serve() throws BlockException, IOException, InterruptedException {
    String socket = folder.resolve(SOCKET).toString();
    String url = "nbd+unix:///?socket=" + socket;
    try {
      say("qemu-nbd serves it, until its client has gone:");
      tool(
          "qemu-nbd",
          "--fork",
          "--pid-file",
          PID_FILE,
          "-r",
          "-k",
          socket,
          "-f",
          "qcow2",
          "sample.qcow2");
      say("qemu-img reads it back over NBD, and compares:");
      tool("qemu-img", "convert", "-f", "raw", "-O", "raw", url, "copy.raw");
      tool("qemu-img", "compare", "-f", "raw", "-F", "raw", "sample.raw", "copy.raw");
    } catch (IOException | InterruptedException e) {
      endServer(); // which waits for a client that does not come
      throw e;
    }
  }

  private void endServer() throws IOException {
    Path file = folder.resolve(PID_FILE);
    if (Files.exists(file)) {
      String pid = Files.readString(file).strip();
      if (pid.matches("[1-9][0-9]{0,9}")) {
        ProcessHandle.of(Long.parseLong(pid)).ifPresent(ProcessHandle::destroy);
      }
    }
  }

  private void say(String text) {
    out.print("\n" + text + "\n");
    out.flush();
  }

  private void tool(String name, String... arguments)
      throws BlockException, IOException, InterruptedException {
    var words = new ArrayList<>(List.of(name));
    words.addAll(List.of(arguments));
    out.print("\n$ " + String.join(" ", words.stream().map(Tour::quoted).toList()) + "\n");
    out.flush();
    words.set(0, launchers.resolve(name).toString());
    Process process =
        new ProcessBuilder(words)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
            .start();
    try (InputStream printed = process.getInputStream()) {
      var part = new byte[4096];
      for (int count = printed.read(part); count >= 0; count = printed.read(part)) {
        out.write(part, 0, count);
        out.flush();
      }
      int code = process.waitFor();
      if (code != 0) {
        throw new BlockException(Errno.EIO, "The tour ends here: that command returned " + code);
      }
    } finally {
      process.destroy();
    }
  }

  /** A word as a shell wants it. */
  private static String quoted(String word) {
    return word.matches("[A-Za-z0-9_./:,=+-]+") ? word : "'" + word.replace("'", "'\\''") + "'";
  }
}
