// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.chain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.ProgressListener;
import dev.strata.block.copy.LayerCommit;
import dev.strata.block.driver.BackingEditable;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.Edge;
import dev.strata.formats.TestDisk;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class LayerCommitTest {
  private static final int SIZE = 5 * 1024 * Chain.KIB;
  private static final int WORKERS = 3;

  @TempDir Path folder;

  private static BlockNode below(BlockNode node) {
    Edge backing = Objects.requireNonNull(node.backing());
    return backing.node();
  }

  private static void commit(TestDisk top, BlockNode base) throws BlockException {
    try (var commit = LayerCommit.prepare(top.backend(), base, WORKERS, 0, ProgressListener.NONE)) {
      commit.run();
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void theNextLayerReadsAsTheTopThen(long seed) throws Exception {
    var chain = new Chain(folder, seed);
    byte[] base = chain.layer("base", SIZE, "", new byte[0]);
    byte[] middle = chain.layer("middle", SIZE, "base", base);
    byte[] top = chain.layer("top", SIZE, "middle", middle);
    byte[] untouched = Files.readAllBytes(chain.file("base"));
    try (TestDisk disk = chain.open("top")) {
      commit(disk, below(disk.node()));
      assertFalse(below(disk.node()).flags().writable(), "as it was before");
    }
    assertArrayEquals(top, chain.read("middle"));
    assertArrayEquals(top, chain.read("top"));
    assertArrayEquals(untouched, Files.readAllBytes(chain.file("base")));
  }

  @ParameterizedTest
  @ValueSource(longs = {11, 12, 13})
  void aLayerFartherBelowTakesThoseBetweenToo(long seed) throws Exception {
    var chain = new Chain(folder, seed);
    byte[] base = chain.layer("base", SIZE, "", new byte[0]);
    byte[] middle = chain.layer("middle", SIZE, "base", base);
    byte[] top = chain.layer("top", SIZE, "middle", middle);
    try (TestDisk disk = chain.open("top")) {
      commit(disk, below(below(disk.node())));
    }
    assertArrayEquals(top, chain.read("base"));
    assertArrayEquals(top, chain.read("top"));
  }

  @Test
  void aShorterBaseGrows() throws Exception {
    var chain = new Chain(folder, 21);
    // What a long base hides behind the end of a short layer must not come back when that grows.
    byte[] base = chain.layer("base", SIZE, "", new byte[0]);
    byte[] middle = chain.layer("middle", SIZE / 2, "base", base);
    byte[] top = chain.layer("top", SIZE, "middle", middle);
    try (TestDisk disk = chain.open("top")) {
      commit(disk, below(disk.node()));
    }
    assertArrayEquals(top, chain.read("middle"));
  }

  @Test
  void aLongerBaseKeepsItsEnd() throws Exception {
    var chain = new Chain(folder, 31);
    byte[] base = chain.layer("base", SIZE, "", new byte[0]);
    byte[] top = chain.layer("top", SIZE / 2, "base", base);
    try (TestDisk disk = chain.open("top")) {
      commit(disk, below(disk.node()));
    }
    byte[] expected = base.clone();
    System.arraycopy(top, 0, expected, 0, top.length);
    assertArrayEquals(expected, chain.read("base"));
    assertArrayEquals(Arrays.copyOf(expected, SIZE / 2), chain.read("top"));
  }

  @Test
  void afterAFailedWriteTheTopIsAsItWas() throws Exception {
    var chain = new Chain(folder, 41);
    byte[] base = chain.layer("base", SIZE, "", new byte[0]);
    byte[] top = chain.layer("top", SIZE, "base", base);
    try (TestDisk disk = chain.open("top")) {
      disk.node().capability(BackingEditable.class).orElseThrow().changeBacking(null);
    }
    try (TestDisk disk =
        TestDisk.open(
            chain.file("top"),
            "driver",
            "qcow2",
            "backing.driver",
            "qcow2",
            "backing.file.driver",
            "blkdebug",
            "backing.file.image.driver",
            "file",
            "backing.file.image.filename",
            chain.file("base").toString(),
            "backing.file.inject-error.0.event",
            "write_aio",
            "backing.file.inject-error.0.once",
            "on")) {
      BlockNode node = below(disk.node());
      BlockException e = assertThrows(BlockException.class, () -> commit(disk, node));
      assertEquals(Errno.EIO, e.errno());
      assertArrayEquals(top, disk.read(0, SIZE));
      commit(disk, node);
    }
    assertArrayEquals(top, chain.read("base"));
  }
}
