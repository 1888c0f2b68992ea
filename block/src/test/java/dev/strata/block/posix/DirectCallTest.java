// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.posix;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The library as the dynamic linker, the JVM and the kernel take it. */
class DirectCallTest {
  private static final int EBADF = 9;
  private static final int EINVAL = 22;

  @TempDir Path folder;

  @BeforeEach
  void load() throws Exception {
    assumeTrue(Posix.isAvailable(), Posix::unavailableReason);
    assumeTrue(System.getProperty("os.arch").equals("amd64"), "the library is for x86-64");
    Path library = folder.resolve("calls.so");
    DirectCallLibrary.main(new String[] {library.toString()});
    System.load(library.toString());
  }

  @Test
  void theResultIsTheKernels() {
    assertEquals(
        ProcessHandle.current().pid(), DirectCall.syscall(SystemCall.GETPID, 0, 0, 0, 0, 0, 0));
    assertEquals(-EBADF, DirectCall.syscall(SystemCall.FSYNC, -1, 0, 0, 0, 0, 0));
  }

  @Test
  void eachOfSixArgumentsArrives() throws Exception {
    Path source = Files.writeString(folder.resolve("source"), "0123456789");
    Path target = Files.writeString(folder.resolve("target"), "----------");
    try (Arena arena = Arena.ofConfined()) {
      long in = open(arena, source, OpenFlags.READ_ONLY);
      long out = open(arena, target, OpenFlags.READ_WRITE);
      MemorySegment from = arena.allocateFrom(ValueLayout.JAVA_LONG, 2);
      MemorySegment to = arena.allocateFrom(ValueLayout.JAVA_LONG, 5);
      long call = SystemCall.COPY_FILE_RANGE;
      assertEquals(
          -EINVAL, DirectCall.syscall(call, in, from.address(), out, to.address(), 3, 1 << 30));
      assertEquals(3, DirectCall.syscall(call, in, from.address(), out, to.address(), 3, 0));
      assertEquals(5, from.get(ValueLayout.JAVA_LONG, 0));
      assertEquals(8, to.get(ValueLayout.JAVA_LONG, 0));
      assertEquals(0, DirectCall.syscall(SystemCall.CLOSE, in, 0, 0, 0, 0, 0));
      assertEquals(0, DirectCall.syscall(SystemCall.CLOSE, out, 0, 0, 0, 0, 0));
    }
    assertEquals("-----234--", Files.readString(target));
  }

  private static long open(Arena arena, Path path, int flags) {
    long currentFolder = -100; // AT_FDCWD
    long file =
        DirectCall.syscall(
            SystemCall.OPENAT,
            currentFolder,
            arena.allocateFrom(path.toString()).address(),
            flags,
            0,
            0,
            0);
    assertTrue(file >= 0, () -> "open: " + file);
    return file;
  }
}
