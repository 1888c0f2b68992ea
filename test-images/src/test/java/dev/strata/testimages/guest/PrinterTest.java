// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A boot sector prints by SeaBIOS, and then panics: the printer's file is the reference's. */
@Timeout(120)
final class PrinterTest {
  private static final Path FIRMWARE = Path.of("/usr/share/seabios/bios-256k.bin");
  private static final Path REFERENCE = Path.of("/usr/bin/qemu-system-x86_64");
  private static final String TEXT = "printed by INT 17h\r\n\f";
  private static final int TEXT_AT = 0x60;

  // Real-mode code for address 7C00h.
  private static final String CODE =
      // cli; xor ax, ax; mov ds, ax; mov ss, ax; mov sp, 7C00h; sti; cld; mov si, text
      "fa 31c0 8ed8 8ed0 bc007c fb fc be607c"
          // mov ah, 1; xor dx, dx; int 17h: the printer is set up
          + "b401 31d2 cd17"
          // next: lodsb; test al, al; jz end; mov ah, 0; xor dx, dx; int 17h; jmp next
          + "ac 84c0 7408 b400 31d2 cd17 ebf3"
          // end: mov dx, 505h; in al, dx; and al, 1; out dx, al
          + "ba0505 ec 2401 ee"
          // stay: hlt; jmp stay
          + "f4 ebfd";

  @TempDir Path folder;

  private Path image() throws IOException {
    var disk = ByteBuffer.allocate(1440 << 10);
    disk.put(HexFormat.of().parseHex(CODE.replace(" ", "")));
    disk.put(TEXT_AT, TEXT.getBytes(StandardCharsets.US_ASCII));
    disk.put(510, (byte) 0x55).put(511, (byte) 0xaa);
    return Files.write(folder.resolve("boot.img"), disk.array());
  }

  private String printed(String name, List<String> program, Path image) throws Exception {
    Path paper = folder.resolve(name + ".paper");
    Path messages = folder.resolve(name + ".messages");
    var words = new ArrayList<>(program);
    words.addAll(
        List.of(
            "-display",
            "none",
            "-net",
            "none",
            "-m",
            "16",
            "-boot",
            "a",
            "-drive",
            "file=" + image + ",format=raw,if=floppy",
            "-parallel",
            "file:" + paper,
            "-device",
            "pvpanic"));
    Process process =
        new ProcessBuilder(words)
            .redirectInput(Path.of("/dev/null").toFile())
            .redirectOutput(folder.resolve(name + ".out").toFile())
            .redirectError(messages.toFile())
            .start();
    try {
      assertTrue(process.waitFor(60, TimeUnit.SECONDS), name);
    } finally {
      process.destroyForcibly();
    }
    assertEquals(0, process.exitValue(), Files.readString(messages));
    return Files.readString(paper);
  }

  @Test
  void firmwarePrintsAndAPanicEndsTheMachine() throws Exception {
    assumeTrue(Files.exists(FIRMWARE), "no SeaBIOS (Debian's package seabios)");
    Path image = image();
    List<String> own =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:+UseSerialGC",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            "dev.strata.system.QemuSystem");
    assertEquals(TEXT, printed("own", own, image));
    if (Files.isExecutable(REFERENCE)) {
      assertEquals(TEXT, printed("real", List.of(REFERENCE.toString()), image));
    }
  }
}
