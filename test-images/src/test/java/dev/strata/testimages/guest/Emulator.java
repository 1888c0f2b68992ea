// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.guest;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A program that runs machines, by a name for its files.
 *
 * @param program how it is started
 */
record Emulator(String name, List<String> program) {
  static final Path FIRMWARE = Path.of("/usr/share/seabios/bios-256k.bin");
  private static final Path REAL = Path.of("/usr/bin/qemu-system-x86_64");

  static final Emulator REFERENCE = new Emulator("real", List.of(REAL.toString()));
  static final Emulator OWN =
      new Emulator(
          "own",
          List.of(
              Path.of(System.getProperty("java.home"), "bin", "java").toString(),
              "-XX:+UseSerialGC",
              "--enable-native-access=ALL-UNNAMED",
              "-cp",
              absolute(System.getProperty("java.class.path")),
              "dev.strata.system.QemuSystem"));

  /** What came of a run. */
  record Ended(int code, String output, String messages) {}

  private static String absolute(String classPath) {
    var parts = new ArrayList<String>();
    for (String part : classPath.split(":", -1)) {
      parts.add(Path.of(part).toAbsolutePath().toString());
    }
    return String.join(":", parts);
  }

  /** Whether the reference and firmware are there. */
  static boolean areThere() {
    return Files.exists(FIRMWARE) && Files.isExecutable(REAL);
  }

  /** Runs a machine without a screen in a folder, until it ends. */
  Ended run(Path folder, String keys, String... options) throws Exception {
    var words = new ArrayList<>(program);
    words.addAll(List.of("-display", "none", "-m", "64"));
    words.addAll(List.of(options));
    Path typed = Files.writeString(folder.resolve(name + ".keys"), keys);
    Path output = folder.resolve(name + ".output");
    Path messages = folder.resolve(name + ".messages");
    Process process =
        new ProcessBuilder(words)
            .directory(folder.toFile())
            .redirectInput(typed.toFile())
            .redirectOutput(output.toFile())
            .redirectError(messages.toFile())
            .start();
    try {
      assertTrue(process.waitFor(60, TimeUnit.SECONDS), name);
    } finally {
      process.destroyForcibly();
    }
    return new Ended(
        process.exitValue(),
        Files.readString(output, StandardCharsets.ISO_8859_1),
        Files.readString(messages, StandardCharsets.ISO_8859_1));
  }
}
