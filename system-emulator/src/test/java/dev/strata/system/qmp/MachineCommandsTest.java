// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.qmp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.monitor.commandline.Terminal;
import dev.strata.system.QemuSystem;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.ConnectException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A program that gives a machine commands. */
@Timeout(60)
final class MachineCommandsTest {
  private static final int[] HALTS = {0xf4, 0xeb, 0xfd}; // hlt, and again
  private static final int[] RESETS = {
    0xb0, 0xfe, // mov al, FEh: pulse the reset line
    0xe6, 0x64, // out 64h, al: the keyboard controller
    0xf4, 0xeb, 0xfd
  };

  @TempDir Path folder;
  private final ByteArrayOutputStream errors = new ByteArrayOutputStream();

  private final class Client implements AutoCloseable {
    private final CompletableFuture<Integer> ended;
    private final SocketChannel channel;
    private final BufferedReader in;

    Client(String... options) throws Exception {
      var words = new ArrayList<>(List.of(options));
      Path socket = folder.resolve("qmp");
      words.addAll(List.of("-nodefaults", "-display", "none"));
      words.addAll(List.of("-qmp", "unix:" + socket + ",server=on,wait=off"));
      ended =
          CompletableFuture.supplyAsync(
              () -> QemuSystem.run(words, terminal()), task -> Thread.ofPlatform().start(task));
      while (!Files.exists(socket)) {
        assertFalse(ended.isDone(), errors::toString);
        TimeUnit.MILLISECONDS.sleep(5);
      }
      channel = connect(socket);
      in = new BufferedReader(Channels.newReader(channel, StandardCharsets.UTF_8));
      assertTrue(in.readLine().startsWith("{\"QMP\": {\"version\": "));
      assertEquals("{\"return\": {}}", ask("{\"execute\": \"qmp_capabilities\"}"));
    }

    /** The file is there a moment before somebody listens. */
    private SocketChannel connect(Path socket) throws Exception {
      while (true) {
        try {
          return SocketChannel.open(UnixDomainSocketAddress.of(socket));
        } catch (ConnectException e) {
          assertFalse(ended.isDone(), errors::toString);
          TimeUnit.MILLISECONDS.sleep(5);
        }
      }
    }

    private Terminal terminal() {
      var nowhere = new PrintStream(errors, true, StandardCharsets.UTF_8);
      return new Terminal("qemu-system-x86_64", nowhere, nowhere);
    }

    String ask(String line) throws IOException {
      channel.write(ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.UTF_8)));
      return hear();
    }

    String run(String command) throws IOException {
      return ask("{\"execute\": \"" + command + "\"}");
    }

    /** The next line, but for the time. */
    String hear() throws IOException {
      return String.valueOf(in.readLine()).replaceAll("\"timestamp\": \\{[^}]*}, ", "");
    }

    String await(String text) throws IOException {
      String line = hear();
      while (!line.contains(text)) {
        assertNotEquals("null", line, "the machine says no more");
        line = hear();
      }
      return line;
    }

    int ended() throws Exception {
      return ended.get(30, TimeUnit.SECONDS);
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }

  private String firmware(int[] code) throws IOException {
    var bytes = new byte[65536];
    for (int at = 0; at < code.length; at++) {
      bytes[0xfff0 + at] = (byte) code[at];
    }
    return Files.write(folder.resolve("bios"), bytes).toString();
  }

  @Test
  void aBareMachineMirrorsAnImage() throws Exception {
    byte[] contents = new byte[65536];
    Arrays.fill(contents, (byte) 7);
    Path source = Files.write(folder.resolve("source"), contents);
    Path target = Files.write(folder.resolve("target"), new byte[65536]);
    try (var client =
        new Client("-M", "none", "-drive", "if=none,id=d,format=raw,file=" + source)) {
      assertEquals(
          "{\"return\": {\"status\": \"running\", \"singlestep\": false, \"running\": true}}",
          client.run("query-status"));
      assertEquals("{\"return\": []}", client.run("query-cpus-fast"));
      assertEquals(
          "{\"return\": {}}",
          client.ask(
              "{\"execute\": \"blockdev-add\", \"arguments\": {\"driver\": \"raw\", \"node-name\":"
                  + " \"t\", \"file\": {\"driver\": \"file\", \"filename\": \""
                  + target
                  + "\"}}}"));
      client.ask(
          "{\"execute\": \"blockdev-mirror\", \"arguments\": {\"job-id\": \"m\", \"device\": \"d\","
              + " \"target\": \"t\", \"sync\": \"full\"}}");
      client.await("BLOCK_JOB_READY");
      client.ask("{\"execute\": \"block-job-cancel\", \"arguments\": {\"device\": \"m\"}}");
      client.await("\"status\": \"null\"");
      assertTrue(client.run("query-block").contains("\"device\": \"d\""));
      assertEquals(
          "{\"event\": \"SHUTDOWN\", \"data\": {\"guest\": false, \"reason\": \"host-qmp-quit\"}}",
          client.run("quit"));
      assertEquals("{\"return\": {}}", client.hear());
      assertEquals(0, client.ended(), errors::toString);
    }
    assertArrayEquals(contents, Files.readAllBytes(target));
  }

  @Test
  void timeStopsAndGoesOn() throws Exception {
    try (var client = new Client("-bios", firmware(HALTS), "-vga", "none", "-S")) {
      assertEquals(
          "{\"return\": {\"status\": \"prelaunch\", \"singlestep\": false, \"running\": false}}",
          client.run("query-status"));
      assertEquals("{\"event\": \"RESUME\"}", client.run("cont"));
      assertEquals("{\"return\": {}}", client.hear());
      assertEquals("{\"return\": {}}", client.run("cont"));
      assertEquals("{\"event\": \"STOP\"}", client.run("stop"));
      assertEquals("{\"return\": {}}", client.hear());
      assertEquals("{\"return\": {}}", client.run("stop"));
      assertEquals(
          "{\"return\": {\"status\": \"paused\", \"singlestep\": false, \"running\": false}}",
          client.run("query-status"));
      assertEquals(
          "{\"event\": \"RESET\", \"data\": {\"guest\": false, \"reason\":"
              + " \"host-qmp-system-reset\"}}",
          client.run("system_reset"));
      assertEquals("{\"return\": {}}", client.hear());
      assertEquals("{\"event\": \"POWERDOWN\"}", client.run("system_powerdown"));
      assertEquals("{\"return\": {}}", client.hear());
      assertEquals(
          "{\"return\": \"VM status: paused (prelaunch)\\r\\n\"}",
          client.ask(
              "{\"execute\": \"human-monitor-command\", \"arguments\": {\"command-line\": \"info"
                  + " status\"}}"));
      client.run("quit");
      assertEquals(0, client.ended(), errors::toString);
    }
  }

  @Test
  void aGuestThatResetsMayEndTheMachine() throws Exception {
    try (var client = new Client("-bios", firmware(RESETS), "-vga", "none", "-S", "-no-reboot")) {
      client.run("cont");
      assertEquals(
          "{\"event\": \"SHUTDOWN\", \"data\": {\"guest\": true, \"reason\": \"guest-reset\"}}",
          client.await("SHUTDOWN"));
      assertEquals(0, client.ended(), errors::toString);
    }
  }
}
