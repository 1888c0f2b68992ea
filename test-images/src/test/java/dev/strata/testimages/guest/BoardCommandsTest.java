// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.guest;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.strata.testimages.guest.Emulator.Ended;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** QMP about a machine's board: the replies are the reference's. */
@Timeout(120)
final class BoardCommandsTest {
  @TempDir Path folder;

  @BeforeEach
  void requirePrograms() {
    assumeTrue(Emulator.areThere(), "no SeaBIOS, or no qemu-system-x86_64");
  }

  /** What is said to a machine that has not begun, but for what differs from one to the next. */
  private List<String> replies(Emulator emulator, List<String> options, List<String> commands)
      throws Exception {
    var words = new ArrayList<>(List.of("-S", "-accel", "tcg", "-qmp", "stdio"));
    words.addAll(options);
    var lines = new ArrayList<String>();
    lines.add(command("qmp_capabilities"));
    lines.addAll(commands);
    lines.add(command("quit"));
    Ended ended =
        emulator.run(folder, String.join("\n", lines) + "\n", words.toArray(String[]::new));
    assertEquals(0, ended.code(), ended.messages());
    return ended
        .output()
        .lines()
        .filter(line -> !line.contains("\"QMP\"") && !line.contains("\"event\""))
        .map(line -> line.replaceAll("\"thread-id\": \\d+", "\"thread-id\": N"))
        .toList();
  }

  private static String command(String name) {
    return "{\"execute\": \"" + name + "\"}";
  }

  private static String command(String name, String arguments) {
    return "{\"execute\": \"" + name + "\", \"arguments\": {" + arguments.replace('\'', '"') + "}}";
  }

  private void compare(List<String> options, String... commands) throws Exception {
    List<String> script = List.of(commands);
    List<String> real = replies(Emulator.REFERENCE, options, script);
    assertEquals(commands.length + 2, real.size(), real::toString);
    assertEquals(real, replies(Emulator.OWN, options, script));
  }

  @Test
  void actionsAndButtons() throws Exception {
    compare(
        List.of(),
        command("query-target"),
        command("query-memory-size-summary"),
        command("query-iothreads"),
        command("inject-nmi"),
        command("set-action", "'reboot': 'shutdown', 'panic': 'none'"),
        command("set-action"),
        command("set-action", "'shutdown': 'reset'"));
  }

  @Test
  void screenAndKeyboard() throws Exception {
    compare(
        List.of("-nodefaults", "-vga", "std"),
        command("screendump", "'filename': 'nowhere/a'"),
        command("screendump", "'filename': 'a', 'head': 1"),
        command("screendump", "'filename': 'a', 'device': 'vga'"),
        command("screendump", "'filename': 'a', 'format': 'gif'"),
        command("screendump", "'filename': 'picture', 'format': 'png'"),
        command("send-key", "'keys': [{'type': 'qcode', 'data': 'ctrl'}]"),
        command("send-key", "'keys': []"),
        command("send-key", "'keys': [{'type': 'qcode', 'data': 'nothing'}]"));
    assertTrue(Files.size(folder.resolve("picture")) > 0);
    compare(List.of("-nodefaults"), command("screendump", "'filename': 'a'"));
  }

  @Test
  void memoryInFiles() throws Exception {
    String[] commands = {
      command("pmemsave", "'val': 4294967280, 'size': 16, 'filename': 'end'"),
      command("pmemsave", "'val': 35184372088832, 'size': 16, 'filename': 'beyond'"),
      command("memsave", "'val': 917504, 'size': 65536, 'filename': 'virtual'"),
      command("memsave", "'val': 0, 'size': 16, 'filename': 'nowhere/x'"),
      command("memsave", "'val': 0, 'size': 16, 'filename': 'x', 'cpu-index': 1"),
      command("memsave", "'val': 4294967296, 'size': 16, 'filename': 'x'"),
    };
    List<String> files = List.of("end", "beyond", "virtual");
    List<String> real = replies(Emulator.REFERENCE, List.of(), List.of(commands));
    var contents = new ArrayList<byte[]>();
    for (String file : files) {
      contents.add(Files.readAllBytes(folder.resolve(file)));
      Files.delete(folder.resolve(file));
    }
    assertEquals(real, replies(Emulator.OWN, List.of(), List.of(commands)));
    for (int index = 0; index < files.size(); index++) {
      assertArrayEquals(
          contents.get(index),
          Files.readAllBytes(folder.resolve(files.get(index))),
          files.get(index));
    }
  }

  @Test
  void balloonAndThreads() throws Exception {
    compare(List.of(), command("query-balloon"), command("balloon", "'value': 67108864"));
    compare(
        List.of("-device", "virtio-balloon-pci", "-object", "iothread,id=t0"),
        command("query-balloon"),
        command("balloon", "'value': 0"),
        command("balloon", "'value': 67108864"),
        command("query-iothreads"));
  }
}
