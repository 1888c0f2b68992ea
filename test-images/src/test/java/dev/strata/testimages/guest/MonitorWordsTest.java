// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.guest;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A monitor at a machine that has not begun shows memory and numbers in the reference's layout. */
@Timeout(120)
final class MonitorWordsTest {
  private static final Path FIRMWARE = Path.of("/usr/share/seabios/bios-256k.bin");
  private static final Path REFERENCE = Path.of("/usr/bin/qemu-system-x86_64");

  private static final List<String> COMMANDS =
      List.of(
          "xp /4xw 0xfffffff0",
          "xp /6xb 0xfffffff0",
          "xp /3xh 0xffffffea",
          "xp /3xg 0xffffff00",
          "xp /5db 0xfffffff0",
          "xp /3uh 0xfffffff0",
          "xp /3dw 0xfffffff0",
          "xp /2ug 0xfffffff0",
          "xp /4ob 0xfffffff0",
          "xp /2ow 0xfffffff0",
          "xp /9c 0xfffff000",
          "xp /9cb 0xfffff000",
          "xp 0xfffff000",
          "xp /20cw 0xfffffff0",
          "xp /k 0",
          "xp",
          "xp zero",
          "x /4xw 0xfffffff0",
          "x /2xb 0",
          "x 0x100000000",
          "print /x 0x10 + 2 * 3",
          "p /x $eip",
          "p 7 / 2",
          "p /o 8",
          "p /c 65",
          "p /x 0",
          "p 1 / 0",
          "p $foo",
          "p (1",
          "p 1 +",
          "p 1 2",
          "p 6 & 3 | 8",
          "p /d 1 + 2 * 3",
          "p /x $cs.base",
          "balloon 64",
          "balloon 0",
          "balloon",
          "balloon x",
          "balloon -1",
          "info balloon");

  @TempDir Path folder;

  private String said(String name, List<String> program) throws Exception {
    Path keys = folder.resolve(name + ".keys");
    Path screen = folder.resolve(name + ".screen");
    Files.writeString(keys, String.join("\n", COMMANDS) + "\nquit\n");
    var words = new ArrayList<>(program);
    words.addAll(List.of("-display", "none", "-nodefaults", "-m", "16", "-S", "-monitor", "stdio"));
    Process process =
        new ProcessBuilder(words)
            .redirectInput(keys.toFile())
            .redirectOutput(screen.toFile())
            .redirectError(folder.resolve(name + ".messages").toFile())
            .start();
    try {
      assertTrue(process.waitFor(60, TimeUnit.SECONDS), name);
    } finally {
      process.destroyForcibly();
    }
    // What is typed is drawn again with each key; what is said is in lines of its own.
    var text = new StringBuilder();
    for (String line : Files.readString(screen, US_ASCII).split("\r?\n")) {
      if (!line.contains("(qemu)") && !line.startsWith("QEMU ")) {
        text.append(line).append('\n');
      }
    }
    return text.toString();
  }

  @Test
  void memoryAndNumbersAreShownAsTheReferenceShowsThem() throws Exception {
    assumeTrue(Files.exists(FIRMWARE), "no SeaBIOS (Debian's package seabios)");
    assumeTrue(Files.isExecutable(REFERENCE), "no qemu-system-x86_64");
    List<String> own =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:+UseSerialGC",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            "dev.strata.system.QemuSystem");
    assertEquals(said("real", List.of(REFERENCE.toString())), said("own", own));
  }
}
