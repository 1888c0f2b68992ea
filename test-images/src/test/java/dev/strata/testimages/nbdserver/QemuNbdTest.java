// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.nbdserver;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The program {@code qemu-nbd} as its users meet it. */
@Execution(ExecutionMode.CONCURRENT)
final class QemuNbdTest {
  private static final int SIZE = 8 << 20;

  @TempDir Path folder;
  private Commands commands;

  @BeforeEach
  void makeImages() throws IOException, InterruptedException {
    Commands.assumeInstalled(Commands.REAL, "qemu-img", "qemu-io", "nbdinfo", "nbdcopy");
    commands = new Commands(folder);
    commands.succeed("qemu-img", "create", "-q", "-f", "qcow2", "base.qcow2", "8M");
    commands.succeed("qemu-io", "-c", "write 64k 64k", "-c", "write -z 1M 1M", "base.qcow2");
    commands.succeed(
        "qemu-img", "create", "-q", "-f", "qcow2", "-b", "base.qcow2", "-F", "qcow2", "a.qcow2");
    commands.succeed("qemu-img", "bitmap", "--add", "a.qcow2", "marks");
    commands.succeed("qemu-io", "-c", "write 256k 64k", "a.qcow2");
    commands.succeed("qemu-img", "create", "-q", "-f", "raw", "a.raw", "8M");
    commands.succeed("qemu-io", "-f", "raw", "-c", "write 1M 64k", "a.raw");
    commands.succeed(Commands.OURS, "--version"); // which may have to build first
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-f raw a.raw",
        "-f qcow2 a.qcow2",
        "-f qcow2 -r -e 4 a.qcow2",
        "-f qcow2 -s a.qcow2",
        "-f raw -o 65536 a.raw",
        "-f qcow2 -A -B marks -D text a.qcow2",
        "-f raw --cache=none --discard=unmap --detect-zeroes=unmap a.raw"
      })
  void clientsAreToldTheSameAsByTheReference(String words)
      throws IOException, InterruptedException {
    var told = new ArrayList<String>();
    for (String program : List.of(Commands.REAL, Commands.OURS)) {
      var options = new ArrayList<>(List.of("-t"));
      options.addAll(List.of(words.split(" ")));
      try (var server = Server.start(folder, program, options.toArray(String[]::new))) {
        told.add(
            commands.succeed("nbdinfo", server.uri())
                + commands.succeed("nbdinfo", "--map", server.uri())
                + commands.succeed(Commands.REAL, "-L", "-k", server.socket().toString())
                + commands.succeed(Commands.OURS, "-L", "-k", server.socket().toString()));
      }
    }
    assertEquals(told.get(0), told.get(1));
  }

  @Test
  void depthAndBitmapAreTheReferences() throws IOException, InterruptedException {
    var told = new ArrayList<String>();
    for (String program : List.of(Commands.REAL, Commands.OURS)) {
      try (var server =
          Server.start(folder, program, "-t", "-f", "qcow2", "-A", "-B", "marks", "a.qcow2")) {
        told.add(
            commands.succeed("nbdinfo", "--map=qemu:allocation-depth", server.uri())
                + commands.succeed("nbdinfo", "--map=qemu:dirty-bitmap:marks", server.uri()));
      }
    }
    assertEquals(told.get(0), told.get(1));
    assertTrue(told.get(0).contains("backing depth 2"), told.get(0));
    assertTrue(told.get(0).contains("dirty"), told.get(0));
  }

  @ParameterizedTest
  @ValueSource(strings = {"raw", "qcow2"})
  void whatIsCopiedInComesOut(String format) throws IOException, InterruptedException {
    byte[] content = new byte[SIZE];
    new Random(5).nextBytes(content);
    Arrays.fill(content, 1 << 20, 3 << 20, (byte) 0);
    Files.write(folder.resolve("source"), content);
    commands.succeed("qemu-img", "create", "-q", "-f", format, "target", "8M");
    try (var server =
        Server.start(folder, Commands.OURS, "-t", "-e", "0", "-f", format, "target")) {
      commands.succeed("nbdcopy", "source", server.uri());
      commands.succeed("nbdcopy", server.uri(), "back");
      commands.succeed("qemu-img", "compare", "-f", "raw", "-F", "raw", "source", server.uri());
      commands.succeed(
          "qemu-io", "-f", "raw", "-c", "write -P 7 3M 5M", "-c", "read -P 7 3M 5M", server.uri());
    }
    assertArrayEquals(content, Files.readAllBytes(folder.resolve("back")));
    Arrays.fill(content, 3 << 20, 8 << 20, (byte) 7);
    commands.succeed("qemu-img", "convert", "-f", format, "-O", "raw", "target", "flat");
    assertArrayEquals(content, Files.readAllBytes(folder.resolve("flat")));
  }

  @Test
  void manyInFlightOnFourConnectionsAreVerified() throws IOException, InterruptedException {
    Commands.assumeInstalled("fio");
    commands.succeed("qemu-img", "create", "-q", "-f", "qcow2", "target.qcow2", "64M");
    try (var server =
        Server.start(folder, Commands.OURS, "-t", "-e", "0", "-f", "qcow2", "target.qcow2")) {
      commands.succeed(
          "fio",
          "--name=nbd",
          "--ioengine=nbd",
          "--uri=" + server.uri(),
          "--rw=randwrite",
          "--bsrange=512-128k",
          "--iodepth=16",
          "--numjobs=4",
          "--thread",
          "--size=16M",
          "--offset_increment=16M",
          "--verify=crc32c",
          "--verify_fatal=1");
    }
    commands.succeed("qemu-img", "check", "target.qcow2");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "a.raw b.raw",
        "absent",
        "-f foo a.raw",
        "-k relative a.raw",
        "-o x a.raw",
        "-f raw -o 16777216 a.raw",
        "-e x a.raw",
        "-p x -f raw a.raw",
        "-p 1 -b 1.2.3.4 -f raw a.raw",
        "-k /absent/socket -f raw a.raw",
        "--cache=foo a.raw",
        "-n --cache=none a.raw",
        "--aio=foo a.raw",
        "--discard=foo a.raw",
        "--detect-zeroes=unmap a.raw",
        "--image-opts -f raw a.raw",
        "-l x a.qcow2",
        "-f qcow2 -B absent a.qcow2",
        "-L a.raw",
        "-L -f raw",
        "-L --fork",
        "-L -k /absent/socket",
        "-c /dev/nbd99 -f raw a.raw",
        "-d /dev/nbd99",
        "--tls-creds x a.raw",
        "--tls-hostname x a.raw",
        "--pid-file /absent/pid -p 0 -f raw a.raw",
        "--fork absent",
        "--fork --pid-file /absent/pid -p 0 -f raw a.raw",
        "-q",
        "-p"
      })
  void mistakesAreToldInTheReferencesWords(String words) throws IOException, InterruptedException {
    var real = new ArrayList<>(List.of(Commands.REAL));
    var ours = new ArrayList<>(List.of(Commands.OURS));
    for (String word : words.isEmpty() ? new String[0] : words.split(" ")) {
      real.add(word);
      ours.add(word);
    }
    Commands.Outcome expected = commands.run(real);
    assertEquals(1, expected.code());
    assertEquals(expected, commands.run(ours));
  }

  @Test
  void forkReturnsWhenTheServerAnswersAndThePidFileNamesIt()
      throws IOException, InterruptedException {
    Path socket = folder.resolve("forked");
    commands.succeed(
        Commands.OURS,
        "--fork",
        "--pid-file=" + folder.resolve("pid"),
        "-tk" + socket,
        "-f",
        "raw",
        "a.raw");
    long pid = Long.parseLong(Files.readString(folder.resolve("pid")).strip());
    ProcessHandle server = ProcessHandle.of(pid).orElseThrow();
    String size = commands.succeed("nbdinfo", "--size", "nbd+unix:///?socket=" + socket);
    assertEquals(SIZE + "\n", size);
    server.destroy();
    server.onExit().orTimeout(1, TimeUnit.MINUTES).join();
    assertFalse(Files.exists(socket));
  }

  @Test
  void theEndOfTheLastClientIsTheServersUnlessItIsToStay()
      throws IOException, InterruptedException {
    var server = Server.start(folder, Commands.OURS, "-f", "raw", "a.raw");
    commands.succeed("nbdinfo", "--size", server.uri());
    assertEquals(0, Commands.await(server.process()));
    assertFalse(Files.exists(server.socket()));
    try (var staying = Server.start(folder, Commands.OURS, "-t", "-f", "raw", "a.raw")) {
      commands.succeed("nbdinfo", "--size", staying.uri());
      commands.succeed("nbdinfo", "--size", staying.uri());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"TERM", "INT", "HUP"})
  void signalsEndItInOrder(String signal) throws IOException, InterruptedException {
    var server = Server.start(folder, Commands.OURS, "-t", "-f", "qcow2", "a.qcow2");
    commands.succeed("qemu-io", "-f", "raw", "-c", "write -P 9 0 1M", server.uri());
    commands.succeed("kill", "-" + signal, String.valueOf(server.process().pid()));
    assertEquals(0, Commands.await(server.process()));
    assertFalse(Files.exists(server.socket()));
    commands.succeed("qemu-io", "-c", "read -P 9 0 1M", "a.qcow2");
    commands.succeed("qemu-img", "check", "a.qcow2");
  }

  @Test
  void aSocketThatSystemdOpenedIsTaken() throws IOException, InterruptedException {
    Commands.assumeInstalled("python3");
    String script =
        """
        import os, socket, subprocess, sys
        listening = socket.socket(socket.AF_UNIX)
        listening.bind("activated")
        listening.listen(5)
        if listening.fileno() != 3:
            os.dup2(listening.fileno(), 3)
        os.set_inheritable(3, True)
        start = "LISTEN_FDS=1 LISTEN_PID=$$ exec " + sys.argv[1] + " -f raw a.raw"
        server = subprocess.Popen(["sh", "-c", start], close_fds=False)
        size = ["nbdinfo", "--size", "nbd+unix:///?socket=activated"]
        print(subprocess.check_output(size, text=True), end="")
        print("ended with", server.wait(60))
        """;
    assertEquals(
        SIZE + "\nended with 0\n", commands.succeed("python3", "-c", script, Commands.OURS));
  }
}
