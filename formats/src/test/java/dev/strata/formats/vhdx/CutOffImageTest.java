// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vhdx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.block.BlockException;
import dev.strata.block.driver.NodeFlags;
import dev.strata.formats.TestDisk;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An image whose file ends before its data do, as a copy that was cut short. */
class CutOffImageTest {
  private static final int BLOCK = 1 << 20;

  @TempDir Path folder;
  private Path image;
  private long length; // of the file that is left

  @BeforeEach
  void cutOff() throws Exception {
    image = folder.resolve("disk.vhdx");
    TestDisk.create("vhdx", image, "size", "4194304", "block_size", String.valueOf(BLOCK));
    try (TestDisk disk = TestDisk.open(image, "driver", "vhdx")) {
      disk.write(0, new byte[] {1});
      disk.write(3 * BLOCK, new byte[] {2});
    }
    length = Files.size(image) - BLOCK;
    try (var file = new RandomAccessFile(image.toFile(), "rw")) {
      file.setLength(length);
    }
  }

  @Test
  void isNotOpenedAsIfItsEndWereZeroes() {
    var e =
        assertThrows(
            BlockException.class,
            () -> TestDisk.open(image, NodeFlags.READ_ONLY, "driver", "vhdx").close());
    assertTrue(
        e.getMessage()
            .endsWith(
                "VHDX BAT entry 3 start offset "
                    + length
                    + " points after end of file ("
                    + length
                    + "). Image has probably been truncated."),
        e.getMessage());
  }

  @Test
  void isOpenedToBeChecked() throws Exception {
    try (TestDisk disk =
        TestDisk.open(image, NodeFlags.READ_ONLY.withCheck(true), "driver", "vhdx")) {
      assertEquals(1, disk.read(0, 1)[0]);
    }
  }
}
