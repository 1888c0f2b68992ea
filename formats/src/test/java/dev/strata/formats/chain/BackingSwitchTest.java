// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.chain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.block.copy.BackingSwitch;
import dev.strata.block.driver.BackingEditable;
import dev.strata.block.driver.BackingReference;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.driver.Permission;
import dev.strata.block.driver.Permissions;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.Edge;
import dev.strata.block.graph.OpenGate;
import dev.strata.block.graph.OpenRequest;
import dev.strata.block.option.BlockOptions;
import dev.strata.formats.TestDisk;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Objects;
import java.util.concurrent.atomic.DoubleAdder;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
class BackingSwitchTest {
  private static final int SIZE = 5 * 1024 * Chain.KIB;
  private static final int WORKERS = 3;

  @TempDir Path folder;

  private static BlockBackend use(TestDisk disk, BlockNode node) throws Exception {
    var readers =
        new Permissions(EnumSet.of(Permission.CONSISTENT_READ), EnumSet.allOf(Permission.class));
    return disk.graph().use(node, "", readers);
  }

  /** Switches to another image, to the same chain's bottom, or to nothing. */
  private static void change(Chain chain, TestDisk disk, @Nullable String to) throws Exception {
    Edge edge = disk.node().backing();
    BlockBackend before = edge == null ? null : use(disk, edge.node());
    BlockBackend after = null;
    if (to != null) {
      BlockNode node =
          disk.graph()
              .open(
                  OpenRequest.of(
                      chain.file(to).toString(),
                      BlockOptions.of("driver", "qcow2"),
                      NodeFlags.READ_ONLY,
                      OpenGate.SAME_FOLDER));
      after = use(disk, node);
    }
    var done = new DoubleAdder();
    new BackingSwitch(disk.backend(), before, after, null, WORKERS, done::add).run();
    assertTrue(done.sum() >= 0.99, "parts that are shorter count as much");
    BackingEditable header = disk.node().capability(BackingEditable.class).orElseThrow();
    header.changeBacking(to == null ? null : new BackingReference(to, "qcow2"));
    if (before != null) {
      before.close();
    }
    if (after != null) {
      after.close();
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 100, 100", "2, 100, 60", "3, 60, 100", "4, 40, 70"})
  void theImageReadsTheSameOnAnotherBackingFile(long seed, int oldPercent, int newPercent)
      throws Exception {
    var chain = new Chain(folder, seed);
    byte[] old = chain.layer("old", SIZE / 100 * oldPercent & -512, "", new byte[0]);
    chain.layer("new", SIZE / 100 * newPercent & -512, "", new byte[0]);
    byte[] image = chain.layer("image", SIZE, "old", old);
    try (TestDisk disk = chain.open("image")) {
      change(chain, disk, "new");
    }
    try (TestDisk disk = chain.open("image")) {
      Edge backing = Objects.requireNonNull(disk.node().backing());
      assertEquals(chain.file("new").toString(), backing.node().filename());
      assertArrayEquals(image, disk.read(0, SIZE));
    }
  }

  @Test
  void anImageComesToStandAlone() throws Exception {
    var chain = new Chain(folder, 11);
    byte[] old = chain.layer("old", SIZE, "", new byte[0]);
    byte[] image = chain.layer("image", SIZE, "old", old);
    try (TestDisk disk = chain.open("image")) {
      change(chain, disk, null);
    }
    Files.delete(chain.file("old"));
    assertArrayEquals(image, chain.read("image"));
  }

  @Test
  void whatWasZeroStaysZeroOverABackingFileThatHasData() throws Exception {
    var chain = new Chain(folder, 12);
    byte[] image = chain.layer("image", SIZE, "", new byte[0]);
    chain.layer("new", SIZE, "", new byte[0]);
    try (TestDisk disk = chain.open("image")) {
      change(chain, disk, "new");
    }
    assertArrayEquals(image, chain.read("image"));
  }

  /** Version 2 has no zero clusters: it says zero by having nothing, which shows a backing file. */
  @Test
  void whatWasNotThereStaysZeroInVersion2Too() throws Exception {
    var chain = new Chain(folder, 13);
    chain.layer("new", SIZE, "", new byte[0]);
    TestDisk.create("qcow2", chain.file("image"), "size", "" + SIZE, "compat", "0.10");
    try (TestDisk disk = chain.open("image")) {
      change(chain, disk, "new");
    }
    assertArrayEquals(new byte[SIZE], chain.read("image"));
  }
}
