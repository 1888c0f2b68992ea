// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.raw;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.Extent;
import dev.strata.block.Preallocation;
import dev.strata.block.StatusDetail;
import dev.strata.block.driver.ImageInfo;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.option.BlockOptions;
import dev.strata.formats.TestDisk;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The words and rules are those of QEMU 7.2. */
class RawImageTest {
  private static final int SIZE = 1 << 20;

  @TempDir Path folder;
  private Path image;

  @BeforeEach
  void makeImage() throws Exception {
    image = folder.resolve("disk.raw");
    byte[] content = new byte[SIZE];
    for (int i = 0; i < SIZE; i++) {
      content[i] = (byte) (i / 512);
    }
    Files.write(image, content);
  }

  private static byte[] header(String magic, int length) {
    return Arrays.copyOf(magic.getBytes(StandardCharsets.ISO_8859_1), length);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "offset=2M,size=100|Offset (2097152) cannot be greater than size of the containing file"
            + " (1048576)",
        "offset=1M,size=512|The sum of offset (1048576) and size (512) has to be smaller or equal"
            + " to the  actual size of the containing file (1048576)",
        "size=8E|The sum of offset (0) and size (9223372036854775808) has to be smaller or equal"
            + " to the  actual size of the containing file (1048576)",
        "offset=8E|Offset (9223372036854775808) cannot be greater than size of the containing"
            + " file (1048576)",
        "offset=512,size=1048065|The sum of offset (512) and size (1048065) has to be smaller or"
            + " equal to the  actual size of the containing file (1048576)",
        "size=100|Specified size is not multiple of 512",
        "offset=a|Parameter 'offset' expects a non-negative number below 2^64",
        "size=16E|Value '16E' is out of range for parameter 'size'",
      })
  void windowThatIsNotWithinTheFileIsRefused(String options, String message) {
    var e = assertThrows(BlockException.class, () -> openWindow(options).close());
    assertTrue(e.getMessage().endsWith(message), e.getMessage());
  }

  private TestDisk openWindow(String options) throws BlockException {
    var all = new java.util.ArrayList<String>(List.of("driver", "raw"));
    for (String option : options.split(",")) {
      all.addAll(List.of(option.split("=", 2)));
    }
    return TestDisk.open(image, all.toArray(String[]::new));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "offset=512|1048064",
        "offset=1000000|48640", // 48576, rounded up to sectors
        "offset=512,size=1k|1024",
        "size=0|0",
        "offset=1M|0",
      })
  void windowHasTheSizeThatItShould(String options, long size) throws Exception {
    try (TestDisk disk = openWindow(options)) {
      assertEquals(size, disk.backend().length());
    }
  }

  @Test
  void requestsMoveByTheOffset() throws Exception {
    try (TestDisk disk = openWindow("offset=1000,size=4096")) {
      assertArrayEquals(
          Arrays.copyOfRange(Files.readAllBytes(image), 1000, 1100), disk.read(0, 100));
      disk.write(4000, header("tail", 96));
      disk.backend().flush();
      Extent extent = disk.backend().status(100, 1000, StatusDetail.ZEROES);
      assertEquals(1100, extent.fileOffset());
      assertTrue(extent.data());
      disk.backend().writeZeroes(1024, 512, 0);
      assertArrayEquals(new byte[512], disk.read(1024, 512));
    }
    byte[] after = Files.readAllBytes(image);
    assertEquals(SIZE, after.length);
    assertArrayEquals(header("tail", 96), Arrays.copyOfRange(after, 5000, 5096));
    assertArrayEquals(new byte[512], Arrays.copyOfRange(after, 2024, 2536));
    assertEquals((byte) (2536 / 512), after[2536]);
  }

  @Test
  void lastSectorOfAWindowThatTheFileEndsWithinReadsAsZeroesBehindIt() throws Exception {
    try (TestDisk disk = openWindow("offset=100")) {
      assertEquals(SIZE, disk.backend().length());
      assertArrayEquals(new byte[100], disk.read(SIZE - 100, 100));
      Extent last = disk.backend().status(SIZE - 100, 100, StatusDetail.ZEROES);
      assertEquals(100, last.length());
      assertTrue(last.zero());
    }
  }

  @Test
  void windowWithASizeCannotBeResizedOthersGrowTheFile() throws Exception {
    try (TestDisk disk = openWindow("size=1k")) {
      var e =
          assertThrows(
              BlockException.class,
              () -> disk.backend().truncate(2048, true, Preallocation.OFF, 0));
      assertEquals("Cannot resize fixed-size raw disks", e.getMessage());
      assertEquals(Errno.EOPNOTSUPP, e.errno());
    }
    try (TestDisk disk = openWindow("offset=512")) {
      disk.backend().truncate(SIZE, true, Preallocation.OFF, 0);
      assertEquals(SIZE, disk.backend().length());
    }
    assertEquals(SIZE + 512, Files.size(image));
  }

  @Test
  void reopeningChangesTheWindowAndKeepsWhatIsNotNamed() throws Exception {
    try (TestDisk disk = openWindow("size=1k")) {
      disk.graph().reopen(disk.node(), disk.node().flags(), BlockOptions.of("offset", "512"));
      assertEquals(1024, disk.backend().length());
      assertEquals(1, disk.read(0, 1)[0]);
      var beyond = BlockOptions.of("offset", "2M");
      assertThrows(
          BlockException.class,
          () -> disk.graph().reopen(disk.node(), disk.node().flags(), beyond));
      assertEquals(1, disk.read(0, 1)[0]);
    }
  }

  @Test
  void guessedImageWarnsAndTakesNoOtherFormatsHeader() throws Exception {
    try (TestDisk disk = TestDisk.open(image)) {
      assertEquals(
          List.of(
              "WARNING: Image format was not specified for '"
                  + image
                  + "' and probing guessed raw.",
              "         Automatically detecting the format is dangerous for raw images, write"
                  + " operations on block 0 will be restricted.",
              "         Specify the 'raw' format explicitly to remove the restrictions."),
          disk.warnings());
      byte[] qcow2 = header("QFI\u00fb\0\0\0\3", 512);
      var e = assertThrows(BlockException.class, () -> disk.write(0, qcow2));
      assertEquals(Errno.EPERM, e.errno());
      assertThrows(BlockException.class, () -> disk.write(0, Arrays.copyOf(qcow2, 8)));
      assertThrows(BlockException.class, () -> disk.write(0, Arrays.copyOf(qcow2, 4096)));
      disk.write(512, qcow2);
      disk.write(0, header("no image", 512));
      // A header in two halves is one too.
      disk.write(4, Arrays.copyOfRange(qcow2, 4, 12));
      assertThrows(BlockException.class, () -> disk.write(0, Arrays.copyOf(qcow2, 4)));
    }
  }

  @Test
  void imageThatIsSaidToBeRawTakesAnyHeader() throws Exception {
    try (TestDisk disk = TestDisk.open(image, "driver", "raw")) {
      assertEquals(List.of(), disk.warnings());
      disk.write(0, header("QFI\u00fb\0\0\0\3", 512));
    }
    try (TestDisk disk =
        TestDisk.open(folder.resolve("disk.raw"), NodeFlags.READ_ONLY, "driver", "raw")) {
      assertEquals('Q', disk.read(0, 1)[0]);
      assertFalse(disk.node().capability(ImageInfo.class).isPresent());
    }
  }

  @Test
  void creatingGivesTheFileItsSizeInWholeSectors() throws Exception {
    Path made = folder.resolve("made.raw");
    TestDisk.create("raw", made, "size", "1000");
    assertEquals(1024, Files.size(made));
    TestDisk.create("raw", made, "size", "1M", "preallocation", "full");
    assertArrayEquals(new byte[SIZE], Files.readAllBytes(made));
  }

  @Test
  void measureGivesTheSize() throws Exception {
    var m = new RawFactory().measure(BlockOptions.of("size", "1000"), null);
    assertEquals(1024, m.required());
    assertEquals(1024, m.fullyAllocated());
    assertEquals(-1, m.bitmaps());
  }

  /** Of a guessed raw image only whole sectors may be written, but it ends where its file does. */
  @ParameterizedTest
  @ValueSource(strings = {"", "raw"})
  void statusOfAnImageThatEndsWithinASector(String format) throws Exception {
    Files.write(image, new byte[] {1, 2, 3, 4, 5});
    String[] options = format.isEmpty() ? new String[0] : new String[] {"driver", format};
    try (TestDisk disk = TestDisk.open(image, options)) {
      assertEquals(512, disk.backend().length());
      Extent data = disk.backend().status(0, 512, StatusDetail.ZEROES);
      assertEquals(5, data.length());
      assertTrue(data.data());
      Extent rest = disk.backend().status(5, 507, StatusDetail.ZEROES);
      assertEquals(507, rest.length());
      assertTrue(rest.zero());
    }
  }
}
