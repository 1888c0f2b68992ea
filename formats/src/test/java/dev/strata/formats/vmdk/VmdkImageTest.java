// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vmdk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.RequestFlags;
import dev.strata.block.driver.NodeFlags;
import dev.strata.formats.TestDisk;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is particular to VMware's disks: identifiers of content, two tables, footers, extents. */
final class VmdkImageTest {
  private static final int GRAIN = 65536;
  private static final int SECTOR = 512;
  private static final int SIZE = 1 << 20;

  @TempDir Path folder;

  private Path create(String name, String... options) throws Exception {
    Path image = folder.resolve(name);
    String[] all = Arrays.copyOf(options, options.length + 2);
    all[options.length] = "size";
    all[options.length + 1] = String.valueOf(SIZE);
    TestDisk.create("vmdk", image, all);
    return image;
  }

  private static byte[] filled(int length, int value) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  private static TestDisk forReading(Path image) throws BlockException {
    return TestDisk.open(image, NodeFlags.READ_ONLY, "driver", "vmdk");
  }

  private static long cid(Path image) throws Exception {
    byte[] bytes = Files.readAllBytes(image);
    return VmdkDescriptor.of(Arrays.copyOfRange(bytes, SECTOR, SECTOR + VmdkDescriptor.BYTES))
        .cid();
  }

  private static ByteBuffer bytes(Path image) throws Exception {
    return ByteBuffer.wrap(Files.readAllBytes(image)).order(ByteOrder.LITTLE_ENDIAN);
  }

  @Test
  void theFirstWriteAfterOpeningGivesTheContentAnotherIdentifier() throws Exception {
    Path image = create("disk");
    long first = cid(image);
    long second;
    try (TestDisk disk = TestDisk.open(image, "driver", "vmdk")) {
      disk.read(0, SIZE);
      assertEquals(first, cid(image));
      disk.write(0, filled(SECTOR, 1));
      disk.backend().flush();
      second = cid(image);
      disk.write(GRAIN, filled(SECTOR, 1));
      disk.backend().flush();
      assertEquals(second, cid(image));
    }
    assertNotEquals(first, second);
  }

  @Test
  void whatAChangedParentHoldsIsNotTheChilds() throws Exception {
    Path parent = create("parent");
    Path child = create("child", "backing_file", "parent", "backing_fmt", "vmdk");
    try (TestDisk disk = TestDisk.open(child, "driver", "vmdk")) {
      disk.write(0, filled(GRAIN, 2));
      disk.write(GRAIN + SECTOR, filled(SECTOR, 2));
    }
    try (TestDisk disk = TestDisk.open(parent, "driver", "vmdk")) {
      disk.write(0, filled(SECTOR, 1));
    }
    try (TestDisk disk = TestDisk.open(child, "driver", "vmdk")) {
      assertArrayEquals(filled(GRAIN, 2), disk.read(0, GRAIN));
      for (long offset : new long[] {2 * GRAIN, SIZE - SECTOR}) {
        assertEquals(
            Errno.EINVAL,
            assertThrows(BlockException.class, () -> disk.read(offset, SECTOR)).errno());
        assertEquals(
            Errno.EINVAL,
            assertThrows(BlockException.class, () -> disk.write(offset, filled(SECTOR, 3)))
                .errno());
      }
    }
  }

  @Test
  void bothGrainTablesSayTheSame() throws Exception {
    Path image = create("disk");
    try (TestDisk disk = TestDisk.open(image, "driver", "vmdk")) {
      disk.write(3 * GRAIN, filled(2 * GRAIN, 1));
      disk.write(0, filled(SECTOR, 1));
    }
    ByteBuffer bytes = bytes(image);
    int redundant = bytes.getInt((int) bytes.getLong(48) * SECTOR) * SECTOR;
    int table = bytes.getInt((int) bytes.getLong(56) * SECTOR) * SECTOR;
    assertNotEquals(redundant, table);
    assertNotEquals(0, bytes.getInt(table + 4 * 4));
    for (int i = 0; i < 512; i++) {
      assertEquals(bytes.getInt(table + 4 * i), bytes.getInt(redundant + 4 * i), "grain " + i);
    }
  }

  /** A stream whose header says that the directory's place is in the footer. */
  private Path withFooter() throws Exception {
    Path image = create("disk", "subformat", "streamOptimized");
    try (TestDisk disk = TestDisk.open(image, "driver", "vmdk")) {
      disk.write(GRAIN, filled(GRAIN, 7));
    }
    byte[] sound = Files.readAllBytes(image);
    assertEquals(0, sound.length % SECTOR);
    byte[] stream = Arrays.copyOf(sound, sound.length + SparseHeader.FOOTER_BYTES);
    System.arraycopy(sound, 0, stream, sound.length + SECTOR, SECTOR);
    ByteBuffer.wrap(stream)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(56, SparseHeader.AT_END)
        .putInt(sound.length + 12, 3);
    return Files.write(image, stream);
  }

  @Test
  void aFooterLeadsToTheGrains() throws Exception {
    try (TestDisk disk = forReading(withFooter())) {
      assertArrayEquals(filled(GRAIN, 7), disk.read(GRAIN, GRAIN));
      assertArrayEquals(new byte[GRAIN], disk.read(0, GRAIN));
    }
  }

  @Test
  void aDiskWithAFooterIsStillOneWhenGrainsFollowIt() throws Exception {
    Path image = withFooter();
    try (TestDisk disk = TestDisk.open(image, "driver", "vmdk")) {
      disk.write(4 * GRAIN, filled(GRAIN, 8));
    }
    try (TestDisk disk = forReading(image)) {
      assertArrayEquals(filled(GRAIN, 7), disk.read(GRAIN, GRAIN));
      assertArrayEquals(filled(GRAIN, 8), disk.read(4 * GRAIN, GRAIN));
    }
  }

  @Test
  void aGrainOfAStreamIsWrittenOnceAndWhole() throws Exception {
    Path image = create("disk", "subformat", "streamOptimized");
    try (TestDisk disk = TestDisk.open(image, "driver", "vmdk")) {
      assertThrows(BlockException.class, () -> disk.write(SECTOR, filled(GRAIN, 1)));
      disk.write(0, filled(GRAIN, 1));
      assertEquals(
          Errno.EIO,
          assertThrows(BlockException.class, () -> disk.write(0, filled(GRAIN, 2))).errno());
      assertEquals(
          "Could not write to allocated cluster for streamOptimized", disk.warnings().getFirst());
      assertArrayEquals(filled(GRAIN, 1), disk.read(0, GRAIN));
      assertArrayEquals(filled(100, 1), disk.read(GRAIN - 100, 100));
    }
  }

  @Test
  void aDamagedStreamIsAnErrorAndNoData() throws Exception {
    Path image = create("disk", "subformat", "streamOptimized");
    try (TestDisk disk = TestDisk.open(image, "driver", "vmdk")) {
      disk.write(0, filled(GRAIN, 1));
    }
    byte[] bytes = Files.readAllBytes(image);
    int grain = GRAIN; // the first one lies behind the metadata
    int length = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getInt(grain + 8);
    bytes[grain + 12 + length - 1] ^= 1; // of the checksum
    Files.write(image, bytes);
    try (TestDisk disk = forReading(image)) {
      assertThrows(BlockException.class, () -> disk.read(0, GRAIN));
      assertThrows(BlockException.class, () -> disk.read(0, SECTOR));
    }
  }

  @Test
  void zeroesMarkedOverAParentHideIt() throws Exception {
    Path parent = create("parent");
    try (TestDisk disk = TestDisk.open(parent, "driver", "vmdk")) {
      disk.write(0, filled(SIZE, 1));
    }
    Path child =
        create("child", "backing_file", "parent", "backing_fmt", "vmdk", "zeroed_grain", "on");
    try (TestDisk disk = TestDisk.open(child, "driver", "vmdk")) {
      disk.backend().writeZeroes(GRAIN, 2 * GRAIN, RequestFlags.NO_FALLBACK);
      disk.write(GRAIN + SECTOR, filled(SECTOR, 5));
    }
    byte[] expected = filled(SIZE, 1);
    Arrays.fill(expected, GRAIN, 3 * GRAIN, (byte) 0);
    Arrays.fill(expected, GRAIN + SECTOR, GRAIN + 2 * SECTOR, (byte) 5);
    try (TestDisk disk = forReading(child)) {
      assertArrayEquals(expected, disk.read(0, SIZE));
    }
  }

  @Test
  void extentsOfOtherGrainsAndPlacesAreWrittenByManyAtOnce() throws Exception {
    create("sparse");
    Files.write(folder.resolve("flat"), new byte[8 * GRAIN]);
    Path image = folder.resolve("disk");
    Files.writeString(
        image,
        """
        # Disk DescriptorFile
        version=1
        CID=12345678
        parentCID=ffffffff
        createType="vmfs"
        RW 3 FLAT "flat" 5
        RW 2048 SPARSE "sparse"
        """,
        StandardCharsets.US_ASCII);
    int size = 3 * SECTOR + SIZE;
    byte[] expected = new byte[size];
    try (TestDisk disk = TestDisk.open(image, "driver", "vmdk")) {
      assertEquals(size, disk.backend().length());
      var threads = new Thread[4];
      for (int i = 0; i < threads.length; i++) {
        int first = i;
        threads[i] =
            new Thread(() -> {
              try {
                for (int at = first * 1000; at + 1000 <= size; at += 1000 * threads.length) {
                  disk.write(at, filled(1000, at / 1000));
                }
              } catch (BlockException e) {
                throw new IllegalStateException(e);
              }
            });
        threads[i].start();
      }
      for (Thread thread : threads) {
        thread.join();
      }
    }
    for (int at = 0; at + 1000 <= size; at += 1000) {
      Arrays.fill(expected, at, at + 1000, (byte) (at / 1000));
    }
    try (TestDisk disk = forReading(image)) {
      assertArrayEquals(expected, disk.read(0, size));
    }
    assertEquals((byte) 0, Files.readAllBytes(folder.resolve("flat"))[4 * SECTOR]);
  }

  @Test
  void dataNeverGoOverTheDescriptor() throws Exception {
    Path image = create("disk");
    byte[] bytes = Files.readAllBytes(image);
    ByteBuffer numbers = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int table = numbers.getInt((int) numbers.getLong(56) * SECTOR) * SECTOR;
    numbers.putInt(table, 2);
    Files.write(image, bytes);
    try (TestDisk disk = TestDisk.open(image, "driver", "vmdk")) {
      assertThrows(BlockException.class, () -> disk.write(0, filled(GRAIN, 1)));
    }
    assertEquals(2, bytes(image).getInt(table));
  }
}
