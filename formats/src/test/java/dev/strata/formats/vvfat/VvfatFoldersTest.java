// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vvfat;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.block.BlockException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Folders that no disk can be made of, and files that change under a disk. */
final class VvfatFoldersTest {
  /** Of the first cluster of a floppy. */
  private static final int DATA = (1 + 2 * 2 + 32) * 512;

  @TempDir private Path folder;

  private String refusal(String kind) {
    return assertThrows(
            BlockException.class, () -> FolderDisk.named("fat:" + kind + folder).close())
        .getMessage()
        .replace(folder.toString(), "DIR");
  }

  @Test
  void aLinkToAFolderAboveIsRefused() throws IOException {
    Path sub = Files.createDirectories(folder.resolve("a/b"));
    Files.createSymbolicLink(sub.resolve("c"), folder.resolve("a"));
    assertEquals("'DIR/a/b/c' is a link to a folder that it lies in", refusal(""));
  }

  @Test
  void linksThatMultiplyEndSomewhere() throws IOException {
    for (int i = 0; i < 40; i++) {
      Path level = Files.createDirectories(folder.resolve("level" + i));
      for (String link : new String[] {"a", "b", "c", "d"}) {
        Files.createSymbolicLink(level.resolve(link), folder.resolve("level" + (i + 1)));
      }
    }
    Files.createDirectories(folder.resolve("level40"));
    String message = refusal("");
    assertTrue(
        message.equals("Directory holds more than 65536 files")
            || message.startsWith("Directory does not fit"),
        message);
  }

  @Test
  void aLinkToAFileIsTheFileAndOneToNowhereIsLeftOut() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "hello");
    Path sub = Files.createDirectories(folder.resolve("sub"));
    Files.createSymbolicLink(sub.resolve("link"), file);
    Files.createSymbolicLink(sub.resolve("lost"), folder.resolve("nowhere"));
    Files.createSymbolicLink(sub.resolve("self"), sub.resolve("self"));
    try (FolderDisk disk = FolderDisk.named("fat:floppy:" + sub)) {
      assertArrayEquals("hello".getBytes(US_ASCII), disk.read(DATA, 5));
      assertEquals(2, disk.warnings().size(), disk.warnings().toString());
    }
  }

  @Test
  void pipesAndDevicesAreRefused() throws Exception {
    FolderDisk.run(folder, "mkfifo", "pipe");
    assertEquals("'DIR/pipe' is neither a file nor a folder", refusal(""));
    Files.delete(folder.resolve("pipe"));
    Files.createSymbolicLink(folder.resolve("zero"), Path.of("/dev/zero"));
    assertEquals("'DIR/zero' is neither a file nor a folder", refusal(""));
  }

  @Test
  void aNameThatIsNoTextIsRefused() throws Exception {
    FolderDisk.run(folder, "sh", "-c", "touch \"$(printf 'a\\377b')\"");
    String message = refusal("");
    assertTrue(message.endsWith("has a name that is not UTF-8"), message);
  }

  @Test
  void whatDoesNotFitIsRefused() throws IOException {
    try (var file = new RandomAccessFile(folder.resolve("large").toFile(), "rw")) {
      file.setLength(3 << 20);
      assertEquals("Directory does not fit in FAT12 (capacity 2.88 MB)", refusal("floppy:"));
      file.setLength(600L << 20);
      assertEquals("Directory does not fit in FAT16 (capacity 516.06 MB)", refusal(""));
      file.setLength(1L << 32);
      assertEquals("'DIR/large' is larger than 4 GiB, which FAT has no place for", refusal("32:"));
    }
  }

  @Test
  void theRootHasOnlySoManyPlaces() throws IOException {
    for (int i = 0; i < 255; i++) {
      Files.createFile(folder.resolve("f" + i));
    }
    FolderDisk.named("fat:" + folder).close(); // with the label 511 of 512
    Files.createFile(folder.resolve("f255"));
    assertEquals("Too many entries in root directory", refusal(""));
    FolderDisk.named("fat:32:" + folder).close(); // where it is a folder like others
  }

  @ParameterizedTest
  @CsvSource({
    "floppy:32:, A floppy is too small for FAT32",
    "13:, '13' is no word that fat: knows before a folder",
    "label=123456789012:, vvfat label cannot be longer than 11 bytes",
    "label=\u00e4:, vvfat label has to be of ASCII characters",
  })
  void wrongWordsAreRefused(String words, String message) {
    assertEquals(message, refusal(words));
  }

  @Test
  void whatIsNoFolderIsRefused() throws IOException {
    Files.createFile(folder.resolve("file"));
    var e =
        assertThrows(BlockException.class, () -> FolderDisk.of("dir", folder + "/file").close());
    assertEquals("Could not read directory " + folder + "/file", e.getMessage());
    e = assertThrows(BlockException.class, () -> FolderDisk.of("dir", folder + "/no").close());
    assertEquals("Could not read directory " + folder + "/no", e.getMessage());
    e = assertThrows(BlockException.class, () -> FolderDisk.of("floppy", "on").close());
    assertEquals("vvfat block driver requires a 'dir' option", e.getMessage());
    e =
        assertThrows(
            BlockException.class,
            () -> FolderDisk.of("dir", folder.toString(), "fat-type", "13").close());
    assertEquals("Valid FAT types are only 12, 16 and 32", e.getMessage());
  }

  @Test
  void aFilesBytesAreThoseOfTheMomentWhenTheyAreRead() throws Exception {
    Path file = Files.write(folder.resolve("file"), new byte[1000]);
    try (FolderDisk disk = FolderDisk.named("fat:floppy:" + folder)) {
      byte[] longer = new byte[5000];
      Arrays.fill(longer, (byte) 1);
      Files.write(file, longer);
      byte[] expected = Arrays.copyOf(Arrays.copyOf(longer, 1000), 5000);
      assertArrayEquals(expected, disk.read(DATA, 5000)); // as long as it was
      Files.write(file, new byte[] {2});
      assertArrayEquals(new byte[] {2, 0}, disk.read(DATA, 2));
    }
  }

  @Test
  void aFileThatIsGoneOrAnotherOneCannotBeRead() throws Exception {
    Path file = Files.write(folder.resolve("file"), new byte[1000]);
    String message = "Could not read '" + file + "'";
    try (FolderDisk disk = FolderDisk.named("fat:floppy:" + folder)) {
      Path kept = Files.move(file, folder.resolve("other"));
      var e = assertThrows(BlockException.class, () -> disk.read(DATA, 1));
      assertEquals(message, e.getMessage());
      FolderDisk.run(folder, "mkfifo", "file");
      e = assertThrows(BlockException.class, () -> disk.read(DATA, 1));
      assertEquals(message, e.getMessage());
      Files.delete(file);
      Files.move(kept, file);
      disk.read(DATA, 1);
    }
  }

  /** However quickly: the one who swaps them has no moment in which a read waits for a writer. */
  @Test
  void aFileThatBecomesAPipeAtAnyMomentKeepsNobodyWaiting() throws Exception {
    Path file = Files.write(folder.resolve("file"), new byte[1000]);
    FolderDisk.run(folder, "mkfifo", "pipe");
    Path pipe = folder.resolve("pipe");
    Path aside = folder.resolve("aside");
    Path sub = Files.createDirectories(folder.resolve("sub"));
    Path seen = Files.createLink(sub.resolve("file"), file);
    Files.write(sub.resolve("other"), new byte[1000]); // which is open while the first one is not
    try (FolderDisk disk = FolderDisk.named("fat:floppy:" + sub)) {
      var swapping = new AtomicBoolean(true);
      Thread swapper =
          Thread.ofPlatform()
              .start(() -> {
                try {
                  while (swapping.get()) {
                    for (Path each : new Path[] {pipe, file}) {
                      Files.createLink(aside, each);
                      Files.move(aside, seen, StandardCopyOption.ATOMIC_MOVE);
                    }
                  }
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
      int refused = 0;
      for (int i = 0; i < 2000; i++) {
        try {
          disk.read(DATA + 8192, 1);
          disk.read(DATA, 1);
        } catch (BlockException e) {
          refused++;
        }
      }
      swapping.set(false);
      swapper.join();
      assertTrue(refused < 2000, "never the file");
    }
  }
}
