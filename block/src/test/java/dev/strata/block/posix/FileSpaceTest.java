// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.posix;

import static dev.strata.block.posix.FileDescriptorTest.copyOf;
import static dev.strata.block.posix.FileDescriptorTest.create;
import static dev.strata.block.posix.FileDescriptorTest.fails;
import static dev.strata.block.posix.FileDescriptorTest.firstBytes;
import static dev.strata.block.posix.FileDescriptorTest.pattern;
import static dev.strata.block.posix.FileDescriptorTest.unlessUnsupported;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The oracle is the JDK's own view of the same files. */
class FileSpaceTest {
  private static final int BLOCK = 65536;

  @TempDir Path folder;

  @BeforeEach
  void needsLinux() {
    assumeTrue(Posix.isAvailable(), Posix::unavailableReason);
  }

  @Test
  void holesAndDataAreFound() throws IOException {
    try (Arena arena = Arena.ofConfined();
        FileDescriptor file = create(folder.resolve("a"))) {
      FileSpace space = new FileSpace(file);
      file.write(copyOf(arena, pattern(BLOCK)), 4 * BLOCK);
      file.truncate(8 * BLOCK);
      assumeTrue(space.nextHole(0) == 0, "the file system has no holes");
      assertEquals(4 * BLOCK, space.nextData(0));
      assertEquals(5 * BLOCK, space.nextHole(4 * BLOCK));
      assertEquals(-1, space.nextData(5 * BLOCK));
      assertEquals(-1, space.nextHole(8 * BLOCK));
      assertEquals(8 * BLOCK, file.end());
    }
  }

  @Test
  void aPunchedHoleReadsAsZeroesAndOccupiesNothing() throws IOException {
    Path path = folder.resolve("a");
    try (Arena arena = Arena.ofConfined();
        FileDescriptor file = create(path)) {
      FileSpace space = new FileSpace(file);
      file.write(copyOf(arena, pattern(4 * BLOCK)), 0);
      file.sync();
      unlessUnsupported(() -> space.punchHole(BLOCK, 2 * BLOCK));
      assertEquals(4 * BLOCK, file.status().size());
      assertTrue(file.status().allocatedBytes() < 4 * BLOCK);
    }
    byte[] expected = pattern(4 * BLOCK);
    Arrays.fill(expected, BLOCK, 3 * BLOCK, (byte) 0);
    assertArrayEquals(expected, Files.readAllBytes(path));
  }

  @Test
  void aZeroedRangeStaysAllocatedAndGrowsTheFileUnlessToldNotTo() throws IOException {
    try (Arena arena = Arena.ofConfined();
        FileDescriptor file = create(folder.resolve("a"))) {
      FileSpace space = new FileSpace(file);
      file.write(copyOf(arena, pattern(2 * BLOCK)), 0);
      file.sync();
      unlessUnsupported(() -> space.zeroRangeKeepingSize(BLOCK, 2 * BLOCK));
      assertEquals(2 * BLOCK, file.status().size());
      space.zeroRange(BLOCK, 2 * BLOCK);
      assertEquals(3 * BLOCK, file.status().size());
      assertTrue(file.status().allocatedBytes() >= 3 * BLOCK);
      MemorySegment back = arena.allocate(BLOCK);
      file.read(back, BLOCK);
      assertArrayEquals(new byte[BLOCK], firstBytes(back, BLOCK));
    }
  }

  @Test
  void allocatedSpaceGrowsTheFileUnlessToldNotTo() throws IOException {
    try (FileDescriptor file = create(folder.resolve("a"))) {
      FileSpace space = new FileSpace(file);
      unlessUnsupported(() -> space.allocateKeepingSize(0, 4 * BLOCK));
      assertEquals(0, file.status().size());
      assertTrue(file.status().allocatedBytes() >= 4 * BLOCK);
      space.allocate(0, 4 * BLOCK);
      assertEquals(4 * BLOCK, file.status().size());
    }
  }

  @Test
  void aCopyWithinTheSystemCopies() throws IOException {
    Path to = folder.resolve("b");
    try (Arena arena = Arena.ofConfined();
        FileDescriptor source = create(folder.resolve("a"));
        FileDescriptor target = create(to)) {
      FileSpace space = new FileSpace(target);
      source.write(copyOf(arena, pattern(2 * BLOCK)), 0);
      unlessUnsupported(() -> assertEquals(BLOCK, space.copyFrom(source, 100, 7, BLOCK)));
      assertEquals(0, space.copyFrom(source, 2 * BLOCK, 0, 1));
    }
    byte[] copied = Files.readAllBytes(to);
    assertArrayEquals(
        Arrays.copyOfRange(pattern(2 * BLOCK), 100, 100 + BLOCK),
        Arrays.copyOfRange(copied, 7, copied.length));
  }

  @Test
  void aCloneHasTheContentOrIsRefused() throws IOException {
    Path to = folder.resolve("b");
    try (Arena arena = Arena.ofConfined();
        FileDescriptor source = create(folder.resolve("a"));
        FileDescriptor target = create(to)) {
      FileSpace space = new FileSpace(target);
      source.write(copyOf(arena, pattern(2 * BLOCK)), 0);
      BlockException refused = null;
      try {
        space.cloneFrom(source);
        space.cloneRangeFrom(source, 0, 2 * BLOCK, BLOCK);
      } catch (BlockException e) {
        refused = e;
      }
      if (refused == null) {
        byte[] expected = Arrays.copyOf(pattern(2 * BLOCK), 3 * BLOCK);
        System.arraycopy(expected, 0, expected, 2 * BLOCK, BLOCK);
        assertArrayEquals(expected, Files.readAllBytes(to));
      } else {
        assertEquals(Errno.EOPNOTSUPP, refused.errno());
        fails(Errno.EOPNOTSUPP, () -> space.cloneRangeFrom(source, 0, 0, BLOCK));
      }
    }
  }

  @Test
  void writingEachBlockAllocatesAndKeepsWhatIsThere() throws IOException {
    Path path = folder.resolve("a");
    byte[] content = pattern(BLOCK);
    try (Arena arena = Arena.ofConfined();
        FileDescriptor file = create(path)) {
      file.write(copyOf(arena, content), BLOCK);
      file.truncate(3 * BLOCK);
      new FileSpace(file).writeEachBlock(100, 4 * BLOCK);
      file.sync();
      assertEquals(100 + 4 * BLOCK, file.status().size());
      assertTrue(file.status().allocatedBytes() >= 4 * BLOCK);
      fails(Errno.EFBIG, () -> new FileSpace(file).writeEachBlock(10, Long.MAX_VALUE));
      fails(Errno.EINVAL, () -> new FileSpace(file).allocateOrWrite(0, 0));
    }
    byte[] expected = new byte[100 + 4 * BLOCK];
    System.arraycopy(content, 0, expected, BLOCK, BLOCK);
    assertArrayEquals(expected, Files.readAllBytes(path));
  }

  @Test
  void aFileIsNoBlockDevice() throws IOException {
    try (FileDescriptor file = create(folder.resolve("a"))) {
      BlockDevice device = new BlockDevice(file);
      fails(Errno.ENOTTY, device::size);
      fails(Errno.ENOTTY, device::logicalBlockSize);
      fails(Errno.ENOTTY, () -> device.zeroOut(0, 4096));
    }
  }
}
