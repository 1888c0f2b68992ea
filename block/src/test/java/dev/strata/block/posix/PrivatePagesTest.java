// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.posix;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Memory that the system gives when it is touched. */
final class PrivatePagesTest {
  private static final long HUGE = 2 << 20;
  private static final long MUCH = 5 * HUGE + 4096;

  @Test
  void muchMemoryBeginsAtAHugePageAndIsZeroToItsEnd() {
    assumeTrue(Posix.isAvailable());
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = PrivatePages.allocate(MUCH, arena);
      assertEquals(MUCH, memory.byteSize());
      assertEquals(0, memory.address() % HUGE);
      assertEquals(0, memory.get(JAVA_BYTE, 0));
      assertEquals(0, memory.get(JAVA_BYTE, MUCH - 1));
      memory.set(JAVA_BYTE, MUCH - 1, (byte) 7);
      assertTrue(PrivatePages.giveBack(memory.asSlice(MUCH - 4096)));
      assertEquals(0, memory.get(JAVA_BYTE, MUCH - 1));
      assertThrows(IndexOutOfBoundsException.class, () -> memory.get(JAVA_BYTE, MUCH));
    }
  }

  @Test
  void theArenasEndUnmapsIt() throws IOException {
    assumeTrue(Posix.isAvailable());
    long address;
    try (Arena arena = Arena.ofShared()) {
      address = PrivatePages.allocate(MUCH, arena).address();
      assertTrue(isMapped(address));
    }
    assertFalse(isMapped(address));
  }

  /** Whether all of it is one mapping; another thread's would not be as large. */
  private static boolean isMapped(long address) throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/maps"))) {
      String[] ends = line.split("[- ]");
      if (Long.compareUnsigned(Long.parseUnsignedLong(ends[0], 16), address) <= 0
          && Long.compareUnsigned(address + MUCH, Long.parseUnsignedLong(ends[1], 16)) <= 0) {
        return true;
      }
    }
    return false;
  }

  @Test
  void littleMemoryIsTheArenasOwn() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = PrivatePages.allocate(4096, arena);
      assertEquals(0, memory.address() % 4096);
      assertEquals(0, memory.get(JAVA_BYTE, 4095));
    }
  }
}
