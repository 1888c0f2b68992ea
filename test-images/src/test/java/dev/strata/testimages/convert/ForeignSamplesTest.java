// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.convert;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.strata.testimages.nbdserver.Commands;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorInputStream;
import org.apache.commons.compress.compressors.xz.XZCompressorInputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * The images in QEMU's source package, which other programs wrote, some of them to do harm: ours
 * say of each what the reference says, and read the same. Debian's package is fetched where {@code
 * strata.long} is set and the system knows where sources are; {@code strata.samples} names a folder
 * that has it already.
 */
final class ForeignSamplesTest {
  private static final String SAMPLES = "tests/qemu-iotests/sample_images/";
  private static final String PACKED = ".bz2";
  private static final long MOST = 512 << 20; // bytes, of an unpacked sample
  private static final int PIECE = 1 << 20;
  private static final long FETCH_MINUTES = 15;
  private static final String OURS =
      Path.of("..", "bin", "qemu-img").toAbsolutePath().normalize().toString();

  /** The reference takes its bitmaps for leaks, which a repair would cut off. */
  private static final String KNOWS_BITMAPS = "parallels-with-bitmap";

  /** Of the reference, where a package is not installed that it would not need here. */
  private static final Pattern MODULES = Pattern.compile("(?m)^qemu: module .* not found, .*\n");

  @TempDir static Path folder;
  private static final List<String> NAMES = new ArrayList<>();

  @BeforeAll
  static void unpack() throws IOException, InterruptedException {
    String named = System.getProperty("strata.samples");
    assumeTrue(named != null || Boolean.getBoolean("strata.long"), "not asked for");
    Commands.assumeInstalled("qemu-img");
    Path archive = source(named == null ? fetched() : Path.of(named));
    assumeTrue(archive != null, "QEMU's source package cannot be had here");
    try (var packed = new BufferedInputStream(Files.newInputStream(archive));
        var tar = new TarArchiveInputStream(new XZCompressorInputStream(packed))) {
      for (TarArchiveEntry each = tar.getNextEntry(); each != null; each = tar.getNextEntry()) {
        int at = each.getName().indexOf(SAMPLES);
        if (at >= 0 && each.getName().endsWith(PACKED)) {
          String name = each.getName().substring(at + SAMPLES.length());
          unpack(tar, name.substring(0, name.length() - PACKED.length()));
        }
      }
    }
    assertFalse(NAMES.isEmpty(), "no samples in " + archive);
  }

  private static void unpack(InputStream packed, String name) throws IOException {
    var unpacked = new BZip2CompressorInputStream(packed);
    byte[] piece = unpacked.readNBytes(PIECE);
    try (var file = new RandomAccessFile(folder.resolve(name).toFile(), "rw")) {
      for (; piece.length > 0; piece = unpacked.readNBytes(PIECE)) {
        assertTrue(file.length() < MOST, name);
        file.write(piece);
      }
    }
    NAMES.add(name);
  }

  private static Path fetched() throws IOException, InterruptedException {
    Path output = folder.resolve("fetching");
    Process process =
        new ProcessBuilder("apt-get", "source", "--download-only", "qemu")
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    boolean ended = process.waitFor(FETCH_MINUTES, TimeUnit.MINUTES);
    process.destroyForcibly();
    assumeTrue(
        ended && process.exitValue() == 0,
        () -> "'apt-get source --download-only qemu' fails: is there a line for sources?");
    return folder;
  }

  private static @Nullable Path source(Path place) throws IOException {
    try (Stream<Path> files = Files.list(place)) {
      return files
          .filter(file -> file.getFileName().toString().endsWith(".orig.tar.xz"))
          .findFirst()
          .orElse(null);
    }
  }

  /** The archive is large, and the folder may be in memory. */
  @AfterAll
  static void forget() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path each : files.toList()) {
        Files.delete(each);
      }
    }
  }

  @TestFactory
  Stream<DynamicTest> isSeenAlike() {
    return NAMES.stream().sorted().map(name -> DynamicTest.dynamicTest(name, () -> compare(name)));
  }

  private static void compare(String name) throws IOException, InterruptedException {
    var commands = new Commands(folder);
    var asked = new ArrayList<>(List.of(List.of("info", name)));
    asked.add(List.of("info", "--output=json", name));
    asked.add(List.of("map", "--output=json", name));
    if (!name.equals(KNOWS_BITMAPS)) {
      asked.add(List.of("check", name));
    }
    for (List<String> words : asked) {
      assertEquals(said(commands, "qemu-img", words), said(commands, OURS, words));
    }
    String theirs = said(commands, "qemu-img", List.of("convert", "-O", "raw", name, "theirs"));
    String ours = said(commands, OURS, List.of("convert", "-O", "raw", name, "ours"));
    assertEquals(theirs, ours);
    if (theirs.equals("0 ")) {
      commands.succeed("qemu-img", "compare", "-f", "raw", "-F", "raw", "theirs", "ours");
    }
    Files.deleteIfExists(folder.resolve("theirs"));
    Files.deleteIfExists(folder.resolve("ours"));
  }

  private static String said(Commands commands, String program, List<String> words)
      throws IOException, InterruptedException {
    var command = new ArrayList<>(List.of(program));
    command.addAll(words);
    Commands.Outcome outcome = commands.run(command);
    return outcome.code() + " " + MODULES.matcher(outcome.text()).replaceAll("");
  }
}
