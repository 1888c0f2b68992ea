// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.parallels;

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
import dev.strata.block.driver.Checkable;
import dev.strata.block.driver.NodeFlags;
import dev.strata.formats.TestDisk;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** After QEMU docs/interop/parallels; the words of errors are those of QEMU 7.2. */
class ParallelsImageTest {
  private static final int CLUSTER = ParallelsBytes.CLUSTER;
  private static final int IN_USE = 0x746F6E59;

  @TempDir Path folder;
  private Path path;
  private final ParallelsBytes image = new ParallelsBytes();

  @BeforeEach
  void nameImage() {
    path = folder.resolve("disk.hds");
  }

  private static byte[] filled(int value, int length) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  private String refusal(NodeFlags flags) {
    var e =
        assertThrows(
            BlockException.class, () -> TestDisk.open(path, flags, "driver", "parallels").close());
    return e.getMessage();
  }

  @ParameterizedTest
  @CsvSource({"WithouFreSpacExt,1,2", "WithoutFreeSpace,2048,4096"})
  void entriesCountClustersOrSectorsAfterTheMagic(String magic, int first, int second)
      throws Exception {
    image.magic = magic;
    image.bat = new int[] {second, 0, first};
    ParallelsBytes.put(image.write(path), CLUSTER, filled(0xa1, CLUSTER));
    ParallelsBytes.put(path, 2L * CLUSTER, filled(0xb2, CLUSTER));
    try (TestDisk disk = TestDisk.open(path, NodeFlags.READ_ONLY)) {
      assertEquals("parallels", disk.node().driverName());
      assertEquals(10L * CLUSTER, disk.backend().length());
      assertArrayEquals(filled(0xb2, CLUSTER), disk.read(0, CLUSTER));
      assertArrayEquals(filled(0, CLUSTER), disk.read(CLUSTER, CLUSTER));
      assertArrayEquals(filled(0xa1, CLUSTER), disk.read(2L * CLUSTER, CLUSTER));
      assertArrayEquals(filled(0, 7 * CLUSTER), disk.read(3L * CLUSTER, 7 * CLUSTER));
    }
  }

  @Test
  void runsOfClustersAreOneExtent() throws Exception {
    image.bat = new int[] {1, 2, 0, 0, 3};
    image.fileSize = 4L * CLUSTER;
    image.write(path);
    try (TestDisk disk = TestDisk.open(path, NodeFlags.READ_ONLY)) {
      Extent data = disk.backend().status(512, 10L * CLUSTER - 512, StatusDetail.ALLOCATION);
      assertEquals(2L * CLUSTER - 512, data.length());
      assertEquals(CLUSTER + 512, data.fileOffset());
      Extent hole = disk.backend().status(2L * CLUSTER, 8L * CLUSTER, StatusDetail.ALLOCATION);
      assertEquals(2L * CLUSTER, hole.length());
      assertFalse(hole.allocated());
      assertTrue(hole.zero());
    }
  }

  @Test
  void newClustersGoBehindAllOthersAndTheFileEndsWithThem() throws Exception {
    image.write(path);
    try (TestDisk disk = TestDisk.open(path)) {
      assertEquals(IN_USE, ParallelsBytes.u32(path, 44));
      disk.write(5L * CLUSTER + 100, filled(0xcc, 1000));
      assertEquals(0, ParallelsBytes.batEntry(path, 5), "the BAT follows with the flush");
      disk.backend().flush();
      assertEquals(3, ParallelsBytes.batEntry(path, 5));
      disk.write(4L * CLUSTER - 10, filled(0xdd, 20));
    }
    assertEquals(0, ParallelsBytes.u32(path, 44));
    assertEquals(4, ParallelsBytes.batEntry(path, 3));
    assertEquals(5, ParallelsBytes.batEntry(path, 4));
    assertEquals(6L * CLUSTER, Files.size(path));
    try (TestDisk disk = TestDisk.open(path, NodeFlags.READ_ONLY)) {
      byte[] cluster = new byte[CLUSTER];
      Arrays.fill(cluster, 100, 1100, (byte) 0xcc);
      assertArrayEquals(cluster, disk.read(5L * CLUSTER, CLUSTER));
      assertArrayEquals(filled(0xdd, 20), disk.read(4L * CLUSTER - 10, 20));
    }
  }

  @Test
  void whatLiesBehindTheLastClusterNeverShinesThrough() throws Exception {
    image.fileSize = 5L * CLUSTER;
    ParallelsBytes.put(image.write(path), 3L * CLUSTER, filled(0xee, 2 * CLUSTER));
    try (TestDisk disk = TestDisk.open(path)) {
      disk.write(7L * CLUSTER + 4096, filled(1, 512));
      byte[] cluster = new byte[CLUSTER];
      Arrays.fill(cluster, 4096, 4608, (byte) 1);
      assertArrayEquals(cluster, disk.read(7L * CLUSTER, CLUSTER));
    }
    assertEquals(4L * CLUSTER, Files.size(path));
  }

  @ParameterizedTest
  @CsvSource({"falloc,1M", "truncate,1M", "truncate,0", "falloc,3000000"})
  void randomWritesReadBackHoweverTheFileGrows(String mode, String size) throws Exception {
    TestDisk.create("parallels", path, "size", "8000000", "cluster_size", "64512");
    byte[] expected = new byte[8000000];
    Random random = new Random(size.hashCode());
    try (TestDisk disk = TestDisk.open(path, "prealloc-mode", mode, "prealloc-size", size)) {
      for (int i = 0; i < 60; i++) {
        byte[] bytes = new byte[1 + random.nextInt(200_000)];
        random.nextBytes(bytes);
        int offset = random.nextInt(expected.length - bytes.length);
        System.arraycopy(bytes, 0, expected, offset, bytes.length);
        disk.write(offset, bytes);
      }
      assertArrayEquals(expected, disk.read(0, expected.length));
    }
    try (TestDisk disk = TestDisk.open(path, NodeFlags.READ_ONLY)) {
      assertArrayEquals(expected, disk.read(0, expected.length));
    }
  }

  @Test
  void createdHeaderIsTheReferencesToTheByte() throws Exception {
    TestDisk.create("parallels", path, "size", "10M");
    image.bat = new int[10];
    image.fileSize = CLUSTER;
    assertArrayEquals(
        Files.readAllBytes(image.write(folder.resolve("expected"))), Files.readAllBytes(path));
  }

  @ParameterizedTest
  @CsvSource({
    "10M,0,Image size is too large for this cluster size",
    "4P,1M,Image size is too large for this cluster size",
    "10M,2G,Cluster size is too large",
    "16777215T,512,Image size is too large for this cluster size"
  })
  void imageThatCannotBeAddressedIsNotCreated(String size, String clusterSize, String words) {
    var e =
        assertThrows(
            BlockException.class,
            () -> TestDisk.create("parallels", path, "size", size, "cluster_size", clusterSize));
    assertEquals(words, e.getMessage());
    assertFalse(Files.exists(path));
  }

  @Test
  void clusterSizeIsRoundedUpToSectors() throws Exception {
    TestDisk.create("parallels", path, "size", "10M", "cluster_size", "1000");
    assertEquals(2, ParallelsBytes.u32(path, 28));
    assertEquals(10240, ParallelsBytes.u32(path, 32));
    assertEquals(0x52, ParallelsBytes.u32(path, 48));
  }

  @Test
  void hostileHeadersAreRefused() throws Exception {
    image.magic = "WithoutFreeSpacx";
    image.write(path);
    assertEquals("Image not in Parallels format", refusal(NodeFlags.READ_ONLY));
    image.magic = "WithoutFreeSpace";
    image.version = 3;
    image.write(path);
    assertEquals("Image not in Parallels format", refusal(NodeFlags.READ_ONLY));
    image.version = 2;
    image.tracks = 0;
    image.write(path);
    assertEquals("Invalid image: Zero sectors per track", refusal(NodeFlags.READ_ONLY));
    image.tracks = 1 << 22;
    image.write(path);
    assertEquals("Invalid image: Too big cluster", refusal(NodeFlags.READ_ONLY));
    image.tracks = -1;
    image.write(path);
    assertEquals("Invalid image: Too big cluster", refusal(NodeFlags.READ_ONLY));
    image.tracks = 2048;
    image.batEntries = 1 << 29;
    image.write(path);
    assertEquals("Catalog too large", refusal(NodeFlags.READ_ONLY));
  }

  @Test
  void hugeTableOfAShortFileTakesNoMemory() throws Exception {
    image.batEntries = (1 << 29) - 1;
    image.sectors = 1L << 40;
    image.write(path);
    try (TestDisk disk = TestDisk.open(path, NodeFlags.READ_ONLY)) {
      assertArrayEquals(new byte[512], disk.read((1L << 48), 512));
    }
  }

  @Test
  void entryWithinTheMetadataIsNotWrittenThrough() throws Exception {
    image.magic = "WithoutFreeSpace";
    image.bat = new int[] {1};
    image.write(path);
    try (TestDisk disk = TestDisk.open(path)) {
      var e = assertThrows(BlockException.class, () -> disk.write(0, filled(1, 512)));
      assertEquals(Errno.EIO, e.errno());
    }
  }

  @Test
  void whatTheTableHasNoEntryForReadsAsZeroesAndIsNotWritten() throws Exception {
    image.batEntries = 2;
    image.write(path);
    try (TestDisk disk = TestDisk.open(path)) {
      assertArrayEquals(new byte[512], disk.read(5L * CLUSTER, 512));
      var e = assertThrows(BlockException.class, () -> disk.write(5L * CLUSTER, new byte[512]));
      assertEquals(Errno.EINVAL, e.errno());
    }
  }

  @Test
  void entriesFarBeyondTheFileReadAsZeroes() throws Exception {
    image.bat = new int[] {-1, Integer.MIN_VALUE};
    image.write(path);
    try (TestDisk disk = TestDisk.open(path, NodeFlags.READ_ONLY)) {
      assertArrayEquals(new byte[2 * CLUSTER], disk.read(0, 2 * CLUSTER));
    }
    try (TestDisk disk = TestDisk.open(path)) {
      assertThrows(BlockException.class, () -> disk.write(5L * CLUSTER, new byte[512]));
    }
    assertEquals(3L * CLUSTER, Files.size(path));
  }

  @Test
  void imageInUseIsReadButNotWritten() throws Exception {
    image.inUse = IN_USE;
    image.write(path);
    assertEquals(
        "parallels: Image was not closed correctly; cannot be opened read/write",
        refusal(NodeFlags.READ_ONLY.withWritable(true)));
    TestDisk.open(path, NodeFlags.READ_ONLY).close();
    assertEquals(IN_USE, ParallelsBytes.u32(path, 44));
  }

  @Test
  void reopeningForWritingAndBackMarksTheImageMeanwhile() throws Exception {
    image.write(path);
    try (TestDisk disk = TestDisk.open(path, NodeFlags.READ_ONLY)) {
      disk.graph().makeWritable(disk.node(), true);
      assertEquals(IN_USE, ParallelsBytes.u32(path, 44));
      disk.graph().makeWritable(disk.node(), false);
      assertEquals(0, ParallelsBytes.u32(path, 44));
    }
  }

  @Test
  void sizeCannotBeChanged() throws Exception {
    image.write(path);
    try (TestDisk disk = TestDisk.open(path)) {
      var e =
          assertThrows(
              BlockException.class,
              () -> disk.backend().truncate(CLUSTER, true, Preallocation.OFF, 0));
      assertEquals("Image format driver does not support resize", e.getMessage());
    }
  }

  @Test
  void unknownModeOfGrowthIsRefused() throws Exception {
    image.write(path);
    var e =
        assertThrows(
            BlockException.class, () -> TestDisk.open(path, "prealloc-mode", "off").close());
    assertEquals("invalid parameter value: off", e.getMessage());
  }

  @Test
  void backingFileOfTheUserShinesThroughAndIsCopiedAroundWrites() throws Exception {
    image.write(path);
    Path backing = folder.resolve("backing.raw");
    try (var file = new RandomAccessFile(backing.toFile(), "rw")) {
      file.write(filled(0x77, 10 * CLUSTER));
    }
    String[] options = {
      "driver", "parallels", "backing.driver", "raw", "backing.file.filename", backing.toString()
    };
    try (TestDisk disk = TestDisk.open(path, options)) {
      disk.write(3L * CLUSTER + 512, filled(1, 512));
      assertArrayEquals(filled(0x77, 512), disk.read(3L * CLUSTER, 512));
      assertArrayEquals(filled(1, 512), disk.read(3L * CLUSTER + 512, 512));
      assertArrayEquals(filled(0x77, CLUSTER), disk.read(4L * CLUSTER, CLUSTER));
    }
    try (TestDisk disk = TestDisk.open(path, NodeFlags.READ_ONLY)) {
      assertArrayEquals(filled(0x77, 512), disk.read(3L * CLUSTER, 512));
    }
  }

  @Test
  void damagedImageNeverFailsOtherwiseThanWithABlockException() throws Exception {
    Random random = new Random(42);
    int opened = 0;
    for (int round = 0; round < 120; round++) {
      image.extensionOffset = round % 3 == 0 ? 4096 : 0;
      image.write(path);
      for (int i = 0; i < 1 + round % 3; i++) {
        byte[] bytes = new byte[1 + random.nextInt(4)];
        random.nextBytes(bytes);
        ParallelsBytes.put(path, 16 + random.nextInt(60), bytes);
      }
      opened += survives(NodeFlags.READ_ONLY) ? 1 : 0;
      opened += survives(NodeFlags.READ_ONLY.withWritable(true).withCheck(true)) ? 1 : 0;
    }
    assertTrue(opened > 40, "opened " + opened);
  }

  /** Whether the image could be opened; what is done with it may fail, but in order. */
  private boolean survives(NodeFlags flags) {
    boolean opened = false;
    try (TestDisk disk =
        TestDisk.open(
            path,
            flags,
            "driver",
            "parallels",
            "prealloc-size",
            "0",
            "prealloc-mode",
            "truncate")) {
      opened = true;
      long length = disk.backend().length();
      for (long offset = 0; offset + 512 <= length; offset += length / 3 + 512) {
        disk.read(offset, 512);
        disk.backend().status(offset, length - offset, StatusDetail.ZEROES);
        if (flags.writable()) {
          disk.write(offset, new byte[] {1});
        }
      }
      disk.node()
          .capability(Checkable.class)
          .orElseThrow()
          .check(
              flags.writable() ? Checkable.Repair.ALL : Checkable.Repair.NONE,
              new Checkable.Listener() {
                @Override
                public void found(String line) {}

                @Override
                public void progress(long done, long total) {}
              });
    } catch (BlockException e) {
      assertFalse(e.getMessage().isEmpty());
    }
    return opened;
  }
}
