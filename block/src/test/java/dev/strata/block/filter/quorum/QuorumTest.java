// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.filter.quorum;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import dev.strata.block.BlockException;
import dev.strata.block.Disk;
import dev.strata.block.Errno;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.file.FileFactory;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What most children read; errors are in the corpus, which has the real tools beside ours. */
final class QuorumTest {
  private static final int SIZE = 3 << 20; // three pieces of a vote

  private final FileSystem memory = Jimfs.newFileSystem(Configuration.unix());
  private final List<BlockDriverFactory> drivers =
      List.of(new FileFactory(memory), new QuorumFactory());

  private Path file(int index) {
    return memory.getPath("/work/q" + index);
  }

  /** A child of zeroes, with {@code value} at some offsets. */
  private void child(int index, int value, int... offsets) throws IOException {
    byte[] content = new byte[SIZE];
    for (int offset : offsets) {
      content[offset] = (byte) value;
    }
    Files.write(file(index), content);
  }

  private Disk open(int children, String... more) throws BlockException {
    var options = new ArrayList<>(List.of("driver", "quorum"));
    options.addAll(Arrays.asList(more));
    for (int i = 0; i < children; i++) {
      options.addAll(List.of("children." + i + ".driver", "file"));
      options.addAll(List.of("children." + i + ".filename", file(i).toString()));
    }
    return Disk.open(drivers, Disk.WRITABLE, options.toArray(String[]::new));
  }

  @Test
  void majorityIsReadWhereverTheFirstDiffers() throws IOException {
    child(0, 1, 5);
    child(1, 2, 5, SIZE - 1);
    child(2, 2, 5, SIZE - 1);
    try (Disk disk = open(3, "vote-threshold", "2")) {
      assertArrayEquals(Files.readAllBytes(file(1)), disk.read(0, SIZE));
    }
  }

  @Test
  void childrenThatDifferInDifferentPlacesAgreeOnNothing() throws IOException {
    child(0, 1, 0);
    child(1, 1, SIZE / 2);
    child(2, 1, SIZE - 1);
    try (Disk disk = open(3, "vote-threshold", "2")) {
      BlockException refused = assertThrows(BlockException.class, () -> disk.read(0, SIZE));
      assertEquals(Errno.EIO, refused.errno());
      assertEquals(0, disk.read(0, 512)[0]); // two of three
    }
  }

  @Test
  void latestOfEqualVersionsWins() throws IOException {
    child(0, 1, 0);
    child(1, 2, 0);
    try (Disk disk = open(2, "vote-threshold", "1")) {
      assertEquals(2, disk.read(0, 512)[0]);
    }
  }

  @Test
  void outvotedChildIsRewritten() throws IOException {
    child(0, 1, 5, 2_000_000);
    child(1, 0);
    child(2, 0);
    try (Disk disk = open(3, "vote-threshold", "2", "rewrite-corrupted", "on")) {
      disk.read(0, 1 << 20);
      assertEquals(0, Files.readAllBytes(file(0))[5]);
      assertEquals(1, Files.readAllBytes(file(0))[2_000_000]);
      disk.read(0, SIZE);
    }
    assertArrayEquals(new byte[SIZE], Files.readAllBytes(file(0)));
  }

  @Test
  void differenceBetweenTwoIsTold() throws IOException {
    child(0, 1, 1_500_000);
    child(1, 0);
    try (Disk disk = open(2, "vote-threshold", "2", "blkverify", "on")) {
      assertEquals(
          "quorum: offset=4096 bytes=2000000 contents mismatch at offset 1500000",
          assertThrows(BlockException.class, () -> disk.read(4096, 2_000_000)).getMessage());
    }
  }

  @Test
  void everythingGoesToAll() throws IOException {
    child(0, 0);
    child(1, 0);
    try (Disk disk = open(2, "vote-threshold", "2")) {
      disk.write(1000, 5000, 7);
      disk.backend().writeZeroes(2000, 1000, 0);
      disk.backend().flush();
    }
    assertEquals(7, Files.readAllBytes(file(1))[1000]);
    assertEquals(0, Files.readAllBytes(file(1))[2000]);
    assertArrayEquals(Files.readAllBytes(file(0)), Files.readAllBytes(file(1)));
  }
}
