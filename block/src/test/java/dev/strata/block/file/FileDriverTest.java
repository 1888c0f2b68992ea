// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.file;

import static dev.strata.block.Disk.filled;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import dev.strata.block.BlockException;
import dev.strata.block.CopyOffload;
import dev.strata.block.Disk;
import dev.strata.block.Extent;
import dev.strata.block.IoVector;
import dev.strata.block.Preallocation;
import dev.strata.block.RequestFlags;
import dev.strata.block.StatusDetail;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.graph.BlockGraph;
import dev.strata.block.graph.DriverRegistry;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.posix.Posix;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The oracle is what the JDK reads of the same file, and the words of the reference tools. */
class FileDriverTest {
  private static final int KIB = 1 << 10;
  private static final int MIB = 1 << 20;

  /** Where the same promises hold. */
  enum Host {
    NATIVE,
    MEMORY
  }

  @TempDir Path folder;
  private final FileSystem memory = Jimfs.newFileSystem(Configuration.unix());

  private Path folder(Host host) {
    if (host == Host.MEMORY) {
      return memory.getPath("/work");
    }
    assumeTrue(Posix.isAvailable(), Posix::unavailableReason);
    return folder;
  }

  private static List<BlockDriverFactory> drivers(Path path) {
    return List.of(new FileFactory(path.getFileSystem()), new HostDeviceFactory());
  }

  private static Disk open(Path path, NodeFlags flags, String... more) throws BlockException {
    var options = new ArrayList<>(List.of("driver", "file", "filename", path.toString()));
    options.addAll(Arrays.asList(more));
    return Disk.open(drivers(path), flags, options.toArray(String[]::new));
  }

  private static void assertFails(String message, org.junit.jupiter.api.function.Executable e) {
    assertEquals(message, assertThrows(BlockException.class, e).getMessage());
  }

  @ParameterizedTest
  @EnumSource(Host.class)
  void whatIsWrittenIsInTheFileAndReadBack(Host host) throws IOException {
    Path path = Files.write(folder(host).resolve("a"), new byte[64 * KIB]);
    try (Disk disk = open(path, Disk.WRITABLE);
        Arena arena = Arena.ofConfined()) {
      disk.write(512, 4096, 0x11);
      MemorySegment a = arena.allocate(1000).fill((byte) 1);
      MemorySegment b = arena.allocate(3000).fill((byte) 2);
      MemorySegment c = arena.allocate(96).fill((byte) 3);
      disk.backend().write(8192, IoVector.of(List.of(a, b, c)), RequestFlags.FUA);
      MemorySegment head = arena.allocate(500);
      MemorySegment tail = arena.allocate(700);
      disk.backend().read(8192 + 700, IoVector.of(List.of(head, tail)), 0);
      assertArrayEquals(concat(filled(300, 1), filled(900, 2)), concat(bytes(head), bytes(tail)));
      disk.backend().flush();
    }
    byte[] content = Files.readAllBytes(path);
    assertEquals(64 * KIB, content.length);
    assertArrayEquals(filled(4096, 0x11), Arrays.copyOfRange(content, 512, 512 + 4096));
    assertArrayEquals(filled(3000, 2), Arrays.copyOfRange(content, 9192, 9192 + 3000));
  }

  private static byte[] bytes(MemorySegment segment) {
    return segment.toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
  }

  private static byte[] concat(byte[] a, byte[] b) {
    byte[] both = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, both, a.length, b.length);
    return both;
  }

  @ParameterizedTest
  @EnumSource(Host.class)
  void behindTheEndOfAFileThatIsNoWholeSectorAreZeroes(Host host) throws IOException {
    Path path = Files.write(folder(host).resolve("a"), filled(1000, 7));
    try (Disk disk = open(path, NodeFlags.READ_ONLY)) {
      assertEquals(1024, disk.backend().length());
      byte[] all = disk.read(0, 1024);
      assertArrayEquals(filled(1000, 7), Arrays.copyOf(all, 1000));
      assertArrayEquals(new byte[24], Arrays.copyOfRange(all, 1000, 1024));
    }
  }

  @ParameterizedTest
  @EnumSource(Host.class)
  void zeroesAreReadWhereZeroesWereWritten(Host host) throws IOException {
    Path path = Files.write(folder(host).resolve("a"), filled(64 * KIB, 9));
    try (Disk disk = open(path, Disk.WRITABLE)) {
      disk.backend().writeZeroes(4 * KIB, 4 * KIB, 0);
      disk.backend().writeZeroes(16 * KIB, 4 * KIB, RequestFlags.MAY_UNMAP);
      disk.backend().writeZeroes(33 * KIB, 10, RequestFlags.MAY_UNMAP | RequestFlags.FUA);
    }
    byte[] wanted = filled(64 * KIB, 9);
    Arrays.fill(wanted, 4 * KIB, 8 * KIB, (byte) 0);
    Arrays.fill(wanted, 16 * KIB, 20 * KIB, (byte) 0);
    Arrays.fill(wanted, 33 * KIB, 33 * KIB + 10, (byte) 0);
    assertArrayEquals(wanted, Files.readAllBytes(path));
  }

  @ParameterizedTest
  @EnumSource(Host.class)
  void theSizeFollowsTruncate(Host host) throws IOException {
    Path path = Files.write(folder(host).resolve("a"), filled(64 * KIB, 9));
    try (Disk disk = open(path, Disk.WRITABLE)) {
      disk.backend().truncate(1000, true, Preallocation.OFF, 0);
      assertEquals(1000, Files.size(path));
      disk.backend().truncate(MIB, true, Preallocation.FULL, 0);
      assertEquals(MIB, disk.backend().length());
      assertArrayEquals(new byte[MIB - 1000], disk.read(1000, MIB - 1000));
      assertFails(
          "Cannot use preallocation for shrinking files",
          () -> disk.backend().truncate(512, true, Preallocation.FULL, 0));
      assertFails(
          "Unsupported preallocation mode: metadata",
          () -> disk.backend().truncate(2 * MIB, true, Preallocation.METADATA, 0));
      assertEquals(MIB, Files.size(path));
    }
  }

  @ParameterizedTest
  @EnumSource(Host.class)
  void anImageIsCreatedInTheSizeWanted(Host host) throws IOException {
    Path path = folder(host).resolve("new");
    try (var graph = new BlockGraph(new DriverRegistry(drivers(path)), line -> {})) {
      var factory = graph.drivers().require("file");
      var options = BlockOptions.of("size", "1M", "preallocation", "full");
      graph.create(factory, path.toString(), options);
      assertEquals(MIB, Files.size(path));
      Files.write(path, filled(3 * MIB, 1));
      graph.create(factory, path.toString(), BlockOptions.of("size", "2000"));
      assertArrayEquals(new byte[2000], Files.readAllBytes(path));
      assertFails(
          "invalid parameter value: foo",
          () -> graph.create(factory, path.toString(), BlockOptions.of("preallocation", "foo")));
      assertFails(
          "Extent size hint is too large",
          () -> graph.create(factory, path.toString(), BlockOptions.of("extent_size_hint", "8G")));
      String lost = path.resolveSibling("no/new").toString();
      assertFails(
          "Could not create '" + lost + "': No such file or directory",
          () -> graph.create(factory, lost, new BlockOptions()));
    }
  }

  @ParameterizedTest
  @EnumSource(Host.class)
  void whatIsNoFileIsRefused(Host host) throws IOException {
    Path base = folder(host);
    assertFails(
        "Could not open '" + base.resolve("a") + "': No such file or directory",
        () -> open(base.resolve("a"), NodeFlags.READ_ONLY));
    assertFails("Could not open '" + base + "': Is a directory", () -> open(base, Disk.WRITABLE));
    assertFails(
        "Could not open '/a\0b': No such file or directory",
        () -> Disk.open(drivers(base), NodeFlags.READ_ONLY, "driver", "file", "filename", "/a\0b"));
    assertFails(
        "The 'file' block driver requires a file name",
        () -> Disk.open(drivers(base), NodeFlags.READ_ONLY, "driver", "file"));
  }

  @Test
  void optionsThatCannotBeMetAreRefused() throws IOException {
    Path path = Files.write(folder(Host.NATIVE).resolve("a"), new byte[4096]);
    assertFails(
        "aio=native was specified, but it requires cache.direct=on, which was not specified.",
        () -> open(path, NodeFlags.READ_ONLY, "aio", "native"));
    assertFails(
        "invalid parameter value: foo", () -> open(path, NodeFlags.READ_ONLY, "aio", "foo"));
    assertFails(
        "No persistent reservation manager with id 'x'",
        () -> open(path, NodeFlags.READ_ONLY, "pr-manager", "x"));
    assertFails(
        "Parameter 'aio-max-batch' expects a number",
        () -> open(path, NodeFlags.READ_ONLY, "aio-max-batch", "x"));
    Path elsewhere = Files.write(folder(Host.MEMORY).resolve("a"), new byte[4096]);
    assertFails(
        "Could not open '/work/a': cache.direct=on is not possible here: not a file of the host's"
            + " own file systems",
        () -> open(elsewhere, NodeFlags.READ_ONLY, "cache.direct", "on"));
    assertFails(
        "locking=on is not possible: the system has no open file locks",
        () -> open(elsewhere, NodeFlags.READ_ONLY, "locking", "on"));
  }

  @Test
  void aDeviceIsNoFileAndAFileNoDevice() throws IOException {
    Path path = Files.write(folder(Host.NATIVE).resolve("a"), new byte[4096]);
    assertFails(
        "'file' driver requires '/dev/null' to be a regular file",
        () -> open(Path.of("/dev/null"), Disk.WRITABLE));
    assertFails(
        "'host_device' driver requires '" + path + "' to be either a character or block device",
        () ->
            Disk.open(
                drivers(path),
                NodeFlags.READ_ONLY,
                "driver",
                "host_device",
                "filename",
                path.toString()));
    assertFails(
        "'host_cdrom' driver requires '" + path + "' to be either a character or block device",
        () -> openCdrom(path.toString()));
    assertEquals(100, new HostDeviceFactory().probeDevice("/dev/null"));
    assertEquals(0, new HostCdromFactory().probeDevice("/dev/null"));
    assertEquals(0, new HostCdromFactory().probeDevice(path.toString()));
    assertEquals(0, new HostDeviceFactory().probeDevice(path.toString()));
    assertEquals(0, new HostDeviceFactory().probeDevice("/dev/not-there"));
  }

  private static Disk openCdrom(String filename) throws BlockException {
    return Disk.open(
        List.of(new HostCdromFactory()),
        NodeFlags.READ_ONLY,
        "driver",
        "host_cdrom",
        "filename",
        filename);
  }

  @Test
  void aDriveWithoutADiscOpensAndFailsEveryRequest() throws IOException {
    folder(Host.NATIVE);
    try (Disk disk = openCdrom("/dev/null")) {
      assertFalse(disk.node().hasMedium());
      assertEquals(0, disk.backend().length());
      assertFails("No medium found", () -> disk.read(0, 512));
    }
  }

  private static Extent zeroStatus(Disk disk, long offset) throws BlockException {
    return disk.backend().status(offset, disk.backend().length() - offset, StatusDetail.ZEROES);
  }

  @Test
  void holesAreZeroesAndChangeWithEveryRequest() throws IOException {
    Path path = Files.write(folder(Host.NATIVE).resolve("a"), new byte[0]);
    try (Disk disk = open(path, Disk.WRITABLE)) {
      disk.backend().truncate(MIB, true, Preallocation.OFF, 0);
      disk.write(256 * KIB, 64 * KIB, 1);
      assumeTrue(zeroStatus(disk, 64 * KIB).zero(), "the file system has no holes");
      assertEquals(192 * KIB, zeroStatus(disk, 64 * KIB).length());
      assertEquals(64 * KIB, zeroStatus(disk, 256 * KIB).length());
      assertTrue(zeroStatus(disk, 256 * KIB).data());
      disk.write(64 * KIB, 64 * KIB, 2);
      assertTrue(zeroStatus(disk, 64 * KIB).data());
      disk.write(64 * KIB, 512, 3); // data over data: what is known stays true
      assertEquals(64 * KIB, zeroStatus(disk, 64 * KIB).length());
      disk.backend().discard(64 * KIB, 64 * KIB);
      assertTrue(zeroStatus(disk, 64 * KIB).zero());
      disk.backend().writeZeroes(256 * KIB, 64 * KIB, RequestFlags.MAY_UNMAP);
      Extent rest = zeroStatus(disk, 64 * KIB);
      assertTrue(rest.zero());
      assertEquals(MIB - 64 * KIB, rest.length());
      assertTrue(disk.node().allocatedSize() <= 64 * KIB);
    }
  }

  @Test
  void aLargeWriteOccupiesWhatItFills() throws IOException {
    Path path = Files.write(folder(Host.NATIVE).resolve("a"), new byte[0]);
    byte[] wanted = new byte[8 * MIB + 1000];
    try (Disk disk = open(path, Disk.WRITABLE)) {
      disk.backend().truncate(8 * MIB, true, Preallocation.OFF, 0);
      for (int part = 0; part < 4; part++) {
        int offset = 2 * part * MIB;
        disk.write(offset, MIB, part + 1);
        Arrays.fill(wanted, offset, offset + MIB, (byte) (part + 1));
      }
      assumeTrue(zeroStatus(disk, MIB).zero(), "the file system has no holes");
      for (int part = 0; part < 4; part++) {
        assertEquals(MIB, zeroStatus(disk, (2L * part + 1) * MIB).length());
      }
      long occupied = disk.node().allocatedSize();
      assertTrue(occupied >= 4 * MIB && occupied < 5 * MIB, () -> "occupies " + occupied);
    }
    Arrays.fill(wanted, 8 * MIB - 1000, wanted.length, (byte) 9);
    Files.write(path, filled(1000, 9), StandardOpenOption.APPEND); // now it ends in no whole block
    try (Disk disk = open(path, Disk.WRITABLE)) {
      disk.write(MIB, MIB, 7);
      disk.write(8 * MIB - 1000, 2000, 9);
      assertTrue(zeroStatus(disk, 3 * MIB).zero());
    }
    Arrays.fill(wanted, MIB, 2 * MIB, (byte) 7);
    assertArrayEquals(wanted, Files.readAllBytes(path));
  }

  @Test
  void theTailOfAFileThatIsNoWholeSectorIsZero() throws IOException {
    Path path = Files.write(folder(Host.NATIVE).resolve("a"), filled(1000, 7));
    try (Disk disk = open(path, NodeFlags.READ_ONLY)) {
      assertEquals(1000, zeroStatus(disk, 0).length());
      assertEquals(24, zeroStatus(disk, 1000).length());
      assertTrue(zeroStatus(disk, 1000).zero());
    }
  }

  @Test
  void directRequestsOfAnySizeArrive() throws IOException {
    Path path = Files.write(folder(Host.NATIVE).resolve("a"), filled(64 * KIB, 9));
    Disk opened;
    try {
      opened = open(path, Disk.WRITABLE, "cache.direct", "on", "aio", "native");
    } catch (BlockException e) {
      assumeTrue(!e.getMessage().contains("O_DIRECT"), "the file system has no direct I/O");
      throw e;
    }
    try (Disk disk = opened) {
      disk.write(4095, 2, 0x22);
      disk.write(9000, 10_000, 0x33);
      assertArrayEquals(filled(2, 0x22), disk.read(4095, 2));
      assertArrayEquals(filled(100, 9), disk.read(8900, 100));
    }
    byte[] wanted = filled(64 * KIB, 9);
    Arrays.fill(wanted, 4095, 4097, (byte) 0x22);
    Arrays.fill(wanted, 9000, 19_000, (byte) 0x33);
    assertArrayEquals(wanted, Files.readAllBytes(path));
  }

  @Test
  void theHostCopiesBetweenFiles() throws IOException {
    Path from = Files.write(folder(Host.NATIVE).resolve("a"), filled(64 * KIB, 9));
    Path to = Files.write(folder(Host.NATIVE).resolve("b"), new byte[64 * KIB]);
    try (Disk source = open(from, NodeFlags.READ_ONLY);
        Disk target = open(to, Disk.WRITABLE)) {
      CopyOffload out = source.node().capability(CopyOffload.class).orElseThrow();
      CopyOffload in = target.node().capability(CopyOffload.class).orElseThrow();
      long done = in.copyFrom(out, 4 * KIB, 8 * KIB, 16 * KIB);
      assumeTrue(done > 0, "the host cannot copy");
      assertArrayEquals(filled((int) done, 9), target.read(8 * KIB, (int) done));
      assertArrayEquals(new byte[8 * KIB], target.read(0, 8 * KIB));
    }
  }

  @Test
  void twoNodesOfOneFileThatBothWriteAreLetInButNoOneWhoDoesNotShare() throws IOException {
    Path path = Files.write(folder(Host.NATIVE).resolve("a"), new byte[4096]);
    try (Disk first = open(path, Disk.WRITABLE);
        Disk second = open(path, Disk.WRITABLE)) {
      assertEquals(first.backend().length(), second.backend().length());
      var all =
          new dev.strata.block.driver.Permissions(
              java.util.EnumSet.of(dev.strata.block.driver.Permission.WRITE),
              java.util.EnumSet.of(dev.strata.block.driver.Permission.CONSISTENT_READ));
      BlockException refused =
          assertThrows(BlockException.class, () -> second.backend().change(all));
      assertEquals("Failed to get shared \"write\" lock", refused.getMessage());
      assertEquals("Is another process using the image [" + path + "]?", refused.hint());
      try (Disk third = open(path, Disk.WRITABLE, "locking", "off")) {
        third.backend().change(all);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Host.class)
  void aDeletedImageIsGone(Host host) throws IOException {
    Path path = Files.write(folder(host).resolve("a"), new byte[4096]);
    try (Disk disk = open(path, Disk.WRITABLE)) {
      disk.node().capability(dev.strata.block.driver.Deletable.class).orElseThrow().delete();
    }
    assertFalse(Files.exists(path));
  }

  @Test
  void aDeviceCannotBeDeleted() throws IOException {
    folder(Host.NATIVE);
    try (Disk disk =
        Disk.open(
            List.of(new HostDeviceFactory()),
            NodeFlags.READ_ONLY,
            "driver",
            "host_device",
            "filename",
            "/dev/null")) {
      assertTrue(disk.node().capability(CopyOffload.class).isPresent());
      assertFalse(disk.node().capability(dev.strata.block.driver.Deletable.class).isPresent());
    }
  }
}
