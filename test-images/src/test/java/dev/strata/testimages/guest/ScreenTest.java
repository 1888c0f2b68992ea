// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.guest;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Debian's VGA firmware sets one mode after the other and writes on the screen, and a boot sector
 * writes into its memory: the pictures are those of the reference.
 */
@Timeout(300)
final class ScreenTest {
  private static final Path FIRMWARE = Path.of("/usr/share/seabios/vgabios-stdvga.bin");
  private static final Path REFERENCE = Path.of("/usr/bin/qemu-system-x86_64");

  /** Modes of INT 10h, and the segment of their memory. */
  private static final int[][] MODES = {
    {0x03, 0xb800}, // characters
    {0x13, 0xa000}, // 256 colours
    {0x12, 0xa000}, // planes
    {0x0d, 0xa000}, // the same with dots twice as wide
    {0x04, 0xb800}, // as the CGA
    {0x06, 0xb800},
    {0x101, 0xa000}, // VBE, of 8 bits a dot; not of 4, which the reference shows garbled
    {0x111, 0xa000}, // 16
    {0x112, 0xa000}, // 24
  };

  // Real-mode code for address 7C00h; the modes follow.
  private static final String CODE =
      // cli; xor ax, ax; mov ds, ax; mov ss, ax; mov sp, 7C00h; sti; cld; mov si, modes
      "fa 31c0 8ed8 8ed0 bc007c fb fc be607c"
          // next: lodsw; mov bx, ax; cmp bh, 1; jne plain; mov ax, 4F02h; plain: int 10h
          + "ad 89c3 80ff01 7503 b8024f cd10"
          // mov ah, 1; mov cx, 2000h; int 10h: no cursor
          + "b401 b90020 cd10"
          // mov cl, 21h; char: mov ah, 0Eh; mov al, cl; mov bx, 11; int 10h; inc cl; jnz char
          + "b121 b40e 88c8 bb0b00 cd10 fec1 75f3"
          // lodsw; mov es, ax; mov di, 600h; xor cx, cx
          + "ad 8ec0 bf0006 31c9"
          // fill: mov ax, cx; shr ax, 2; mov ah, al; and ah, 7Fh; mov al, cl; stosw
          + "89c8 c1e802 88c4 80e47f 88c8 ab"
          // inc cx; cmp cx, 400h; jne fill
          + "41 81f90004 75ec"
          // mov al, 'R'; out 0E9h, al: ready
          + "b052 e6e9"
          // wait: mov dx, 3FDh; in al, dx; test al, 1; jz wait; mov dx, 3F8h; in al, dx; jmp next
          + "bafd03 ec a801 74f8 baf803 ec ebaf";

  @TempDir Path folder;

  private Path image() throws IOException {
    var sector = ByteBuffer.allocate(1440 << 10).order(ByteOrder.LITTLE_ENDIAN);
    sector.put(HexFormat.of().parseHex(CODE.replace(" ", "")));
    for (int[] mode : MODES) {
      sector.putShort((short) mode[0]).putShort((short) mode[1]);
    }
    sector.put(510, (byte) 0x55).put(511, (byte) 0xaa);
    return Files.write(folder.resolve("boot.img"), sector.array());
  }

  /** Pictures of all modes, by the monitor of a machine. */
  private List<byte[]> pictures(String name, List<String> program, Path image) throws Exception {
    Path ready = folder.resolve(name + ".ready");
    var words = new ArrayList<>(program);
    words.addAll(
        List.of(
            "-display",
            "none",
            "-m",
            "16",
            "-net",
            "none",
            "-boot",
            "a",
            "-drive",
            "file=" + image + ",format=raw,if=floppy",
            "-serial",
            "mon:stdio",
            "-debugcon",
            "file:" + ready));
    Process process =
        new ProcessBuilder(words)
            .redirectOutput(folder.resolve(name + ".out").toFile())
            .redirectError(folder.resolve(name + ".messages").toFile())
            .start();
    try (OutputStream keys = process.getOutputStream()) {
      var pictures = new ArrayList<byte[]>();
      for (int index = 0; index < MODES.length; index++) {
        Path file = folder.resolve(name + index + ".ppm");
        while (!Files.exists(ready) || Files.size(ready) <= index) {
          assertFalse(process.waitFor(50, TimeUnit.MILLISECONDS), () -> messages(name));
        }
        // To the monitor, and back to the serial line, where a byte has the guest go on.
        keys.write(("\1cscreendump " + file + "\r\1cx").getBytes(US_ASCII));
        keys.flush();
        while (!isWhole(file)) {
          assertFalse(process.waitFor(50, TimeUnit.MILLISECONDS), () -> messages(name));
        }
        pictures.add(Files.readAllBytes(file));
      }
      return pictures;
    } finally {
      process.destroyForcibly();
    }
  }

  private String messages(String name) {
    try {
      return Files.readString(folder.resolve(name + ".messages"));
    } catch (IOException e) {
      return e.toString();
    }
  }

  /** Whether a file has all that its header promises. */
  private static boolean isWhole(Path file) throws IOException {
    if (!Files.exists(file) || Files.size(file) < 16) {
      return false;
    }
    byte[] bytes = Files.readAllBytes(file);
    String[] header = new String(bytes, 0, 16, US_ASCII).split("\\s+");
    int dots = Integer.parseInt(header[1]) * Integer.parseInt(header[2]);
    return bytes.length == header(bytes).length() + 3 * dots;
  }

  /** The three lines before the dots. */
  private static String header(byte[] picture) {
    int end = 0;
    for (int lines = 0; lines < 3; end++) {
      lines += picture[end] == '\n' ? 1 : 0;
    }
    return new String(picture, 0, end, US_ASCII);
  }

  @Test
  void picturesAreThoseOfTheReference() throws Exception {
    assumeTrue(Files.exists(FIRMWARE), "no VGA firmware (Debian's package seabios)");
    assumeTrue(Files.exists(REFERENCE), "no reference (Debian's package qemu-system-x86)");
    Path image = image();
    var ours =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:+UseSerialGC",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            "dev.strata.system.QemuSystem");
    List<byte[]> expected = pictures("reference", List.of(REFERENCE.toString()), image);
    List<byte[]> actual = pictures("strata", ours, image);
    for (int index = 0; index < MODES.length; index++) {
      String mode = "mode " + Integer.toHexString(MODES[index][0]);
      assertEquals(header(expected.get(index)), header(actual.get(index)), mode);
      assertTrue(isVaried(expected.get(index)), mode + " shows something");
      assertEquals(List.of(), differences(expected.get(index), actual.get(index)), mode);
    }
  }

  private static boolean isVaried(byte[] picture) {
    return differences(picture, new byte[picture.length]).size() > 8;
  }

  /** The first dots that differ. */
  private static List<String> differences(byte[] expected, byte[] actual) {
    int from = header(expected).length();
    int width = Integer.parseInt(header(expected).split("\\s+")[1]);
    var found = new ArrayList<String>();
    for (int at = from; at + 2 < expected.length && found.size() < 20; at += 3) {
      String wanted = HexFormat.of().formatHex(expected, at, at + 3);
      String has = HexFormat.of().formatHex(actual, at, at + 3);
      if (!wanted.equals(has)) {
        int dot = (at - from) / 3;
        found.add(dot % width + "," + dot / width + ": " + wanted + " " + has);
      }
    }
    return found;
  }
}
