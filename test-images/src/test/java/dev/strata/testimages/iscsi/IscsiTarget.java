// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.iscsi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A target of Debian's package tgt on loopback, with a file for each unit.
 *
 * @param portal host and port
 */
record IscsiTarget(Path folder, Process process, String portal) implements AutoCloseable {
  static final String NAME = "iqn.2026-01.test:disk";

  /** Starts a target without units. */
  static IscsiTarget start(Path folder) throws IOException, InterruptedException {
    int port;
    try (var probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = probe.getLocalPort();
    }
    String portal = "127.0.0.1:" + port;
    Process process = command(folder, "tgtd", "-f", "--iscsi", "portal=" + portal).start();
    var target = new IscsiTarget(folder, process, portal);
    boolean started = false;
    try {
      while (target.run("--op", "show", "--mode", "system") != 0) {
        // A wait for something that happens, not for a time.
        assertTrue(!process.waitFor(20, TimeUnit.MILLISECONDS), "tgtd has ended");
      }
      target.admin("--op", "new", "--mode", "target", "--tid", "1", "-T", NAME);
      target.admin("--op", "bind", "--mode", "target", "--tid", "1", "-I", "ALL");
      started = true;
      return target;
    } finally {
      if (!started) {
        target.close();
      }
    }
  }

  private static ProcessBuilder command(Path folder, String... words) {
    var command = new ArrayList<>(List.of(words));
    command.set(0, "/usr/sbin/" + words[0]); // not on every user's path
    var builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectInput(new File("/dev/null"))
            .redirectOutput(folder.resolve(words[0] + ".log").toFile());
    builder.environment().put("TGT_IPC_SOCKET", folder.resolve("control").toString());
    return builder;
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
    assertEquals(0, run(words), List.of(words)::toString);
  }

  /** Adds a unit of zeroes. */
  void add(int lun, long size, String parameters) throws IOException, InterruptedException {
    Path file = folder.resolve("lun" + lun);
    try (var disk = new RandomAccessFile(file.toFile(), "rw")) {
      disk.setLength(size);
    }
    String[] unit = {"--mode", "logicalunit", "--tid", "1", "--lun", Integer.toString(lun)};
    var words = new ArrayList<>(List.of(unit));
    words.addAll(List.of("--op", "new", "-b", file.toString()));
    admin(words.toArray(String[]::new));
    words = new ArrayList<>(List.of(unit));
    words.addAll(List.of("--op", "update", "--params", parameters));
    admin(words.toArray(String[]::new));
  }

  String url(int lun) {
    return "iscsi://" + portal + "/" + NAME + "/" + lun;
  }

  @Override
  public void close() {
    // It waits for its initiators otherwise.
    process.destroyForcibly().onExit().orTimeout(1, TimeUnit.MINUTES).join();
  }
}
