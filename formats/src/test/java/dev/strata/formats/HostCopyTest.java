// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.strata.block.BlockException;
import dev.strata.block.bitmap.DirtyBitmap;
import dev.strata.block.driver.NodeFlags;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Copies that the host makes, asked for through the graph. */
class HostCopyTest {
  private static final int CLUSTER = 65536;

  @TempDir Path folder;

  private TestDisk source(NodeFlags flags) throws IOException {
    byte[] bytes = new byte[4 * CLUSTER];
    Arrays.fill(bytes, (byte) 7);
    return TestDisk.open(Files.write(folder.resolve("s"), bytes), flags, "driver", "raw");
  }

  private TestDisk target() throws BlockException {
    TestDisk.create("qcow2", folder.resolve("t"), "size", "1M");
    return TestDisk.open(folder.resolve("t"), "driver", "qcow2");
  }

  @Test
  void whatIsCopiedCountsAsWritten() throws IOException {
    try (TestDisk source = source(NodeFlags.READ_ONLY);
        TestDisk target = target()) {
      var bitmap = new DirtyBitmap("b", CLUSTER, target.backend().length());
      target.node().bitmaps().add(bitmap);
      long done = target.backend().copyFrom(source.backend(), 0, 2 * CLUSTER, 2 * CLUSTER);
      assumeTrue(done > 0, "the host cannot copy");
      assertEquals(2 * CLUSTER, done);
      assertEquals(2L * CLUSTER, bitmap.count());
      assertEquals(2L * CLUSTER, bitmap.nextDirty(0, 1 << 20).getAsLong());
      byte[] wanted = new byte[6 * CLUSTER];
      Arrays.fill(wanted, 2 * CLUSTER, 4 * CLUSTER, (byte) 7);
      assertArrayEquals(wanted, target.read(0, 6 * CLUSTER));
    }
  }

  @Test
  void aPartOfANewClusterIsLeftToAWrite() throws IOException {
    try (TestDisk source = source(NodeFlags.READ_ONLY);
        TestDisk target = target()) {
      assertEquals(0, target.backend().copyFrom(source.backend(), 0, 512, CLUSTER));
      assertEquals(0, target.backend().copyFrom(source.backend(), 0, 0, CLUSTER - 512));
      assertArrayEquals(new byte[2 * CLUSTER], target.read(0, 2 * CLUSTER));
    }
  }

  @Test
  void aSourceThatSomebodyMayWriteIsNotCopiedBehindHisBack() throws IOException {
    try (TestDisk source = source(NodeFlags.READ_ONLY.withWritable(true));
        TestDisk target = target()) {
      assertEquals(0, target.backend().copyFrom(source.backend(), 0, 0, CLUSTER));
    }
  }

  @Test
  void aFilterOverTheSourceSeesWhoReads() throws IOException {
    source(NodeFlags.READ_ONLY).close();
    Path filtered = Path.of("blkdebug::" + folder.resolve("s"));
    try (TestDisk source = TestDisk.open(filtered, NodeFlags.READ_ONLY, "driver", "raw");
        TestDisk target = target()) {
      assertEquals(0, target.backend().copyFrom(source.backend(), 0, 0, CLUSTER));
    }
  }
}
