// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.archive;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.block.BlockException;
import dev.strata.block.image.DiskImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Xz files of each kind, decoded by the host's library and by Java. */
@Timeout(120)
final class XzBlocksTest extends PackedDisk {
  private static final String ONLY_JAVA = "strata.archive.java";

  @AfterEach
  void forget() {
    System.clearProperty(ONLY_JAVA);
  }

  private interface Attempt {
    void run() throws Exception;
  }

  private static void eachWay(Attempt attempt) throws Exception {
    for (String onlyJava : List.of("false", "true")) {
      System.setProperty(ONLY_JAVA, onlyJava);
      attempt.run();
    }
  }

  private void pack(String options, String from, String to) throws Exception {
    run("sh", "-c", "xz -c " + options + " " + from + " > " + to);
  }

  private void assertReadsInAnyOrder(String name, byte[] expected) throws BlockException {
    try (DiskImage image = open("archive", name)) {
      assertEquals(expected.length, image.length());
      var random = new Random(5);
      for (int i = 0; i < 30; i++) {
        int length = 512 * (1 + random.nextInt(600));
        int offset = random.nextInt((expected.length - length) / 512) * 512;
        assertArrayEquals(
            Arrays.copyOfRange(expected, offset, offset + length), read(image, offset, length));
      }
      assertArrayEquals(expected, read(image, 0, expected.length));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--check=none",
        "--check=crc32",
        "--check=crc64",
        "--check=sha256",
        "-0 --block-size=262144",
        "-T2 --block-size=300000 --check=sha256",
        "--x86 --lzma2=dict=64KiB --check=none --block-size=100001",
        "--delta=dist=4 --lzma2=preset=6",
        "-9e"
      })
  void itReadsAsItWas(String options) throws Exception {
    pack(options, "disk.raw", "disk.xz");
    eachWay(() -> assertReadsInAnyOrder("disk.xz", disk));
  }

  /** Blocks are decoded ahead of who reads on end: what a jump makes useless is not taken. */
  @ParameterizedTest
  @ValueSource(strings = {"--block-size=262144", "--block-size=100001", "--block-size=1500000"})
  void readsOnEndMayJumpAtAnyTime(String options) throws Exception {
    pack(options, "disk.raw", "disk.xz");
    eachWay(() -> {
      var random = new Random(11);
      try (DiskImage image = open("archive", "disk.xz")) {
        for (int i = 0; i < 40; i++) {
          int offset = random.nextInt(SIZE / 65536) * 65536;
          int end = Math.min(SIZE, offset + random.nextInt(SIZE));
          for (int at = offset; at + 65536 <= end; at += 65536) {
            assertArrayEquals(Arrays.copyOfRange(disk, at, at + 65536), read(image, at, 65536));
          }
        }
      }
    });
  }

  @Test
  void whatLiesBeforeADamagedBlockIsReadOnEnd() throws Exception {
    var random = new Random(13);
    random.nextBytes(disk);
    Files.write(folder.resolve("disk.raw"), disk);
    pack("--block-size=262144", "disk.raw", "disk.xz");
    byte[] damaged = Files.readAllBytes(folder.resolve("disk.xz"));
    damaged[damaged.length * 7 / 8] ^= 1;
    Files.write(folder.resolve("disk.xz"), damaged);
    eachWay(() -> {
      int failed = 0;
      try (DiskImage image = open("archive", "disk.xz")) {
        for (int at = 0; at < SIZE; at += 262144) {
          byte[] expected = Arrays.copyOfRange(disk, at, at + 262144);
          if (at == 10 * 262144) { // seven eighths of the file are in it
            int block = at;
            var e = assertThrows(BlockException.class, () -> read(image, block, 262144));
            assertEquals("Input/output error", e.getMessage());
            failed++;
          } else if (failed == 0) {
            assertArrayEquals(expected, read(image, at, 262144));
          }
        }
      }
      assertEquals(1, failed);
    });
  }

  @Test
  void severalStreamsAreOneDiskWhateverTheirChecksAre() throws Exception {
    pack("--check=crc32 --block-size=1048576", "disk.raw", "one.xz");
    pack("--check=crc32", "disk.raw", "two.xz");
    pack("--check=sha256", "disk.raw", "three.xz");
    byte[] expected = Arrays.copyOf(disk, 2 * SIZE);
    System.arraycopy(disk, 0, expected, SIZE, SIZE);
    run("sh", "-c", "cat one.xz two.xz > alike.xz; cat one.xz three.xz > mixed.xz");
    eachWay(() -> {
      assertReadsInAnyOrder("alike.xz", expected);
      assertReadsInAnyOrder("mixed.xz", expected);
    });
  }

  @ParameterizedTest
  @ValueSource(strings = {"crc32", "crc64", "sha256"})
  void damageThatOnlyTheCheckShowsIsFound(String check) throws Exception {
    var random = new Random(7);
    random.nextBytes(disk); // does not compress: chunks are stored, in which any byte is good
    Files.write(folder.resolve("disk.raw"), disk);
    pack("--block-size=1048576 --check=" + check, "disk.raw", "disk.xz");
    byte[] damaged = Files.readAllBytes(folder.resolve("disk.xz"));
    damaged[damaged.length / 2] ^= 1;
    Files.write(folder.resolve("disk.xz"), damaged);
    eachWay(() -> {
      try (DiskImage image = open("archive", "disk.xz")) {
        assertArrayEquals(Arrays.copyOf(disk, 65536), read(image, 0, 65536));
        var e = assertThrows(BlockException.class, () -> read(image, 1 << 20, 1 << 20));
        assertEquals("Input/output error", e.getMessage());
        if (!Boolean.getBoolean(ONLY_JAVA)) { // whose streams are of no use any more
          assertArrayEquals(
              Arrays.copyOfRange(disk, SIZE - 65536, SIZE), read(image, SIZE - 65536, 65536));
        }
      }
    });
  }

  /** Where the number that the index has of the first block's content begins. */
  private static int sizeInIndex(byte[] file, int index) {
    int at = index + 2; // its mark, the number of blocks
    while ((file[at] & 0x80) != 0) {
      at++;
    }
    return at + 1;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, -1, 3})
  void anIndexThatSaysAnotherSizeThanTheBlockHasIsAnError(int difference) throws Exception {
    pack("", "disk.raw", "disk.xz");
    byte[] file = Files.readAllBytes(folder.resolve("disk.xz"));
    ByteBuffer numbers = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    int footer = file.length - 12;
    int index = footer - 4 * (numbers.getInt(footer + 4) + 1);
    int at = sizeInIndex(file, index);
    // 3 MiB is 80 80 c0 01: the number stays as long as it is.
    file[at] = (byte) (0x80 | (difference & 0x7f));
    if (difference < 0) {
      file[at + 1] = (byte) 0xff;
      file[at + 2]--;
    }
    var sum = new CRC32();
    sum.update(file, index, footer - 4 - index);
    numbers.putInt(footer - 4, (int) sum.getValue());
    Files.write(folder.resolve("disk.xz"), file);
    eachWay(() -> {
      try (DiskImage image = open("archive", "disk.xz")) {
        int last = (int) image.length() - 512;
        var e = assertThrows(BlockException.class, () -> read(image, last, 512));
        assertEquals("Input/output error", e.getMessage());
      }
    });
  }

  @Test
  void aDictionaryThatIsTooLargeIsRefused() throws Exception {
    pack("--lzma2=preset=6,dict=256MiB", "disk.raw", "disk.xz");
    eachWay(() ->
        assertThrows(
            BlockException.class,
            () -> {
              try (DiskImage image = open("archive", "disk.xz")) {
                read(image, 0, 512);
              }
            }));
  }

  @Test
  void bothFindTheSameInWhatIsDamagedAnyhow() throws Exception {
    Path small = folder.resolve("small.raw");
    Files.write(small, Arrays.copyOf(disk, SMALL));
    pack("--block-size=65536", "small.raw", "small.xz");
    byte[] sound = Files.readAllBytes(folder.resolve("small.xz"));
    var random = new Random(11);
    int errors = 0;
    for (int i = 0; i < 200; i++) {
      byte[] damaged = sound.clone();
      damaged[12 + random.nextInt(damaged.length - 12)] ^= (byte) (1 << random.nextInt(8));
      Files.write(folder.resolve("damaged.xz"), damaged);
      var found = new ArrayList<String>();
      eachWay(() -> found.add(outcome()));
      assertEquals(found.get(1), found.get(0), "attempt " + i);
      errors += found.get(0).startsWith("read") ? 0 : 1;
    }
    assertTrue(errors > 150, errors + " of 200");
  }

  private String outcome() throws IOException {
    try (DiskImage image = open("archive", "damaged.xz")) {
      return "read " + Arrays.hashCode(read(image, 0, (int) Math.min(image.length(), SIZE)));
    } catch (BlockException e) {
      return String.valueOf(e.errno());
    }
  }
}
