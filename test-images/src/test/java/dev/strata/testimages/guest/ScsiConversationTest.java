// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.strata.testimages.nbdserver.Commands;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What units behind a virtio host answer to SCSI commands. The commands are in the resources, each
 * with the answer of the real program, which is asked again where it is installed.
 */
@Timeout(120)
final class ScsiConversationTest {
  private static final String EMULATOR = "qemu-system-x86_64";
  private static final String OURS = Commands.OURS.replace("qemu-nbd", EMULATOR);

  @TempDir Path folder;

  private static List<String> script(String kind) throws IOException {
    String name = "virtio-scsi-" + kind + ".commands";
    try (InputStream in =
        Objects.requireNonNull(ScsiConversationTest.class.getResourceAsStream(name))) {
      return new String(in.readAllBytes(), StandardCharsets.US_ASCII)
          .lines()
          .filter(line -> !line.startsWith("#"))
          .toList();
    }
  }

  private List<String> command(String program, String kind, String... accelerator)
      throws IOException {
    Path disk = Files.write(folder.resolve("disk.raw"), new byte[1 << 20]);
    var words = new ArrayList<>(List.of(program, "-nodefaults", "-display", "none", "-M", "pc"));
    words.addAll(List.of(accelerator));
    words.addAll(List.of("-m", "64", "-qtest", "stdio", "-qtest-log", "none"));
    words.addAll(List.of("-device", "virtio-scsi-pci"));
    String drive = "if=none,id=d,format=raw,file=" + disk;
    switch (kind) {
      case "hd" -> words.addAll(List.of("-drive", drive, "-device", "scsi-hd,drive=d,serial=abc"));
      case "cd" ->
          words.addAll(List.of("-drive", "media=cdrom," + drive, "-device", "scsi-cd,drive=d"));
      default -> words.addAll(List.of("-device", "scsi-cd"));
    }
    return words;
  }

  private String play(List<String> script, List<String> command) throws Exception {
    var heard = new ArrayList<String>();
    try (var guest = new QtestGuest(command, folder.resolve("errors"))) {
      var driver = new VirtioScsiDriver(guest);
      for (String line : script) {
        if (line.startsWith("> ")) {
          String[] words = line.substring(2).split(" ");
          heard.add(line);
          heard.add(
              driver.run(
                  words[0], words[1], Integer.parseInt(words[2]), Integer.parseInt(words[3])));
        }
      }
    }
    return String.join("\n", heard);
  }

  @ParameterizedTest
  @ValueSource(strings = {"hd", "cd", "empty"})
  void ourUnitsAnswerAsTheRealOnes(String kind) throws Exception {
    List<String> script = script(kind);
    assertEquals(String.join("\n", script), play(script, command(OURS, kind, "-accel", "qtest")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"hd", "cd", "empty"})
  void theRealUnitsAnswerAsIsWrittenDown(String kind) throws Exception {
    Commands.assumeInstalled(EMULATOR);
    List<String> script = script(kind);
    assertEquals(
        String.join("\n", script), play(script, command(EMULATOR, kind, "-accel", "tcg", "-S")));
  }
}
