// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vdi;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.strata.block.driver.Checkable;
import dev.strata.block.driver.Checkable.Repair;
import dev.strata.block.driver.Checkable.Result;
import dev.strata.block.driver.NodeFlags;
import dev.strata.formats.Findings;
import dev.strata.formats.TestDisk;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Findings, counts and words as {@code qemu-img check} of QEMU 7.2 has them. */
final class VdiCheckTest {
  private static final int MAP_OFFSET = 0x154;
  private static final int DISK_SIZE = 0x170;
  private static final int BLOCKS = 0x180;

  @TempDir Path folder;
  private final List<String> found = new ArrayList<>();

  private ByteBuffer image(String size) throws Exception {
    Path path = folder.resolve("disk.vdi");
    TestDisk.create("vdi", path, "size", size);
    return ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
  }

  private Result check(ByteBuffer image) throws Exception {
    Path path = Files.write(folder.resolve("disk.vdi"), image.array());
    NodeFlags flags = NodeFlags.READ_ONLY.withCheck(true);
    try (TestDisk disk = TestDisk.open(path, flags, "driver", "vdi")) {
      Checkable checkable = disk.node().capability(Checkable.class).orElseThrow();
      return checkable.check(Repair.NONE, new Findings(found));
    }
  }

  private static Result corruptions(long count) {
    return new Result(count, 0, 0, 0, 0, 0, -1, -1, -1, -1);
  }

  @Test
  void placesUsedTwiceOrBehindTheLastAreFound() throws Exception {
    ByteBuffer image = image("12M");
    int map = image.getInt(MAP_OFFSET);
    int[] entries = {0, 0, 0, 5, 5, -1, -2, 77, 77, 78, 0, 3};
    for (int i = 0; i < entries.length; i++) {
      image.putInt(map + 4 * i, entries[i]);
    }
    assertEquals(corruptions(8), check(image));
    assertEquals(
        List.of(
            "ERROR: block index 0 also used by 0",
            "ERROR: block index 0 also used by 0",
            "ERROR: block index 5 also used by 5",
            "ERROR: block index 7 too large, is 77",
            "ERROR: block index 8 too large, is 77",
            "ERROR: block index 9 too large, is 78",
            "ERROR: block index 0 also used by 0",
            "ERROR: allocated blocks mismatch, is 7, should be 0"),
        found);
  }

  /** The largest map that a header can claim, of which the file holds next to nothing. */
  @Test
  @Timeout(30)
  void aMapBehindTheFilesEndIsCountedWhole() throws Exception {
    ByteBuffer image = image("1M");
    int blocks = 0x1fffff80;
    image.putInt(MAP_OFFSET, 1 << 30);
    image.putLong(DISK_SIZE, (long) blocks << 20);
    image.putInt(BLOCKS, blocks);
    assertEquals(corruptions(blocks), check(image));
    assertEquals(100_002, found.size());
    assertEquals("ERROR: block index 0 also used by 0", found.getFirst());
    assertEquals("ERROR: " + (blocks - 1 - 100_000) + " more of these", found.get(100_000));
    assertEquals(
        "ERROR: allocated blocks mismatch, is " + blocks + ", should be 0", found.getLast());
  }
}
