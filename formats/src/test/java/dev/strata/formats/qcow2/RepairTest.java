// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.strata.block.BlockException;
import dev.strata.block.IoVector;
import dev.strata.block.Preallocation;
import dev.strata.block.bitmap.DirtyBitmap;
import dev.strata.block.driver.Checkable;
import dev.strata.block.driver.Checkable.Repair;
import dev.strata.block.driver.Checkable.Result;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.driver.VmStateStore;
import dev.strata.formats.Findings;
import dev.strata.formats.TestDisk;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a repair must not make worse; words as {@code qemu-img check} of QEMU 7.2 has them. */
class RepairTest {
  private static final int CLUSTER = 4096;
  private static final long COPIED = 1L << 63;

  @TempDir Path folder;
  private Path image;
  private final List<String> found = new ArrayList<>();
  private final byte[] ones = new byte[CLUSTER];

  @BeforeEach
  void prepare() {
    image = folder.resolve("image");
    Arrays.fill(ones, (byte) 1);
  }

  private void create(String... options) throws Exception {
    String[] all = Arrays.copyOf(options, options.length + 4);
    all[options.length] = "size";
    all[options.length + 1] = "1M";
    all[options.length + 2] = "cluster_size";
    all[options.length + 3] = String.valueOf(CLUSTER);
    TestDisk.create("qcow2", image, all);
    try (TestDisk disk = TestDisk.open(image, "driver", "qcow2")) {
      disk.write(0, ones);
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

  private long l2Table() throws Exception {
    return word(word(40)) & ~COPIED;
  }

  private Result check(Repair repair) throws Exception {
    found.clear();
    NodeFlags flags =
        NodeFlags.READ_ONLY.withCheck(true).withWritable(repair != Repair.NONE).withUnmap(true);
    try (TestDisk disk = TestDisk.open(image, flags, "driver", "qcow2")) {
      return disk.node()
          .capability(Checkable.class)
          .orElseThrow()
          .check(repair, new Findings(found));
    }
  }

  @Test
  void dataAreNotWrittenInPlaceOverTheL1Table() throws Exception {
    create();
    long l1 = word(40);
    patch(l2Table(), l1 | COPIED);
    byte[] before = Files.readAllBytes(image);
    try (TestDisk disk = TestDisk.open(image, "driver", "qcow2")) {
      assertThrows(BlockException.class, () -> disk.write(512, new byte[512]));
    }
    byte[] after = Files.readAllBytes(image);
    after[79] &= ~2; // the corrupt bit
    assertArrayEquals(before, after);
  }

  @Test
  void clusterWhollyBehindTheEndOfTheFileIsNone() throws Exception {
    create();
    long end = Files.size(image);
    patch(l2Table() + 8, end);
    assertEquals(1, check(Repair.NONE).corruptions());
    assertEquals(
        List.of(
            "ERROR: counting reference for region exceeding the end of the file by one cluster or"
                + " more: offset 0x"
                + Long.toHexString(end)
                + " size 0x1000"),
        found);
  }

  @Test
  void refcountOfOneBitIsNotRaised() throws Exception {
    create("refcount_bits", "1");
    long cluster = word(l2Table()) & ~COPIED;
    patch(l2Table() + 8, cluster | COPIED);
    assertEquals(1, check(Repair.ALL).corruptions());
    assertEquals("ERROR: overflow cluster offset=0x" + Long.toHexString(cluster), found.get(0));
    assertEquals(1, check(Repair.NONE).corruptions());
  }

  @Test
  void bitmapsStayWhereTheyAre() throws Exception {
    create();
    try (TestDisk disk = TestDisk.open(image, "driver", "qcow2")) {
      var bitmap = new DirtyBitmap("b", 65536, 1 << 20);
      bitmap.keep(true);
      bitmap.mark(0, 1);
      disk.node().bitmaps().add(bitmap);
    }
    patch(l2Table(), 0); // its cluster is leaked now
    byte[] before = Files.readAllBytes(image);
    assertEquals(1, check(Repair.LEAKS).leaksFixed());
    byte[] after = Files.readAllBytes(image);
    int different = 0;
    for (int i = 0; i < before.length; i++) {
      different += before[i] == after[i] ? 0 : 1;
    }
    assertEquals(1, different, "all but a refcount is as it was");
  }

  @Test
  void newRefcountsDoNotLieWhereAnEntryPoints() throws Exception {
    create();
    long end = Files.size(image);
    // Neither a refcount block nor the clusters where one could be placed are in the file.
    patch(l2Table() + 8, end | COPIED);
    patch(l2Table() + 16, (end + CLUSTER) | COPIED);
    patch(word(48), 0);
    Result result = check(Repair.ALL);
    assertEquals(0, result.corruptions(), () -> found.toString());
    assertEquals(0, check(Repair.NONE).corruptions(), () -> found.toString());
    try (TestDisk disk = TestDisk.open(image, "driver", "qcow2")) {
      assertArrayEquals(ones, disk.read(0, CLUSTER));
      assertArrayEquals(new byte[2 * CLUSTER], disk.read(CLUSTER, 2 * CLUSTER));
      disk.write(CLUSTER, ones);
    }
    assertEquals(0, check(Repair.NONE).corruptions(), () -> found.toString());
  }

  @Test
  void stateBehindTheDiskGoesWhenThatShrinks() throws Exception {
    create();
    try (TestDisk disk = TestDisk.open(image, "driver", "qcow2")) {
      disk.node().capability(VmStateStore.class).orElseThrow().writeVmState(0, IoVector.of(ones));
      disk.backend().truncate(1 << 19, true, Preallocation.OFF, 0);
    }
    assertEquals(0, check(Repair.NONE).leaks(), () -> found.toString());
  }

  @Test
  void holeOfTerabytesIsSoonChecked() throws Exception {
    create();
    patch(l2Table() + 8, (1L << 42) | COPIED);
    try (TestDisk disk = TestDisk.open(image, "driver", "qcow2")) {
      disk.write(CLUSTER, ones);
    } catch (BlockException e) {
      return; // the file system has no such files
    }
    assertFalse(check(Repair.NONE).corruptions() == 0);
    assertEquals(0, check(Repair.ALL).corruptions(), () -> found.toString());
  }
}
