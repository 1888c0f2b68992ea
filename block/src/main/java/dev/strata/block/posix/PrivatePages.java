// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.posix;

import dev.strata.block.Errno;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Memory of this process that nothing else shares. */
public final class PrivatePages {
  // Of both architectures.
  private static final long READ_AND_WRITE = 3; // PROT_READ | PROT_WRITE
  private static final int PRIVATE = 0x22; // MAP_PRIVATE | MAP_ANONYMOUS
  private static final long DO_NOT_NEED = 4; // MADV_DONTNEED
  private static final long HUGE_PAGE = 14; // MADV_HUGEPAGE

  private static final long HUGE_PAGE_SIZE = 2 << 20;
  private static final int PAGE_SIZE = Posix.pageSize();

  private PrivatePages() {}

  /**
   * Zeroed memory for much data, of which the system gives pages when they are touched: huge ones
   * where it has them, so that the processor need not look up many. Begins at a page.
   *
   * @param size in bytes, more than 0
   * @param arena whose end gives it back
   * @throws OutOfMemoryError if the system has not as much
   */
  @SuppressWarnings("restricted") // One of the doors: Posix.isAvailable asks for the permission.
  public static MemorySegment allocate(long size, Arena arena) {
    if (size < HUGE_PAGE_SIZE || !Posix.isAvailable()) {
      return arena.allocate(size, PAGE_SIZE);
    }
    long whole = Math.addExact(size, PAGE_SIZE - 1) & -PAGE_SIZE;
    long mapped = Math.addExact(whole, HUGE_PAGE_SIZE);
    long address =
        SystemCall.call(
            Scratch.ofThread(), SystemCall.MMAP, 0, mapped, READ_AND_WRITE, PRIVATE, -1, 0);
    if (address < 0 && address > -4096) {
      throw new OutOfMemoryError(
          "cannot map " + mapped + " bytes: " + Errno.of((int) -address).text());
    }
    long begin = address + HUGE_PAGE_SIZE - 1 & -HUGE_PAGE_SIZE;
    SystemCall.call(SystemCall.MADVISE, begin, whole, HUGE_PAGE, 0); // a wish: it may say no
    return MemorySegment.ofAddress(begin).reinterpret(size, arena, pages -> unmap(address, mapped));
  }

  private static void unmap(long address, long size) {
    long result = SystemCall.call(SystemCall.MUNMAP, address, size);
    if (result < 0) {
      throw new IllegalStateException("munmap: " + Errno.of((int) -result).text());
    }
  }

  /**
   * Gives the memory behind whole pages back to the system, which has zeroes there when they are
   * touched again.
   *
   * @param pages native, and alive until this returns
   * @return false if nothing was done: they are no whole pages, or there is no such call
   */
  public static boolean giveBack(MemorySegment pages) {
    boolean whole = (pages.address() | pages.byteSize()) % PAGE_SIZE == 0;
    if (!pages.isNative() || pages.isReadOnly() || !whole || !Posix.isAvailable()) {
      return false;
    }
    return SystemCall.call(SystemCall.MADVISE, pages.address(), pages.byteSize(), DO_NOT_NEED, 0)
        == 0;
  }
}
