// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vvfat;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.strata.block.BlockException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Folders that are changed by what mtools write to the disk, or by what nobody in his mind does.
 */
final class VvfatWritingTest {
  private static final int TABLE = 512; // of a floppy, as what follows
  private static final int ROOT = (1 + 2 * 2) * 512;
  private static final int DATA = ROOT + 32 * 512;
  private static final int CLUSTER = 8192;
  private static final int CHUNK = 1 << 20;

  @TempDir private Path work;
  private Path folder;

  @BeforeEach
  void makeFolder() throws IOException {
    folder = Files.createDirectories(work.resolve("folder"));
  }

  private static byte[] noise(int length, long seed) {
    var bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  /** Every file with what it holds; folders end with a slash. */
  private static TreeMap<String, String> tree(Path top) throws IOException {
    var all = new TreeMap<String, String>();
    try (Stream<Path> files = Files.walk(top)) {
      for (Path file : files.filter(each -> !each.equals(top)).toList()) {
        String name = top.relativize(file).toString();
        if (Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)) {
          all.put(name + "/", "");
        } else {
          all.put(name, HexFormat.of().formatHex(Files.readAllBytes(file)));
        }
      }
    }
    return all;
  }

  private void mtool(int offset, String tool, String... words) throws Exception {
    var command = new ArrayList<>(List.of(tool, "-i", "image@@" + offset));
    command.addAll(Arrays.asList(words));
    FolderDisk.run(work, command.toArray(String[]::new));
  }

  /** The image's start goes to the disk, as a copy of it would. */
  private void writeBack(FolderDisk disk, int length) throws IOException {
    byte[] image;
    try (var in = Files.newInputStream(work.resolve("image"))) {
      image = in.readNBytes(length);
    }
    for (int at = 0; at < length; at += CHUNK) {
      disk.write(at, Arrays.copyOfRange(image, at, Math.min(length, at + CHUNK)));
    }
  }

  @ParameterizedTest
  @CsvSource({"floppy:, 0", "12:, 32256", "16:, 32256", "32:, 32256"})
  void whatMtoolsDoToTheDiskIsDoneToTheFolder(String kind, int offset) throws Exception {
    assumeTrue(FolderDisk.isInstalled("mcopy"));
    Files.createDirectories(folder.resolve("A longer folder's name/inner"));
    Files.createDirectories(folder.resolve("to be removed/deeper"));
    Files.write(folder.resolve("A longer folder's name/inner/deep.data"), noise(30_000, 1));
    Files.write(folder.resolve("to be removed/deeper/file"), noise(3, 2));
    Files.write(folder.resolve("grows.txt"), noise(100, 3));
    Files.write(folder.resolve("shrinks.txt"), noise(100_000, 4));
    Files.write(folder.resolve("is renamed"), noise(20_000, 5));
    Files.write(folder.resolve("stays as it is"), noise(10_000, 6));
    Files.createFile(folder.resolve("is removed"));
    Object moved = Files.getAttribute(folder.resolve("is renamed"), "unix:ino");
    Object kept = Files.getAttribute(folder.resolve("stays as it is"), "unix:ino");
    Files.write(work.resolve("longer"), noise(50_000, 7));
    Files.write(work.resolve("shorter"), noise(10, 8));
    Files.createFile(work.resolve("Empty File"));
    try (FolderDisk disk = FolderDisk.writable("fat:rw:" + kind + folder)) {
      int length = (int) Math.min(8 << 20, disk.length());
      disk.copy(work.resolve("image"), length);
      mtool(offset, "mcopy", "-o", "longer", "::grows.txt");
      mtool(offset, "mcopy", "-o", "shorter", "::shrinks.txt");
      mtool(offset, "mmd", "::made", "::made/The \u00e4 folder");
      mtool(offset, "mcopy", "longer", "::made/A new file with a name.longer than others");
      mtool(offset, "mcopy", "Empty File", "::made/");
      mtool(offset, "mmove", "::is renamed", "::made");
      mtool(offset, "mren", "::made/is renamed", "New Name.txt");
      mtool(offset, "mdel", "::is removed");
      mtool(offset, "mdeltree", "::to be removed");
      writeBack(disk, length);
    }
    Files.createDirectories(work.resolve("copy"));
    mtool(offset, "mcopy", "-s", "-n", "::*", "copy/");
    assertEquals(tree(work.resolve("copy")), tree(folder));
    assertTrue(Files.exists(folder.resolve("made/New Name.txt")));
    assertEquals(moved, Files.getAttribute(folder.resolve("made/New Name.txt"), "unix:ino"));
    assertEquals(kept, Files.getAttribute(folder.resolve("stays as it is"), "unix:ino"));
    try (FolderDisk disk = FolderDisk.named("fat:" + kind + folder)) {
      disk.read(0, 512);
    }
  }

  /** Each step is flushed, so that what one leaves behind would show in the next. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void theFolderIsWhatTheDiskIsAfterEachOfManySteps(long seed) throws Exception {
    assumeTrue(FolderDisk.isInstalled("mcopy"));
    var random = new Random(seed);
    for (int i = 0; i < 4; i++) {
      Path inner = Files.createDirectories(folder.resolve("folder " + i));
      Files.write(inner.resolve("file " + i), noise(random.nextInt(40_000), i));
    }
    try (FolderDisk disk = FolderDisk.writable("fat:rw:floppy:" + folder)) {
      int length = (int) disk.length();
      disk.copy(work.resolve("image"), length);
      for (int step = 0; step < 25; step++) {
        String where = "::folder " + random.nextInt(4);
        TreeMap<String, String> before = tree(folder);
        String[] names =
            before.keySet().stream().filter(n -> !n.endsWith("/")).toArray(String[]::new);
        String some = names.length == 0 ? "" : "::" + names[random.nextInt(names.length)];
        switch (some.isEmpty() ? 0 : random.nextInt(5)) {
          case 0 -> {
            Files.write(work.resolve("new"), noise(random.nextInt(60_000), step));
            mtool(0, "mcopy", "-o", "new", where + "/step " + step);
          }
          case 1 -> {
            Files.write(work.resolve("new"), noise(random.nextInt(60_000), step));
            mtool(0, "mcopy", "-o", "new", some);
          }
          case 2 -> mtool(0, "mdel", some);
          case 3 -> mtool(0, "mren", some, "Renamed in " + step);
          default -> mtool(0, "mmd", where + "/made by " + step);
        }
        writeBack(disk, length);
        disk.flush();
        FolderDisk.run(work, "rm", "-rf", "copy");
        Files.createDirectories(work.resolve("copy"));
        mtool(0, "mcopy", "-s", "-n", "::*", "copy/");
        assertEquals(tree(work.resolve("copy")), tree(folder), "step " + step);
        byte[] image = Files.readAllBytes(work.resolve("image"));
        assertArrayEquals(image, disk.read(0, length), "step " + step);
      }
    }
  }

  @Test
  void filesThatChangeTheirNamesDoNotLoseTheirContent() throws Exception {
    assumeTrue(FolderDisk.isInstalled("mren"));
    Files.write(folder.resolve("the first"), noise(9000, 1));
    Files.write(folder.resolve("the other"), noise(9000, 2));
    try (FolderDisk disk = FolderDisk.writable("fat:rw:floppy:" + folder)) {
      disk.copy(work.resolve("image"), (int) disk.length());
      mtool(0, "mren", "::the first", "::one more");
      mtool(0, "mren", "::the other", "::the first");
      mtool(0, "mren", "::one more", "::the other");
      writeBack(disk, (int) disk.length());
    }
    assertArrayEquals(noise(9000, 2), Files.readAllBytes(folder.resolve("the first")));
    assertArrayEquals(noise(9000, 1), Files.readAllBytes(folder.resolve("the other")));
    assertEquals(2, tree(folder).size());
  }

  @Test
  void aFileThatIsWrittenKeepsItsPermissionsAndOneThatIsWrittenAsItIsIsNotTouched()
      throws Exception {
    Path changed = Files.write(folder.resolve("a"), noise(9000, 1));
    Path same = Files.write(folder.resolve("b"), noise(9000, 2));
    Files.setPosixFilePermissions(changed, PosixFilePermissions.fromString("rw-r-x---"));
    Object before = Files.getAttribute(same, "unix:ino");
    try (FolderDisk disk = FolderDisk.writable("fat:rw:floppy:" + folder)) {
      disk.write(0, disk.read(0, (int) disk.length()));
      disk.write(DATA + 512, new byte[512]);
      disk.flush();
      byte[] expected = noise(9000, 1);
      Arrays.fill(expected, 512, 1024, (byte) 0);
      assertArrayEquals(expected, Files.readAllBytes(changed));
    }
    assertEquals(
        "rw-r-x---", PosixFilePermissions.toString(Files.getPosixFilePermissions(changed)));
    assertEquals(before, Files.getAttribute(same, "unix:ino"));
  }

  /** Entries of FAT12 lie across bytes. */
  private static void setCluster(byte[] table, int cluster, int next) {
    int at = TABLE + cluster / 2 * 3 + cluster % 2;
    if (cluster % 2 == 0) {
      table[at] = (byte) next;
      table[at + 1] = (byte) ((table[at + 1] & 0xf0) | next >> 8);
    } else {
      table[at] = (byte) ((table[at] & 0x0f) | next << 4);
      table[at + 1] = (byte) (next >> 4);
    }
  }

  /** What follows the label: two records of one file with its long name. */
  private static int record(int file) {
    return ROOT + 32 * (2 + 2 * file);
  }

  private void damage(byte[] start, String what) {
    switch (what) {
      case "loop" -> setCluster(start, 3, 2);
      case "cross" -> setCluster(start, 4, 3);
      case "free" -> setCluster(start, 2, 0);
      case "beyond" -> setCluster(start, 2, 0xff0);
      case "size" -> start[record(0) + 31] = 1;
      case "folder" -> start[record(0) + 11] = 0x10;
      case "slash" -> start[record(0) - 32 + 1] = '/';
      case "surrogate" -> start[record(0) - 32 + 2] = (byte) 0xd8;
      case "nul" -> start[record(0) - 32 + 1] = 0;
      case "dots" -> {
        start[record(0) - 32 + 1] = '.';
        start[record(0) - 32 + 3] = '.';
      }
      case "twice" -> start[record(1) - 32 + 1] = 'a';
      case "formatted" -> start[13] = 1;
      default -> throw new IllegalArgumentException(what);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "loop, has a cluster twice",
    "cross, has a cluster twice",
    "free, has a cluster that cannot be: 0",
    "beyond, has a cluster that cannot be: 4080",
    "size, is longer than its clusters are",
    "folder, is a name that no file",
    "slash, is a name that no file",
    "surrogate, is a name that no file",
    "nul, is a name that no file",
    "dots, is a name that no file",
    "twice, is there twice",
    "formatted, another partition or file system",
  })
  void aDiskThatIsNotInOrderFailsTheFlushAndLeavesTheFolder(String what, String message)
      throws Exception {
    Files.write(folder.resolve("aX"), noise(2 * CLUSTER, 1));
    Files.write(folder.resolve("bX"), noise(2 * CLUSTER, 2));
    Files.write(folder.resolve("c"), "/../../x".getBytes(US_ASCII));
    TreeMap<String, String> before = tree(folder);
    TreeMap<String, String> around = tree(work);
    try (FolderDisk disk = FolderDisk.writable("fat:rw:floppy:" + folder)) {
      byte[] sound = disk.read(0, DATA);
      byte[] damaged = sound.clone();
      damage(damaged, what);
      if (what.equals("folder")) {
        var record = new byte[512];
        Arrays.fill(record, 0, 11, (byte) ' ');
        record[0] = '/';
        disk.write(DATA, record);
      }
      disk.write(0, damaged);
      disk.write(DATA + 2 * CLUSTER, new byte[512]);
      var e = assertThrows(BlockException.class, disk::flush);
      assertTrue(e.getMessage().contains(message), e.getMessage());
      assertTrue(e.getMessage().lines().count() == 1, e.getMessage());
      assertEquals(before, tree(folder));
      assertEquals(around, tree(work));
      disk.write(0, sound); // whoever puts it in order can go on
      disk.flush();
      assertEquals(0, Files.readAllBytes(folder.resolve("bX"))[0]);
    }
  }

  @Test
  void closingADiskThatIsNotInOrderFails() throws Exception {
    Files.write(folder.resolve("a"), noise(2 * CLUSTER, 1));
    FolderDisk disk = FolderDisk.writable("fat:rw:floppy:" + folder);
    byte[] start = disk.read(0, DATA);
    setCluster(start, 3, 3);
    disk.write(0, start);
    assertThrows(BlockException.class, disk::close);
    assertArrayEquals(noise(2 * CLUSTER, 1), Files.readAllBytes(folder.resolve("a")));
  }

  @Test
  void chanceNeitherBreaksTheDriverNorLeavesTheFolder() throws Exception {
    Path outside = Files.writeString(work.resolve("outside"), "outside");
    var random = new Random(1);
    for (int i = 0; i < 100; i++) {
      Path inner = Files.createDirectories(folder.resolve("inner"));
      Files.write(inner.resolve("file " + i), noise(random.nextInt(20_000), i));
      try (FolderDisk disk = FolderDisk.writable("fat:rw:floppy:" + folder)) {
        byte[] start = disk.read(0, DATA + CLUSTER);
        for (int j = 0; j < 1 + i % 5; j++) {
          int at = random.nextBoolean() ? TABLE + random.nextInt(64) : ROOT + random.nextInt(512);
          start[random.nextInt(4) == 0 ? DATA + random.nextInt(512) : at] = (byte) random.nextInt();
        }
        disk.write(0, start);
        disk.flush();
      } catch (BlockException e) {
        assertEquals(1, e.getMessage().lines().count(), e.getMessage());
      }
      assertEquals("outside", Files.readString(outside));
      try (Stream<Path> all = Files.list(work)) {
        assertEquals(2, all.count());
      }
      FolderDisk.run(work, "rm", "-rf", "folder");
    }
  }

  /** Removes a file's records from the start of a floppy. */
  private static void remove(byte[] start, int file) {
    start[record(file)] = (byte) 0xe5;
    start[record(file) - 32] = (byte) 0xe5;
  }

  @Test
  void aFileThatOthersChangedIsNotRemovedNorReplaced() throws Exception {
    Path file = Files.write(folder.resolve("a"), noise(CLUSTER, 1));
    Files.write(folder.resolve("b"), noise(CLUSTER, 2));
    FolderDisk disk = FolderDisk.writable("fat:rw:floppy:" + folder);
    byte[] start = disk.read(0, DATA);
    remove(start, 0);
    remove(start, 1);
    disk.write(0, start);
    Files.write(file, noise(100, 3));
    var e = assertThrows(BlockException.class, disk::flush);
    assertEquals("'a' was changed by others, and cannot be by the disk too", e.getMessage());
    assertThrows(BlockException.class, disk::close);
    assertArrayEquals(noise(100, 3), Files.readAllBytes(file));
    assertEquals(2, tree(folder).size());
  }

  @Test
  void whatOthersPutInAFolderKeepsItFromBeingRemoved() throws Exception {
    Path inner = Files.createDirectories(folder.resolve("inner"));
    Files.write(inner.resolve("file"), noise(10, 1));
    FolderDisk disk = FolderDisk.writable("fat:rw:floppy:" + folder);
    byte[] start = disk.read(0, DATA);
    remove(start, 0);
    disk.write(0, start);
    Files.writeString(inner.resolve("own"), "own");
    TreeMap<String, String> before = tree(folder);
    var e = assertThrows(BlockException.class, disk::close);
    assertEquals("'inner' holds files that the disk does not have, and stays", e.getMessage());
    assertEquals(before, tree(folder));
  }

  @Test
  void aLinkThatIsPutInAFoldersPlaceIsNotFollowed() throws Exception {
    Path inner = Files.createDirectories(folder.resolve("inner"));
    Files.write(inner.resolve("file"), noise(10, 1));
    Path outside = Files.createDirectories(work.resolve("outside"));
    FolderDisk disk = FolderDisk.writable("fat:rw:floppy:" + folder);
    byte[] cluster = disk.read(DATA, 512);
    cluster[2 * 32] = (byte) 0xe5; // behind itself and its parent: file
    cluster[3 * 32] = (byte) 0xe5;
    disk.write(DATA, cluster);
    Files.move(inner, outside.resolve("inner"));
    Files.createSymbolicLink(inner, outside.resolve("inner"));
    assertThrows(BlockException.class, disk::close);
    assertArrayEquals(noise(10, 1), Files.readAllBytes(outside.resolve("inner/file")));
  }

  @Test
  void aStepThatFailsIsUndoneWithThoseBeforeIt() throws Exception {
    Files.write(folder.resolve("a"), noise(CLUSTER, 1));
    Path fixed = Files.write(folder.resolve("b"), noise(CLUSTER, 2));
    assumeTrue(FolderDisk.isInstalled("chattr"));
    TreeMap<String, String> before = tree(folder);
    FolderDisk disk = FolderDisk.writable("fat:rw:floppy:" + folder);
    byte[] start = disk.read(0, DATA);
    start[record(0) - 32 + 1] = 'n'; // another name of a
    byte[] damaged = start.clone();
    remove(damaged, 1);
    disk.write(0, damaged);
    assumeTrue(
        new ProcessBuilder("chattr", "+i", fixed.toString()).start().waitFor() == 0,
        "no file can be made immutable here");
    try {
      var e = assertThrows(BlockException.class, disk::flush);
      assertTrue(e.getMessage().startsWith("Could not change the folder: "), e.getMessage());
      assertEquals(before, tree(folder));
    } finally {
      FolderDisk.run(work, "chattr", "-i", fixed.toString());
    }
    disk.close();
    assertEquals(1, tree(folder).size());
    assertArrayEquals(noise(CLUSTER, 1), Files.readAllBytes(folder.resolve("n")));
  }

  @Test
  void linksAreRefusedWhereTheFolderIsToBeChanged() throws Exception {
    Files.createFile(folder.resolve("file"));
    Files.createSymbolicLink(folder.resolve("link"), folder.resolve("file"));
    var e =
        assertThrows(BlockException.class, () -> FolderDisk.writable("fat:rw:" + folder).close());
    assertTrue(
        e.getMessage().endsWith("link' is a link, which a writable folder cannot have"),
        e.getMessage());
    FolderDisk.named("fat:rw:" + folder).close(); // for reading it can
  }
}
