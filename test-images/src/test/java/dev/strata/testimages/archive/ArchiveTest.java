// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.archive;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.block.BlockException;
import dev.strata.block.image.DiskImage;
import dev.strata.block.image.ImageFile;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the usual programs pack is read as it was. */
@Timeout(120)
final class ArchiveTest extends PackedDisk {
  @ParameterizedTest
  @ValueSource(strings = {"xz", "gzip", "bzip2", "zstd", "lz4"})
  void aCompressedDiskReadsAsItWas(String program) throws IOException, InterruptedException {
    if (program.equals("lz4")) {
      run(program, "-q", "disk.raw", "disk.raw.lz4"); // to its output, where that is no terminal
    } else {
      run(program, "-k", "-q", "disk.raw");
    }
    String suffix =
        switch (program) {
          case "gzip" -> "gz";
          case "bzip2" -> "bz2";
          case "zstd" -> "zst";
          default -> program;
        };
    assertReads("archive", "disk.raw." + suffix);
  }

  @Test
  void theBlocksOfAnXzFileAreReadInAnyOrder() throws IOException, InterruptedException {
    run("xz", "-k", "--block-size=262144", "disk.raw");
    try (DiskImage image = open("archive", "disk.raw.xz")) {
      for (int at = SIZE - 65536; at >= 0; at -= 65536) {
        assertArrayEquals(Arrays.copyOfRange(disk, at, at + 65536), read(image, at, 65536));
      }
    }
  }

  @Test
  void severalMembersOfOneGzipFileAreOneDisk() throws IOException, InterruptedException {
    run("gzip", "-k", "-q", "disk.raw");
    byte[] one = Files.readAllBytes(folder.resolve("disk.raw.gz"));
    byte[] two = Arrays.copyOf(one, 2 * one.length);
    System.arraycopy(one, 0, two, one.length, one.length);
    Files.write(folder.resolve("two.gz"), two);
    try (DiskImage image = open("archive", "two.gz")) {
      assertEquals(2L * SIZE, image.length());
      assertArrayEquals(disk, read(image, SIZE, SIZE));
    }
  }

  @Test
  void theDiskOfAnApplianceIsFoundByItselfAndByName() throws IOException, InterruptedException {
    Files.writeString(folder.resolve("machine.ovf"), "<Envelope/>");
    run("tar", "--format=ustar", "-cf", "machine.ova", "machine.ovf", "disk.raw");
    assertReads("tar", "machine.ova");
    assertReads("tar", "machine.ova!disk.raw");
    var e = assertThrows(BlockException.class, () -> open("tar", "machine.ova!other").close());
    assertTrue(e.getMessage().contains("The tar holds no 'other'"), e.getMessage());
    Files.write(folder.resolve("other.img"), new byte[512]);
    run("tar", "-cf", "two.tar", "disk.raw", "other.img");
    e = assertThrows(BlockException.class, () -> open("tar", "two.tar").close());
    assertTrue(e.getMessage().contains("several disks"), e.getMessage());
    assertReads("tar", "two.tar!disk.raw");
  }

  @Test
  void formatsWorkAboveAnArchive() throws IOException, InterruptedException {
    run("qemu-img", "convert", "-O", "qcow2", "disk.raw", "disk.qcow2");
    run("xz", "-k", "disk.qcow2");
    assertReads("archive", "disk.qcow2.xz");
    run(
        "qemu-img",
        "convert",
        "-O",
        "vmdk",
        "-o",
        "subformat=streamOptimized",
        "disk.raw",
        "disk.vmdk");
    run("tar", "-cf", "machine.ova", "disk.vmdk");
    assertReads("tar", "machine.ova");
  }

  @Test
  void noArchiveIsWrittenTo() throws IOException, InterruptedException {
    run("gzip", "-k", "-q", "disk.raw");
    byte[] before = Files.readAllBytes(folder.resolve("disk.raw.gz"));
    assertThrows(
        BlockException.class,
        () -> ImageFile.of("archive:" + folder.resolve("disk.raw.gz")).forWriting().open().close());
    assertArrayEquals(before, Files.readAllBytes(folder.resolve("disk.raw.gz")));
  }

  @Test
  void whatIsNoArchiveIsRefused() {
    var e = assertThrows(BlockException.class, () -> open("archive", "disk.raw").close());
    assertTrue(
        e.getMessage().contains("Neither a tar nor a zip nor a file compressed by"),
        e.getMessage());
  }

  /** A library would read it whole. */
  @ParameterizedTest
  @ValueSource(strings = {"x", "g", "L", "K"})
  void anExtendedHeaderThatIsLargeIsRefused(String type) throws IOException {
    byte[] header = new byte[512];
    put(header, 0, "long");
    put(header, 124, "04000000000\0"); // 512 MiB
    put(header, 156, type);
    put(header, 257, "ustar\00000");
    put(header, 148, "        ");
    int sum = 0;
    for (byte each : header) {
      sum += each & 0xff;
    }
    put(header, 148, String.format("%06o\0 ", sum));
    Path file = folder.resolve("hostile.tar");
    Files.write(file, header);
    try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(new byte[1]), 600L << 20);
    }
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    var e = assertThrows(BlockException.class, () -> open("tar", "hostile.tar").close());
    assertTrue(e.getMessage().contains("The tar is malformed"), e.getMessage());
    assertTrue(threads.getCurrentThreadAllocatedBytes() - before < 16 << 20);
  }

  private static void put(byte[] header, int at, String text) {
    System.arraycopy(text.getBytes(StandardCharsets.US_ASCII), 0, header, at, text.length());
  }

  @ParameterizedTest
  @ValueSource(strings = {"xz", "gzip", "bzip2", "zstd", "lz4", "tar"})
  void aDamagedArchiveIsAnErrorOrOtherBytes(String program)
      throws IOException, InterruptedException {
    Files.write(folder.resolve("small.raw"), Arrays.copyOf(disk, SMALL));
    if (program.equals("tar")) {
      run("tar", "-cf", "packed", "small.raw");
    } else {
      run("sh", "-c", program + " -c small.raw > packed");
    }
    byte[] sound = Files.readAllBytes(folder.resolve("packed"));
    var random = new Random(1);
    int errors = 0;
    for (int i = 0; i < 40; i++) {
      byte[] damaged =
          i % 4 == 0 ? Arrays.copyOf(sound, 1 + random.nextInt(sound.length - 1)) : sound.clone();
      for (int k = 0; k < 3; k++) {
        damaged[random.nextInt(k == 0 ? Math.min(600, damaged.length) : damaged.length)] =
            (byte) random.nextInt();
      }
      Files.write(folder.resolve("packed"), damaged);
      try (DiskImage image = open("archive", "packed")) {
        read(image, 0, (int) Math.min(image.length(), SIZE));
      } catch (BlockException e) {
        errors++; // anything else fails this test
      }
    }
    assertTrue(errors > 5, errors + " of 40");
  }

  @Test
  void aFileThatEndsWithinASectorIsFilledUpWithZeroes() throws Exception {
    Files.write(folder.resolve("odd.raw"), Arrays.copyOf(disk, 1000));
    run("gzip", "odd.raw");
    try (DiskImage image = open("archive", "odd.raw.gz")) {
      byte[] expected = Arrays.copyOf(Arrays.copyOf(disk, 1000), 1024);
      assertArrayEquals(expected, read(image, 0, 1024));
    }
  }
}
