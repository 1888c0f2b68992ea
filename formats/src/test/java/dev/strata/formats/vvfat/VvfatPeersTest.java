// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vvfat;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Folders as disks, in the hands of other programs. */
final class VvfatPeersTest {
  private static final int START = 4 << 20;

  @TempDir private Path work;

  private Path folder() throws IOException {
    return Files.createDirectories(work.resolve("folder"));
  }

  private static byte[] noise(int length) {
    var bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }

  private byte[] referencesStart(String name) throws Exception {
    FolderDisk.run(work, "qemu-img", "dd", "-O", "raw", "bs=1M", "count=4", "if=" + name, "of=out");
    return Files.readAllBytes(work.resolve("out"));
  }

  /** One file in each folder: the order in which a host lists several is its own. */
  @ParameterizedTest
  @ValueSource(strings = {"", "12:", "16:", "floppy:", "floppy:12:", "floppy:16:", "16:floppy:"})
  void theDiskIsTheReferences(String kind) throws Exception {
    assumeTrue(FolderDisk.isInstalled("qemu-img"));
    Path inner = Files.createDirectories(folder().resolve("A long folder's name/InnerOne"));
    Files.write(inner.resolve("thirteenChars"), noise(5 * 8192));
    String name = "fat:" + kind + "folder";
    byte[] expected = referencesStart(name);
    try (FolderDisk disk = FolderDisk.named("fat:" + kind + folder())) {
      assertArrayEquals(expected, disk.read(0, (int) Math.min(START, disk.length())));
      String info = FolderDisk.run(work, "qemu-img", "info", "--output=json", name);
      assertTrue(info.contains("\"virtual-size\": " + disk.length()), info);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        ".profile", "a.b.c", "x+y.txt", "name.", "\u00e4\u00e4", "file.jpeg", "a;b=c[d].t,x",
        "abcdefghi.x", "hello world", "a~b", "tab\tx", "..x", "x  y.t t", "abcdefgh.abc",
        "Abc{}%$#@!", "\u65e5\u672c", "twenty-six characters long", "UPPER.TXT",
            "emoji \ud83d\ude00",
      })
  void namesAreTheReferences(String file) throws Exception {
    assumeTrue(FolderDisk.isInstalled("qemu-img"));
    assumeTrue("UTF-8".equals(System.getProperty("sun.jnu.encoding")), "file names are bytes here");
    Files.createFile(folder().resolve(file));
    byte[] expected = referencesStart("fat:floppy:folder");
    try (FolderDisk disk = FolderDisk.named("fat:floppy:" + folder())) {
      assertArrayEquals(expected, disk.read(0, (int) disk.length()));
    }
  }

  @Test
  void theLabelIsTheReferences() throws Exception {
    assumeTrue(FolderDisk.isInstalled("qemu-img"));
    Files.createFile(folder().resolve("a"));
    String options = "driver=vvfat,floppy=on,label=My disk,dir=";
    FolderDisk.run(
        work, "qemu-img", "convert", "-O", "raw", "--image-opts", options + "folder", "out");
    try (FolderDisk disk =
        FolderDisk.of("floppy", "on", "label", "My disk", "dir", folder().toString())) {
      assertArrayEquals(Files.readAllBytes(work.resolve("out")), disk.read(0, (int) disk.length()));
    }
  }

  private List<String> tree() throws IOException {
    var all = new ArrayList<String>();
    Path deep = Files.createDirectories(folder().resolve("sub folder/deeper/deepest"));
    for (int i = 0; i < 300; i++) {
      Path file = deep.resolve("longer name " + i + ".text");
      Files.write(file, noise(i * 37));
      all.add(folder().relativize(file).toString());
    }
    for (String name : List.of("empty", "hello.txt", "Hello World.Document", "x.tar.gz")) {
      Files.write(folder().resolve(name), noise(name.equals("empty") ? 0 : 100_001));
      all.add(name);
    }
    return all;
  }

  @ParameterizedTest
  @CsvSource({"'', 32256", "12:, 32256", "32:, 32256", "floppy:, 0"})
  void mtoolsCopyEveryFile(String kind, int offset) throws Exception {
    assumeTrue(FolderDisk.isInstalled("mcopy"));
    List<String> files = tree();
    if (kind.startsWith("floppy")) {
      files.removeIf(name -> name.contains("deepest"));
      FolderDisk.run(work, "rm", "-r", "folder/sub folder");
    }
    try (FolderDisk disk = FolderDisk.named("fat:" + kind + folder())) {
      disk.copy(work.resolve("image"), (int) Math.min(8 << 20, disk.length()));
    }
    Files.createDirectories(work.resolve("copy"));
    String image = "image@@" + offset;
    FolderDisk.run(work, "mcopy", "-s", "-n", "-i", image, "::*", "copy/");
    for (String file : files) {
      assertArrayEquals(
          Files.readAllBytes(folder().resolve(file)),
          Files.readAllBytes(work.resolve("copy").resolve(file)),
          file);
    }
  }

  @ParameterizedTest
  @CsvSource({"16:, 63", "12:, 63", "32:, 63", "floppy:, 0"})
  void fsckFindsNothingWrong(String kind, int sector) throws Exception {
    assumeTrue(FolderDisk.isInstalled("fsck.fat"));
    tree();
    if (kind.startsWith("floppy")) {
      FolderDisk.run(work, "rm", "-r", "folder/sub folder");
    }
    try (FolderDisk disk = FolderDisk.named("fat:" + kind + folder())) {
      disk.copy(work.resolve("image"), (int) Math.min(8 << 20, disk.length()));
    }
    FolderDisk.run(work, "dd", "if=image", "of=volume", "bs=512", "skip=" + sector, "conv=sparse");
    FolderDisk.run(work, "truncate", "-s", "%512", "volume");
    FolderDisk.run(
        work, "sh", "-c", "truncate -s $(($(stat -c %s image) - 512 * " + sector + ")) volume");
    FolderDisk.run(work, "fsck.fat", "-n", "volume");
  }

  @Test
  void everyShortNameIsItsOwn() {
    var names = new ShortNames();
    long different =
        IntStream.range(0, 2000)
            .mapToObj(i -> new String(names.of("longer name " + i + ".text"), US_ASCII))
            .distinct()
            .count();
    assertEquals(2000, different);
    assertEquals("A       TXT", new String(names.of("a.txt"), US_ASCII));
    assertEquals("A~1     TXT", new String(names.of("A.TXT"), US_ASCII));
  }
}
