// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.parallels;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.strata.block.driver.Checkable;
import dev.strata.block.driver.Checkable.Repair;
import dev.strata.block.driver.Checkable.Result;
import dev.strata.block.driver.NodeFlags;
import dev.strata.formats.Findings;
import dev.strata.formats.TestDisk;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Findings, counts and words as {@code qemu-img check} of QEMU 7.2 has them. */
class ParallelsCheckTest {
  private static final long CLUSTER = ParallelsBytes.CLUSTER;

  @TempDir Path folder;
  private Path path;
  private final ParallelsBytes image = new ParallelsBytes();
  private final List<String> found = new ArrayList<>();

  @BeforeEach
  void nameImage() {
    path = folder.resolve("disk.hds");
  }

  private Result check(Repair repair) throws Exception {
    found.clear();
    NodeFlags flags =
        NodeFlags.READ_ONLY.withCheck(true).withWritable(repair != Repair.NONE).withUnmap(true);
    try (TestDisk disk = TestDisk.open(path, flags, "driver", "parallels")) {
      Checkable checkable = disk.node().capability(Checkable.class).orElseThrow();
      return checkable.check(repair, new Findings(found));
    }
  }

  private static Result result(
      long corruptions,
      long leaks,
      long corruptionsFixed,
      long leaksFixed,
      long end,
      long allocated,
      long fragmented) {
    return new Result(
        corruptions,
        leaks,
        0,
        corruptionsFixed,
        leaksFixed,
        end * CLUSTER,
        10,
        allocated,
        fragmented,
        0);
  }

  @Test
  void soundImageHasNoFindings() throws Exception {
    image.write(path);
    assertEquals(result(0, 0, 0, 0, 3, 2, 0), check(Repair.NONE));
    assertEquals(List.of(), found);
  }

  @Test
  void spaceBehindTheLastClusterIsLeakedUntilItIsRepaired() throws Exception {
    image.fileSize = 5 * CLUSTER - 512;
    image.write(path);
    assertEquals(result(0, 2, 0, 0, 3, 2, 0), check(Repair.NONE));
    assertEquals(List.of("ERROR space leaked at the end of the image 2096640"), found);
    assertEquals(5 * CLUSTER - 512, Files.size(path));
    assertEquals(result(0, 2, 0, 2, 3, 2, 0), check(Repair.LEAKS));
    assertEquals(List.of("Repairing space leaked at the end of the image 2096640"), found);
    assertEquals(3 * CLUSTER, Files.size(path));
    assertEquals(result(0, 0, 0, 0, 3, 2, 0), check(Repair.NONE));
  }

  @Test
  void clusterOutsideTheFileIsACorruptionThatOnlyAllRepairs() throws Exception {
    image.bat = new int[] {1, 2, 9};
    image.write(path);
    assertEquals(result(1, 0, 0, 0, 10, 3, 1), check(Repair.NONE));
    assertEquals(List.of("ERROR cluster 2 is outside image"), found);
    assertEquals(result(1, 0, 0, 0, 10, 3, 1), check(Repair.LEAKS));
    assertEquals(9, ParallelsBytes.batEntry(path, 2));
    assertEquals(result(1, 0, 1, 0, 3, 2, 0), check(Repair.ALL));
    assertEquals(List.of("Repairing cluster 2 is outside image"), found);
    assertEquals(0, ParallelsBytes.batEntry(path, 2));
    assertEquals(result(0, 0, 0, 0, 3, 2, 0), check(Repair.NONE));
  }

  @Test
  void imageThatWasNotClosedIsACorruption() throws Exception {
    image.inUse = 0x746F6E59;
    image.write(path);
    assertEquals(result(1, 0, 0, 0, 3, 2, 0), check(Repair.NONE));
    assertEquals(List.of("ERROR image was not closed correctly"), found);
    assertEquals(result(1, 0, 1, 0, 3, 2, 0), check(Repair.ALL));
    assertEquals(List.of("Repairing image was not closed correctly"), found);
    assertEquals(result(0, 0, 0, 0, 3, 2, 0), check(Repair.NONE));
  }

  @Test
  void clusterThatDoesNotFollowTheOneBeforeItIsFragmented() throws Exception {
    image.bat = new int[] {2, 1, 0, 3};
    image.fileSize = 4 * CLUSTER;
    image.write(path);
    assertEquals(result(0, 0, 0, 0, 4, 3, 1), check(Repair.NONE));
  }

  @Test
  void formatExtensionIsNoLeak() throws Exception {
    image.extensionOffset = 3 * CLUSTER / 512;
    image.fileSize = 4 * CLUSTER;
    image.write(path);
    ParallelsBytes.put(
        path, 3 * CLUSTER, ParallelsBytes.extension(ParallelsBytes.feature(0, 0, new byte[0])));
    assertEquals(result(0, 0, 0, 0, 3, 2, 0), check(Repair.NONE));
    check(Repair.ALL);
    assertEquals(4 * CLUSTER, Files.size(path));
  }
}
