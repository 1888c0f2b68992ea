// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.strata.block.BlockException;
import dev.strata.formats.TestDisk;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** L2 entries that say their cluster is the image's own, and have none. */
class DamagedEntriesTest {
  private static final int CLUSTER = 65536;
  private static final long COPIED = 1L << 63;

  @TempDir Path folder;
  private Path image;
  private final byte[] ones = new byte[CLUSTER];

  @BeforeEach
  void prepare() {
    image = folder.resolve("image");
    Arrays.fill(ones, (byte) 1);
  }

  private void create(String... options) throws Exception {
    TestDisk.create("qcow2", image, options);
    try (TestDisk disk = TestDisk.open(image, "driver", "qcow2")) {
      disk.write(0, new byte[] {5});
    }
  }

  private long word(long offset) throws Exception {
    try (var file = FileChannel.open(image)) {
      ByteBuffer bytes = ByteBuffer.allocate(8);
      file.read(bytes, offset);
      return bytes.getLong(0);
    }
  }

  private void patch(long offset, long word) throws Exception {
    try (var file = FileChannel.open(image, StandardOpenOption.WRITE)) {
      file.write(ByteBuffer.allocate(8).putLong(0, word), offset);
    }
  }

  private long firstL2Entry() throws Exception {
    return word(word(40)) & (COPIED - 1);
  }

  private byte[] header() throws Exception {
    return Arrays.copyOf(Files.readAllBytes(image), CLUSTER);
  }

  @Test
  void nothingIsWrittenOverTheHeader() throws Exception {
    create("size", "1M");
    patch(firstL2Entry(), COPIED);
    byte[] before = header();
    try (TestDisk disk = TestDisk.open(image, "driver", "qcow2")) {
      disk.write(0, ones);
      assertArrayEquals(ones, disk.read(0, CLUSTER));
    }
    assertArrayEquals(before, header());
  }

  @Test
  void subclustersWithDataButNoClusterAreRefused() throws Exception {
    create("size", "1M", "extended_l2", "on");
    patch(firstL2Entry(), COPIED);
    byte[] before = header();
    try (TestDisk disk = TestDisk.open(image, "driver", "qcow2")) {
      assertThrows(BlockException.class, () -> disk.read(0, CLUSTER));
      assertThrows(BlockException.class, () -> disk.write(0, ones));
    }
    // All but the corrupt bit is as it was.
    byte[] after = header();
    after[79] &= ~2;
    assertArrayEquals(before, after);
  }
}
