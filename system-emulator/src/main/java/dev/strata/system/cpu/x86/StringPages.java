// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import dev.strata.system.cpu.interpret.HostMemory;

/**
 * MOVS and STOS that repeat forwards, as far as their operands' pages go: nothing there can fault,
 * and nobody can tell that it was not element by element (SDM, fast-string operation).
 */
final class StringPages {
  private static final int LEAST = 4; // elements; fewer are quicker one by one
  private static final int PAGE_SIZE = 4096;
  private static final long PAGE = -PAGE_SIZE;

  private final X86 cpu;

  StringPages(X86 cpu) {
    this.cpu = cpu;
  }

  /**
   * Moves or stores what can be at once; the registers are the caller's to advance.
   *
   * @param moves whether it is MOVS
   * @param size 1 << size bytes are an element
   * @param segment of MOVS's source
   * @param mask of the registers, by the address size
   * @return how many elements; 0 if the next one needs a look of its own
   */
  long run(boolean moves, int size, int segment, long mask) {
    long[] r = cpu.r;
    long count = r[Slots.RCX] & mask;
    int most = count < 0 || count > PAGE_SIZE ? PAGE_SIZE : (int) count << size;
    long destination = r[Slots.RDI] & mask;
    long to = cpu.unchecked(X86.ES, destination);
    int bytes = Math.min(most, PAGE_SIZE - (int) (to & ~PAGE)) & -(1 << size);
    long toHost = cpu.core.hostToWrite(to);
    if (toHost == 0 || !whole(X86.ES, destination, bytes, size, mask, true)) {
      return 0;
    }
    if (!moves) {
      HostMemory.fill(toHost, bytes, r[Slots.RAX], size);
      return bytes >> size;
    }
    long source = r[Slots.RSI] & mask;
    long from = cpu.unchecked(segment, source);
    bytes = Math.min(bytes, PAGE_SIZE - (int) (from & ~PAGE)) & -(1 << size);
    long fromHost = cpu.core.hostToRead(from);
    long distance = toHost - fromHost;
    if (distance > 0 && distance < bytes) {
      bytes = (int) distance & -(1 << size); // What has just been written is read again.
    }
    if (fromHost == 0 || !whole(segment, source, bytes, size, mask, false)) {
      return 0;
    }
    HostMemory.copy(fromHost, toHost, bytes);
    return bytes >> size;
  }

  /** Whether so many bytes are worth it and an operand that the segment reaches. */
  private boolean whole(int segment, long offset, int bytes, int size, long mask, boolean write) {
    return bytes >= LEAST << size
        && Long.compareUnsigned(mask - offset, bytes - 1L) >= 0
        && cpu.reaches(segment, offset, bytes, write);
  }
}
