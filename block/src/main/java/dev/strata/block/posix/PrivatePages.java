// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.posix;

import java.lang.foreign.MemorySegment;

/** Memory of this process that nothing else shares, as arenas allocate it. */
public final class PrivatePages {
  private static final long DO_NOT_NEED = 4; // MADV_DONTNEED, both architectures
  private static final int PAGE_SIZE = Posix.pageSize();

  private PrivatePages() {}

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
