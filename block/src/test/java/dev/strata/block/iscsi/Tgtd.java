// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.iscsi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.strata.block.BlockException;
import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A target of Debian's package tgt, on loopback, with one unit of some sort as LUN 1. */
final class Tgtd implements AutoCloseable {
  static final String TARGET = "iqn.2026-01.test:disk";

  /** Not on every user's path. */
  private static final Path PROGRAMS = Path.of("/usr/sbin");

  private final Path folder;
  private final Process process;
  private final int port;

  private Tgtd(Path folder, Process process, int port) {
    this.folder = folder;
    this.process = process;
    this.port = port;
  }

  /** Skips the test where the target or the library is not installed. */
  static void assumeInstalled() {
    assumeTrue(isProgram("tgtd") && isProgram("tgtadm"), "no tgtd (Debian's package tgt)");
    assumeLibrary();
  }

  static void assumeLibrary() {
    try {
      Libiscsi.load();
    } catch (BlockException e) {
      assumeTrue(false, e.getMessage());
    }
  }

  private static boolean isProgram(String name) {
    return Files.isExecutable(PROGRAMS.resolve(name));
  }

  /**
   * Starts a target.
   *
   * @param folder for its files; its name is short enough for a socket in it
   * @param size of LUN 1 in bytes, all zeroes, in {@code disk} of the folder
   * @param options of {@code tgtadm} for the unit
   */
  static Tgtd start(Path folder, long size, String... options) throws Exception {
    assumeInstalled();
    int port;
    try (var probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = probe.getLocalPort();
    }
    ProcessBuilder builder = command(folder, "tgtd", "-f", "--iscsi", "portal=127.0.0.1:" + port);
    var tgtd = new Tgtd(folder, builder.start(), port);
    boolean started = false;
    try {
      tgtd.awaitReady();
      tgtd.admin("--op", "new", "--mode", "target", "--tid", "1", "-T", TARGET);
      tgtd.admin("--op", "bind", "--mode", "target", "--tid", "1", "-I", "ALL");
      try (var disk = new RandomAccessFile(tgtd.disk().toFile(), "rw")) {
        disk.setLength(size);
      }
      var words =
          new ArrayList<>(List.of("--op", "new", "--mode", "logicalunit", "--tid", "1", "--lun"));
      words.addAll(List.of("1", "-b", tgtd.disk().toString()));
      words.addAll(List.of(options));
      tgtd.admin(words.toArray(String[]::new));
      started = true;
      return tgtd;
    } finally {
      if (!started) {
        tgtd.close();
      }
    }
  }

  private static ProcessBuilder command(Path folder, String... words) {
    var command = new ArrayList<>(List.of(words));
    command.set(0, PROGRAMS.resolve(words[0]).toString());
    var builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectInput(new File("/dev/null"))
            .redirectOutput(folder.resolve(words[0] + ".log").toFile());
    builder.environment().put("TGT_IPC_SOCKET", folder.resolve("control").toString());
    return builder;
  }

  private void awaitReady() throws Exception {
    while (run("--op", "show", "--mode", "system") != 0) {
      // A wait for something that happens, not for a time.
      assertTrue(!process.waitFor(20, TimeUnit.MILLISECONDS), this::log);
    }
  }

  private int run(String... words) throws IOException, InterruptedException {
    var all = new ArrayList<>(List.of("tgtadm", "--lld", "iscsi"));
    all.addAll(List.of(words));
    Process admin = command(folder, all.toArray(String[]::new)).start();
    assertTrue(admin.waitFor(1, TimeUnit.MINUTES), "tgtadm does not end");
    return admin.exitValue();
  }

  /** Runs {@code tgtadm}. */
  void admin(String... words) throws IOException, InterruptedException {
    assertEquals(
        0, run(words), () -> List.of(words) + ": " + text(folder.resolve("tgtadm.log")) + log());
  }

  /** Sets parameters of LUN 1. */
  void set(String parameters) throws IOException, InterruptedException {
    admin(
        "--op",
        "update",
        "--mode",
        "logicalunit",
        "--tid",
        "1",
        "--lun",
        "1",
        "--params",
        parameters);
  }

  private String log() {
    return text(folder.resolve("tgtd.log"));
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return e.toString();
    }
  }

  int port() {
    return port;
  }

  /** What LUN 1 stores. */
  Path disk() {
    return folder.resolve("disk");
  }

  @Override
  public void close() {
    // It waits for its initiators otherwise.
    process.destroyForcibly().onExit().orTimeout(1, TimeUnit.MINUTES).join();
  }
}
