// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.strata.block.image.ImageFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Debian's SeaBIOS boots a boot sector from an image; it reads on, speaks, and ends the emulator.
 */
final class BootSectorTest {
  private static final Path FIRMWARE = Path.of("/usr/share/seabios/bios-256k.bin");
  private static final String GREETING = "read from the image's second sector\r\n";
  private static final int WRITTEN_AT_EXIT = 0x10;

  // Real-mode code for address 7C00h.
  private static final int[] CODE = {
    0xfa, // cli
    0x31,
    0xc0, // xor ax, ax
    0x8e,
    0xd8, // mov ds, ax
    0x8e,
    0xc0, // mov es, ax
    0x8e,
    0xd0, // mov ss, ax
    0xbc,
    0x00,
    0x7c, // mov sp, 7C00h
    0xfb, // sti
    0xb8,
    0x01,
    0x02, // mov ax, 0201h: read one sector
    0xb9,
    0x02,
    0x00, // mov cx, 2: the second
    0xb6,
    0x00, // mov dh, 0
    0xbb,
    0x00,
    0x7e, // mov bx, 7E00h
    0xcd,
    0x13, // int 13h
    0xbe,
    0x00,
    0x7e, // mov si, 7E00h
    0xba,
    0xf8,
    0x03, // mov dx, 3F8h: the serial port
    0xac, // next: lodsb
    0x84,
    0xc0, // test al, al
    0x74,
    0x03, // jz end
    0xee, // out dx, al
    0xeb,
    0xf8, // jmp next
    0xb0,
    WRITTEN_AT_EXIT, // end: mov al, 10h
    0xba,
    0x01,
    0x05, // mov dx, 501h: isa-debug-exit
    0xee, // out dx, al
    0xf4, // hlt
    0xeb,
    0xfd, // jmp back
  };

  @TempDir Path folder;

  private Path image() throws IOException {
    var sectors = ByteBuffer.allocateDirect(1024);
    for (int at = 0; at < CODE.length; at++) {
      sectors.put(at, (byte) CODE[at]);
    }
    sectors.put(510, (byte) 0x55).put(511, (byte) 0xaa);
    sectors.put(512, GREETING.getBytes(StandardCharsets.US_ASCII));
    Path path = folder.resolve("boot.qcow2");
    try (var disk = ImageFile.of(path.toString()).format("qcow2").create(1440 << 10)) {
      disk.write(0, sectors);
      disk.flush();
    }
    return path;
  }

  @ParameterizedTest
  @ValueSource(strings = {"ide", "virtio", "floppy", "scsi"})
  void bootsFromQcow2(String bus) throws Exception {
    assumeTrue(Files.exists(FIRMWARE), "no SeaBIOS (Debian's package seabios)");
    Path console = folder.resolve("console");
    Path messages = folder.resolve("messages");
    // A PC has no SCSI host of its own.
    boolean scsi = bus.equals("scsi");
    String drive = "file=" + image() + ",format=qcow2,if=" + (scsi ? "none,id=disk" : bus);
    var command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                "dev.strata.system.QemuSystem",
                "-display",
                "none",
                "-m",
                "32",
                "-serial",
                "stdio",
                "-drive",
                drive,
                "-device",
                "isa-debug-exit",
                "-debugcon",
                "file:" + folder.resolve("firmware"),
                "-global",
                "isa-debugcon.iobase=0x402"));
    if (scsi) {
      command.addAll(List.of("-device", "virtio-scsi-pci", "-device", "scsi-hd,drive=disk"));
    }
    Process process =
        new ProcessBuilder(command)
            .redirectInput(Path.of("/dev/null").toFile())
            .redirectOutput(console.toFile())
            .redirectError(messages.toFile())
            .start();
    try {
      assertTrue(process.waitFor(60, TimeUnit.SECONDS), () -> "firmware: " + firmware());
    } finally {
      process.destroyForcibly();
    }
    assertEquals("", Files.readString(messages));
    assertEquals(GREETING, Files.readString(console));
    assertEquals(WRITTEN_AT_EXIT * 2 + 1, process.exitValue());
    assertTrue(firmware().contains("SeaBIOS"), firmware());
  }

  private String firmware() {
    try {
      return Files.readString(folder.resolve("firmware"));
    } catch (IOException e) {
      return e.toString();
    }
  }
}
