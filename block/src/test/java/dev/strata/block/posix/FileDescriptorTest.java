// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.posix;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** The oracle is the JDK's own view of the same files. */
class FileDescriptorTest {
  private static final int BLOCK = 65536;

  @TempDir Path folder;

  @BeforeEach
  void needsLinux() {
    assumeTrue(Posix.isAvailable(), Posix::unavailableReason);
  }

  @Test
  void whatTheProgramItselfConsistsOfHasNotBeenPassed() throws IOException {
    Path modules = Path.of(System.getProperty("java.home"), "lib", "modules").toRealPath();
    try (var all = Files.list(Path.of("/proc/self/fd"))) {
      for (Path each : all.toList()) {
        if (Files.exists(each) && Files.readSymbolicLink(each).equals(modules)) {
          int number = Integer.parseInt(each.getFileName().toString());
          fails(Errno.EBUSY, () -> FileDescriptor.inherited(number));
          return;
        }
      }
    }
    abort("this JVM has no such file open");
  }

  @Test
  void whatIsWrittenIsReadBack() throws IOException {
    Path path = folder.resolve("a");
    byte[] content = pattern(100_000);
    try (Arena arena = Arena.ofConfined();
        FileDescriptor file = create(path)) {
      assertEquals(content.length, file.write(copyOf(arena, content), 12345));
      MemorySegment back = arena.allocate(content.length + 10);
      assertEquals(content.length, file.read(back, 12345));
      assertArrayEquals(content, firstBytes(back, content.length));
      assertEquals(0, file.read(back, 12345 + content.length));
    }
    byte[] onDisk = Files.readAllBytes(path);
    assertArrayEquals(content, Arrays.copyOfRange(onDisk, 12345, onDisk.length));
  }

  @Test
  void piecesAreMovedInTheirOrderAndTheRestStaysAfterConsume() throws IOException {
    Path path = folder.resolve("a");
    try (Arena arena = Arena.ofConfined();
        FileDescriptor file = create(path)) {
      IovecArray pieces = new IovecArray(3);
      pieces.add(copyOf(arena, "one".getBytes(UTF_8)));
      pieces.add(copyOf(arena, "two".getBytes(UTF_8)));
      pieces.add(copyOf(arena, "three".getBytes(UTF_8)));
      assertTrue(pieces.isFull());
      assertEquals(11, file.write(pieces, 0));
      pieces.consume(4);
      assertEquals(7, pieces.remaining());
      assertEquals(7, file.writeThrough(pieces, 11));
      assertEquals("onetwothreewothree", Files.readString(path));

      IovecArray target = new IovecArray(2);
      MemorySegment first = arena.allocate(4);
      MemorySegment second = arena.allocate(100);
      target.add(first);
      target.add(second);
      assertEquals(18, file.read(target, 0));
      assertEquals("onet", new String(firstBytes(first, 4), UTF_8));
      assertEquals("wothreewothree", new String(firstBytes(second, 14), UTF_8));
      target.consume(18);
      assertEquals(86, target.remaining());
      target.clear();
      assertEquals(0, target.remaining());
    }
  }

  @Test
  void dataJustWrittenIsReadFromTheCache() throws IOException {
    try (Arena arena = Arena.ofConfined();
        FileDescriptor file = create(folder.resolve("a"))) {
      file.write(copyOf(arena, pattern(BLOCK)), 0);
      IovecArray pieces = new IovecArray(1);
      pieces.add(arena.allocate(BLOCK));
      long read = file.readCached(pieces, 0);
      assumeTrue(read != FileDescriptor.WOULD_BLOCK, "the file system has no RWF_NOWAIT");
      assertEquals(BLOCK, read);
      assertEquals(0, file.readCached(pieces, BLOCK));
    }
  }

  @Test
  void failuresCarryTheErrnoAndTheSystemsWords() {
    fails(Errno.ENOENT, () -> FileDescriptor.open(folder.resolve("none"), 0, 0));
    fails(Errno.EISDIR, () -> FileDescriptor.open(folder, OpenFlags.READ_WRITE, 0));
    fails(
        Errno.ENOTDIR,
        () -> FileDescriptor.open(Files.createFile(folder.resolve("f")).resolve("x"), 0, 0));
    fails(Errno.ENAMETOOLONG, () -> FileDescriptor.open(folder.resolve("n".repeat(300)), 0, 0));
    BlockException e =
        assertThrows(BlockException.class, () -> FileDescriptor.open(folder.resolve("none"), 0, 0));
    assertEquals("No such file or directory", e.getMessage());
  }

  @Test
  void flagsOfOpenMeanWhatTheySay() throws IOException {
    Path path = folder.resolve("a");
    try (FileDescriptor file = create(path)) {
      file.truncate(10);
    }
    fails(
        Errno.EEXIST,
        () -> {
          int flags = OpenFlags.READ_WRITE | OpenFlags.CREATE | OpenFlags.EXCLUSIVE;
          FileDescriptor.open(path, flags, 0644);
        });
    Path link = Files.createSymbolicLink(folder.resolve("link"), path);
    fails(Errno.ELOOP, () -> FileDescriptor.open(link, OpenFlags.NO_FOLLOW, 0));
    fails(Errno.ENOTDIR, () -> FileDescriptor.open(path, OpenFlags.DIRECTORY, 0));
    try (Arena arena = Arena.ofConfined();
        FileDescriptor file = FileDescriptor.open(path, OpenFlags.READ_ONLY, 0)) {
      fails(Errno.EBADF, () -> file.write(arena.allocate(1), 0));
    }
    FileDescriptor.open(path, OpenFlags.READ_WRITE | OpenFlags.TRUNCATE, 0).close();
    assertEquals(0, Files.size(path));
  }

  @Test
  void permissionsOfANewFileAreThoseAskedForLessTheUmask() throws IOException {
    Path path = folder.resolve("a");
    FileDescriptor.open(path, OpenFlags.READ_WRITE | OpenFlags.CREATE, 0600).close();
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(path)));
  }

  @Test
  void namesKeepTheirBytes() throws IOException {
    for (String name : new String[] {"plain", "with space %41 #?", "ümlaut 図"}) {
      Path path = folder.resolve(name);
      create(path).close();
      assertTrue(Files.exists(path), name);
    }
  }

  @Test
  void aClosedDescriptorAnswersEbadfAndClosesTwice() throws IOException {
    FileDescriptor file = create(folder.resolve("a"));
    file.close();
    file.close();
    assertEquals(-1, file.number());
    fails(Errno.EBADF, file::status);
    fails(Errno.EBADF, file::syncData);
  }

  @Test
  void memoryThatTheKernelCannotUseIsRefused() throws IOException {
    try (Arena arena = Arena.ofConfined();
        FileDescriptor file = create(folder.resolve("a"))) {
      MemorySegment heap = MemorySegment.ofArray(new byte[10]);
      assertThrows(IllegalArgumentException.class, () -> file.read(heap, 0));
      MemorySegment readOnly = arena.allocate(10).asReadOnly();
      assertThrows(IllegalArgumentException.class, () -> file.read(readOnly, 0));
      Arena closed = Arena.ofConfined();
      MemorySegment freed = closed.allocate(10);
      closed.close();
      assertThrows(IllegalStateException.class, () -> file.write(freed, 0));
    }
  }

  @Test
  void statusIsTheJdksStatus() throws IOException {
    Path path = folder.resolve("a");
    try (Arena arena = Arena.ofConfined();
        FileDescriptor file = create(path)) {
      file.write(copyOf(arena, pattern(BLOCK)), 0);
      file.truncate(1 << 30);
      file.sync();
      FileStatus status = file.status();
      assertTrue(status.isRegularFile());
      assertFalse(status.isBlockDevice() || status.isDirectory() || status.isCharacterDevice());
      assertEquals(1 << 30, status.size());
      assertTrue(status.allocatedBytes() >= BLOCK && status.allocatedBytes() < 8 * BLOCK);
      assertEquals(Files.getAttribute(path, "unix:mode"), status.mode());
      assertEquals(Files.getAttribute(path, "unix:ino"), status.inode());
      assertEquals(1, status.linkCount());
      assertTrue(status.preferredBlockSize() >= 512);
      Path name = Files.createLink(folder.resolve("b"), path);
      try (FileDescriptor again = FileDescriptor.open(name, OpenFlags.READ_ONLY, 0)) {
        assertTrue(status.isSameFile(again.status()));
        assertEquals(2, again.status().linkCount());
      }
    }
    try (FileDescriptor zero = FileDescriptor.open(Path.of("/dev/zero"), 0, 0)) {
      assertTrue(zero.status().isCharacterDevice());
      assertEquals(1L << 32 | 5, zero.status().specialDevice());
    }
  }

  @Test
  void theFileSystemIsTheJdks() throws IOException {
    for (Path path : List.of(folder, Path.of("/proc/self"))) {
      try (FileDescriptor file = FileDescriptor.open(path, OpenFlags.READ_ONLY, 0)) {
        String type = Files.getFileStore(path).type();
        assertEquals(type.startsWith("ext"), file.isOnExt4(), type);
      }
    }
  }

  @Test
  void directAccessTakesAlignedRequestsOnly() throws IOException {
    try (Arena arena = Arena.ofConfined();
        FileDescriptor file = create(folder.resolve("a"))) {
      file.write(copyOf(arena, pattern(BLOCK)), 0);
      file.sync();
      unlessUnsupported(() -> file.setDirect(true));
      FileStatus status = file.status();
      assumeTrue(status.directOffsetAlignment() > 0, "the file system does not tell its alignment");
      MemorySegment aligned = arena.allocate(BLOCK, Posix.pageSize());
      assertEquals(BLOCK, file.read(aligned, 0));
      assertArrayEquals(pattern(BLOCK), firstBytes(aligned, BLOCK));
      fails(Errno.EINVAL, () -> file.read(aligned.asSlice(0, status.directOffsetAlignment()), 1));
      file.setDirect(false);
      assertEquals(BLOCK - 1, file.read(aligned, 1));
    }
  }

  @Test
  void syncAndAdviceAreTaken() throws IOException {
    try (Arena arena = Arena.ofConfined();
        FileDescriptor file = create(folder.resolve("a"))) {
      file.write(copyOf(arena, pattern(BLOCK)), 0);
      file.startWriteback(0, BLOCK);
      file.syncData();
      for (AccessAdvice advice : AccessAdvice.values()) {
        file.advise(0, 0, advice);
      }
    }
  }

  @Test
  void anyThreadMayCall() throws Exception {
    try (FileDescriptor file = create(folder.resolve("a"));
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      file.truncate(64);
      var tasks =
          IntStream.range(0, 64)
              .mapToObj(i ->
                  (Callable<Boolean>)
                      () -> {
                        try (Arena arena = Arena.ofConfined()) {
                          file.write(copyOf(arena, new byte[] {(byte) i}), i);
                          fails(Errno.EINVAL, () -> file.truncate(-1));
                          MemorySegment back = arena.allocate(1);
                          return file.read(back, i) == 1 && firstBytes(back, 1)[0] == i;
                        }
                      })
              .toList();
      for (var result : threads.invokeAll(tasks)) {
        assertTrue(result.get());
      }
    }
  }

  static FileDescriptor create(Path path) throws BlockException {
    return FileDescriptor.open(path, OpenFlags.READ_WRITE | OpenFlags.CREATE, 0644);
  }

  static void fails(Errno errno, Executable call) {
    assertEquals(errno, assertThrows(BlockException.class, call).errno());
  }

  static void unlessUnsupported(Executable call) throws IOException {
    try {
      call.execute();
    } catch (BlockException e) {
      switch (e.errno()) {
        case EOPNOTSUPP, ENOSYS, EINVAL -> abort("the file system cannot: " + e.getMessage());
        default -> throw e;
      }
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  static byte[] pattern(int length) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) (i * 31 + i / 251 + 1);
    }
    return bytes;
  }

  static MemorySegment copyOf(Arena arena, byte[] bytes) {
    return arena.allocate(bytes.length).copyFrom(MemorySegment.ofArray(bytes));
  }

  static byte[] firstBytes(MemorySegment segment, int length) {
    byte[] bytes = new byte[length];
    MemorySegment.ofArray(bytes).copyFrom(segment.asSlice(0, length));
    return bytes;
  }
}
