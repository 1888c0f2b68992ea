// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.filter.blkverify;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import dev.strata.block.BlockException;
import dev.strata.block.Disk;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.BlockEvent;
import dev.strata.block.file.FileFactory;
import dev.strata.block.option.BlockOptions;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class BlkverifyTest {
  private static final int SIZE = 1 << 16;

  private final FileSystem memory = Jimfs.newFileSystem(Configuration.unix());
  private final Path raw = memory.getPath("/work/raw");
  private final Path test = memory.getPath("/work/test");
  private final List<BlockDriverFactory> drivers =
      List.of(new FileFactory(memory), new BlkverifyFactory());

  BlkverifyTest() throws IOException {
    Files.write(raw, new byte[SIZE]);
    Files.write(test, new byte[SIZE]);
  }

  private Disk open() throws BlockException {
    return Disk.open(
        drivers,
        Disk.WRITABLE,
        "driver",
        "blkverify",
        "raw.filename",
        raw.toString(),
        "test.driver",
        "file",
        "test.filename",
        test.toString());
  }

  @Test
  void bothAreWritten() throws IOException {
    try (Disk disk = open()) {
      disk.write(512, 1000, 3);
      disk.backend().writeZeroes(600, 10, 0);
      assertArrayEquals(new byte[10], disk.read(600, 10));
      assertEquals("blkverify:/work/raw:/work/test", disk.node().filename());
    }
    assertEquals(3, Files.readAllBytes(raw)[512]);
    assertArrayEquals(Files.readAllBytes(raw), Files.readAllBytes(test));
  }

  @Test
  void aDifferenceFailsTheRead() throws IOException {
    byte[] content = new byte[SIZE];
    content[5000] = 1;
    Files.write(test, content);
    try (Disk disk = open()) {
      disk.read(0, 4096);
      assertEquals(
          "blkverify: read offset=4096 bytes=4096 contents mismatch at offset 5000",
          assertThrows(BlockException.class, () -> disk.read(4096, 4096)).getMessage());
    }
  }

  @Test
  void aDifferenceIsTold() throws IOException {
    byte[] content = new byte[SIZE];
    content[600] = 1;
    Files.write(test, content);
    try (Disk disk = open()) {
      var told = new ArrayList<BlockEvent>();
      disk.graph().listener(told::add);
      assertThrows(BlockException.class, () -> disk.read(512, 512));
      assertEquals(
          List.of(
              new BlockEvent.ContentsDiffer(
                  disk.node().name(),
                  "blkverify: read offset=512 bytes=512 contents mismatch at offset 600")),
          told);
    }
  }

  @Test
  void aFileNameNamesBoth() throws BlockException {
    var options = new BlockOptions();
    new BlkverifyFactory().parseFilename("blkverify:a:b:c", options);
    assertEquals(BlockOptions.of("x-raw", "a", "x-image", "b:c"), options);
    assertEquals(
        "blkverify requires raw copy and original image path",
        assertThrows(
                BlockException.class,
                () -> new BlkverifyFactory().parseFilename("blkverify:a", options))
            .getMessage());
  }
}
