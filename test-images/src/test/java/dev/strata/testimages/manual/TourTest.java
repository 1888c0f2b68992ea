// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.manual;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.awt.image.BufferedImage;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code strata tour}, as its launcher starts it. */
@Timeout(300)
final class TourTest {
  private static final Path FIRMWARE = Path.of("/usr/share/seabios/bios-256k.bin");
  private static final Path STRATA =
      Path.of(System.getProperty("strata.root", ".."), "bin", "strata").toAbsolutePath();

  private static final Path EMULATOR = STRATA.resolveSibling("qemu-system-x86_64");

  private static final String GUEST =
      "  This was read from sector 1 of a disk\r\n"
          + "  that Strata made, converted, served\r\n"
          + "  and booted.\r\n";

  @TempDir private Path folder;

  private record Ended(int code, String output, String errors) {}

  private Ended strata(String... words) throws IOException, InterruptedException {
    // Which says so if it has to build first.
    Programs.run(folder, "", STRATA.toString(), "--version");
    Path output = folder.resolve("output");
    Path errors = folder.resolve("errors");
    var command = new ArrayList<>(List.of(STRATA.toString(), "tour"));
    command.addAll(List.of(words));
    ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
    Process process =
        builder
            .redirectInput(Path.of("/dev/null").toFile())
            .redirectOutput(output.toFile())
            .redirectError(errors.toFile())
            .start();
    try {
      assertTrue(process.waitFor(4, TimeUnit.MINUTES));
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
    return new Ended(
        process.exitValue(),
        Files.readString(output, StandardCharsets.ISO_8859_1),
        Files.readString(errors));
  }

  @Test
  void showsWhatEachToolPrintsAndWhatTheGuestSays() throws Exception {
    assumeTrue(Files.exists(FIRMWARE), "no SeaBIOS (Debian's package seabios)");
    Ended tour = strata("-d", "kept");
    assertEquals("", tour.errors());
    assertEquals(0, tour.code(), tour.output());
    assertTrue(tour.output().contains("\n$ qemu-img info sample.qcow2\nimage: sample.qcow2\n"));
    assertTrue(tour.output().contains("\nNo errors were found on the image.\n"));
    assertTrue(tour.output().contains("sample.raw copy.raw\nImages are identical.\n"));
    assertTrue(tour.output().endsWith(GUEST), tour.output());
    Path kept = folder.resolve("kept");
    assertEquals(-1, Files.mismatch(kept.resolve("sample.raw"), kept.resolve("copy.raw")));
    assertTrue(Files.size(kept.resolve("sample.qcow2")) < 1 << 20);
    assertFalse(Files.exists(kept.resolve("server.sock")), "the server has ended");
  }

  /** A machine that boots a disk, until it is switched off; then its screen is saved. */
  private void saveScreen(Path disk, Path picture) throws Exception {
    Process machine =
        new ProcessBuilder(
                EMULATOR.toString(),
                "-display",
                "none",
                "-no-shutdown",
                "-snapshot",
                "-drive",
                "format=qcow2,file=" + disk,
                "-qmp",
                "stdio")
            .redirectError(folder.resolve("errors").toFile())
            .start();
    try (BufferedReader replies = machine.inputReader(StandardCharsets.UTF_8);
        BufferedWriter commands = machine.outputWriter(StandardCharsets.UTF_8)) {
      commands.write("{\"execute\": \"qmp_capabilities\"}\n");
      commands.flush();
      String line = replies.readLine();
      while (line != null && !line.contains("\"STOP\"")) {
        line = replies.readLine();
      }
      commands.write(
          "{\"execute\": \"screendump\", \"arguments\": {\"format\": \"png\", \"filename\": \""
              + picture
              + "\"}}\n{\"execute\": \"quit\"}\n");
      commands.flush();
      assertTrue(machine.waitFor(1, TimeUnit.MINUTES));
    } finally {
      machine.destroyForcibly();
    }
    assertEquals("", Files.readString(folder.resolve("errors")));
  }

  /** Its dots: how they are packed into the file depends on the library that does it. */
  private static int[] dots(Path picture) throws IOException {
    BufferedImage image = ImageIO.read(picture.toFile());
    int width = image.getWidth();
    return image.getRGB(0, 0, width, image.getHeight(), null, 0, width);
  }

  @Test
  void theReadmesPictureIsWhatTheSampleShows() throws Exception {
    assumeTrue(Files.exists(FIRMWARE), "no SeaBIOS (Debian's package seabios)");
    assertEquals(0, strata("-d", "kept").code());
    Path taken = folder.resolve("sample.png");
    saveScreen(folder.resolve("kept/sample.qcow2"), taken);
    Path shown = STRATA.resolveSibling("../docs/sample.png").normalize();
    assertArrayEquals(dots(taken), dots(shown), "to be replaced: " + shown);
    String readme = Files.readString(STRATA.resolveSibling("../README.md").normalize());
    assertTrue(readme.contains("](docs/sample.png)"));
  }

  @Test
  void whatAToolSaysOfItsFailureEndsTheTour() throws Exception {
    Ended tour = strata("-d", "longer than a socket's path can be".repeat(4));
    assertEquals(1, tour.code());
    assertTrue(tour.output().contains("\nqemu-nbd: "), tour.output());
    assertEquals("strata: The tour ends here: that command returned 1\n", tour.errors());
  }

  @Test
  void aFolderThatIsThereIsNotTouched() throws Exception {
    Files.writeString(Files.createDirectory(folder.resolve("kept")).resolve("sample.raw"), "mine");
    Ended tour = strata("-d", "kept");
    assertEquals(1, tour.code());
    assertEquals(1, tour.errors().lines().count(), tour.errors());
    assertTrue(tour.errors().contains("File exists"), tour.errors());
    assertEquals("mine", Files.readString(folder.resolve("kept/sample.raw")));
  }
}
