// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.parallels;

import static dev.strata.formats.parallels.ParallelsBytes.DIRTY_BITMAP;
import static dev.strata.formats.parallels.ParallelsBytes.bitmap;
import static dev.strata.formats.parallels.ParallelsBytes.feature;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.strata.block.BlockException;
import dev.strata.block.bitmap.DirtyBitmap;
import dev.strata.block.driver.NodeFlags;
import dev.strata.formats.TestDisk;
import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** After QEMU docs/interop/parallels, Format Extension; the words are those of QEMU 7.2. */
class FormatExtensionTest {
  private static final long CLUSTER = ParallelsBytes.CLUSTER;
  private static final int SECTORS = 20480;
  private static final byte[] END = feature(0, 0, new byte[0]);

  @TempDir Path folder;
  private Path path;

  @BeforeEach
  void writeImage() throws Exception {
    var image = new ParallelsBytes();
    image.extensionOffset = 3 * CLUSTER / 512;
    image.fileSize = 5 * CLUSTER;
    path = image.write(folder.resolve("disk.hds"));
  }

  private void extend(byte[]... features) throws Exception {
    var all = new ByteArrayOutputStream();
    for (byte[] feature : features) {
      all.writeBytes(feature);
    }
    ParallelsBytes.put(path, 3 * CLUSTER, ParallelsBytes.extension(all.toByteArray()));
  }

  private String refusal() {
    return assertThrows(
            BlockException.class, () -> TestDisk.open(path, NodeFlags.READ_ONLY).close())
        .getMessage();
  }

  private String refusal(byte[]... features) throws Exception {
    extend(features);
    return refusal();
  }

  @Test
  void bitmapIsReadFromItsClusters() throws Exception {
    extend(feature(DIRTY_BITMAP, 0, bitmap(SECTORS, 128, 1, 4 * CLUSTER / 512)), END);
    // One bit for 64 KiB, the least significant first.
    ParallelsBytes.put(path, 4 * CLUSTER, new byte[] {0b110, 0, (byte) 0x80});
    try (TestDisk disk = TestDisk.open(path, NodeFlags.READ_ONLY)) {
      List<DirtyBitmap> all = disk.node().bitmaps().all();
      assertEquals(1, all.size());
      DirtyBitmap bitmap = all.getFirst();
      assertEquals("30313233-3435-3637-3839-616263646566", bitmap.name());
      assertEquals(65536, bitmap.granularity());
      assertEquals(3 * 65536, bitmap.count());
      assertEquals(65536, bitmap.nextDirty(0, 10 * CLUSTER).getAsLong());
      assertEquals(23 * 65536, bitmap.nextDirty(3 * 65536, 10 * CLUSTER).getAsLong());
    }
  }

  @Test
  void tableEntriesZeroAndOneMeanAllCleanAndAllDirty() throws Exception {
    extend(feature(DIRTY_BITMAP, 0, bitmap(SECTORS, 128, 1, 1)), END);
    try (TestDisk disk = TestDisk.open(path, NodeFlags.READ_ONLY)) {
      assertEquals(10 * CLUSTER, disk.node().bitmaps().all().getFirst().count());
    }
    extend(feature(DIRTY_BITMAP, 0, bitmap(SECTORS, 128, 1, 0)), END);
    try (TestDisk disk = TestDisk.open(path, NodeFlags.READ_ONLY)) {
      assertEquals(0, disk.node().bitmaps().all().getFirst().count());
    }
  }

  @Test
  void writersAreWarnedAndLeaveTheExtensionInPlace() throws Exception {
    extend(feature(DIRTY_BITMAP, 0, bitmap(SECTORS, 128, 1, 1)), END);
    try (TestDisk disk = TestDisk.open(path)) {
      assertEquals(List.of("warning: Format Extension ignored in RW mode"), disk.warnings());
      assertEquals(List.of(), disk.node().bitmaps().all());
      disk.write(7 * CLUSTER, new byte[] {1});
    }
    try (TestDisk disk = TestDisk.open(path, NodeFlags.READ_ONLY)) {
      assertEquals(10 * CLUSTER, disk.node().bitmaps().all().getFirst().count());
    }
  }

  @Test
  void damagedExtensionIsRefused() throws Exception {
    extend(END);
    ParallelsBytes.put(path, 3 * CLUSTER + 100, new byte[] {1});
    assertEquals(
        "Wrong checksum in Format Extension header. Format extension is corrupted.", refusal());
    ParallelsBytes.put(path, 3 * CLUSTER, new byte[] {5, 0, 0, 0, 0, 0, 0, 0});
    assertEquals(
        "Wrong parallels Format Extension magic: 0x5, expected: 0xab234cef23dcea87", refusal());
  }

  @Test
  void featuresThatAreNotUnderstoodAreRefused() throws Exception {
    assertEquals("Unknown feature: 0x5", refusal(feature(5, 0, new byte[3]), END));
    assertEquals(
        "Flags for extension feature are unsupported", refusal(feature(5, 2, new byte[3]), END));
    byte[] tooLong = feature(DIRTY_BITMAP, 0, new byte[0]);
    tooLong[18] = 32; // 2 MiB
    assertEquals("Feature data_size exceedes Format Extension cluster", refusal(tooLong));
  }

  @Test
  void hostileBitmapsAreRefused() throws Exception {
    assertEquals(
        "Too small Bitmap Feature area in Parallels Format Extension: 4 bytes, expected at least"
            + " 32 bytes",
        refusal(feature(DIRTY_BITMAP, 0, new byte[4]), END));
    assertEquals(
        "Bitmap size (in sectors) 5 differs from disk size in sectors 20480",
        refusal(feature(DIRTY_BITMAP, 0, bitmap(5, 128, 1, 1)), END));
    assertEquals(
        "Bitmaps feature corrupted: l1 table exceeds extension data_size",
        refusal(feature(DIRTY_BITMAP, 0, bitmap(SECTORS, 128, 2, 1)), END));
    assertEquals(
        "Bitmap table size 2 does not correspond to bitmap size and cluster size. Expected 1",
        refusal(feature(DIRTY_BITMAP, 0, bitmap(SECTORS, 128, 2, 1, 1)), END));
    assertEquals(
        "Bitmap granularity (in sectors) is 3; must be a power of 2",
        refusal(feature(DIRTY_BITMAP, 0, bitmap(SECTORS, 3, 1, 1)), END));
    byte[] one = feature(DIRTY_BITMAP, 0, bitmap(SECTORS, 128, 1, 1));
    assertEquals(
        "Bitmap already exists: 30313233-3435-3637-3839-616263646566", refusal(one, one, END));
    refusal(feature(DIRTY_BITMAP, 0, bitmap(SECTORS, 128, 1, -2)), END);
  }
}
