// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.interpret;

import dev.strata.system.cpu.PageWalker;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Translations of one MMU mode that the fast path may use: RAM without special treatment.
 *
 * <p>An access hits if the tag of its first byte's page equals the page of its last byte: what
 * crosses a page misses. Entries for registers and, to write, for pages with decoded code are never
 * made. What is executed has tags of its own.
 */
final class SoftTlb {
  /** Entries, direct-mapped. */
  static final int ENTRIES = 1024;

  /** No page has this tag, and no access, however many low bits tell that it is not aligned. */
  static final long NONE = 0x800;

  /** Virtual pages that may be read. */
  final long[] read = new long[ENTRIES];

  /** Virtual pages that may be written. */
  final long[] write = new long[ENTRIES];

  /** Host address minus virtual address. */
  final long[] addend = new long[ENTRIES];

  /** Virtual pages that may be executed. */
  final long[] execute = new long[ENTRIES];

  /** What was decoded from them. */
  final @Nullable CodePage[] code = new CodePage[ENTRIES];

  private boolean empty;

  // Entries that are forgotten with the address space; more than fit mean all.
  private final int[] local = new int[256];
  private int locals;

  private final long[] globalCode = new long[ENTRIES / 64];
  private final long[] large = new long[ENTRIES / 64]; // entries of pages of more than 4 KiB

  /** An empty one. */
  SoftTlb() {
    flush();
  }

  /**
   * Enters a page that may be read.
   *
   * @param known what a {@link PageWalker} tells of it
   * @param writable whether it may be written
   */
  void enter(int index, long tag, long newAddend, long known, boolean writable) {
    enter(index, known);
    read[index] = tag;
    addend[index] = newAddend;
    write[index] = writable ? tag : NONE;
  }

  /** Enters a page that may be executed. */
  void enter(int index, long tag, CodePage page, long known) {
    enter(index, known);
    long bit = 1L << index;
    globalCode[index >> 6] &= ~bit;
    globalCode[index >> 6] |= (known & PageWalker.GLOBAL) != 0 ? bit : 0;
    execute[index] = tag;
    code[index] = page;
  }

  private void enter(int index, long known) {
    empty = false;
    if ((known & PageWalker.GLOBAL) == 0) {
      if (locals < local.length) {
        local[locals] = index;
      }
      locals++;
    }
    if (known >>> PageWalker.SIZE_SHIFT << 58 != 0) {
      large[index >> 6] |= 1L << index;
    }
  }

  /** Whether the page of code entered at an address is the same in all address spaces. */
  boolean isCodeGlobal(long virtualAddress) {
    int index = (int) (virtualAddress >>> 12) & (ENTRIES - 1);
    return (globalCode[index >> 6] & 1L << index) != 0;
  }

  /** Forgets what is not the same in all address spaces. */
  void flushLocal() {
    if (locals > local.length) {
      flush();
      return;
    }
    for (int i = 0; i < locals; i++) {
      flushEntry(local[i]);
    }
    locals = 0;
  }

  /** Forgets everything. */
  void flush() {
    if (empty) {
      return;
    }
    empty = true;
    locals = 0;
    Arrays.fill(large, 0);
    Arrays.fill(read, NONE);
    Arrays.fill(code, null);
    flushWrites();
  }

  /** Forgets what may be written. */
  void flushWrites() {
    Arrays.fill(write, NONE);
  }

  /**
   * Forgets one page, which may be a part of a large one: then all of that.
   *
   * @return whether it may be
   */
  boolean flush(long virtualAddress) {
    boolean partOfLarge = false;
    flushEntry((int) (virtualAddress >>> 12) & (ENTRIES - 1));
    for (int i = 0; i < large.length; i++) {
      for (long left = large[i]; left != 0; left &= left - 1) {
        int index = i << 6 | Long.numberOfTrailingZeros(left);
        if (near(read[index], virtualAddress) || near(execute[index], virtualAddress)) {
          flushEntry(index);
          partOfLarge = true;
        }
      }
    }
    return partOfLarge;
  }

  // No page is larger.
  private static boolean near(long tag, long address) {
    return (tag ^ address) >>> 30 == 0;
  }

  private void flushEntry(int index) {
    read[index] = NONE;
    write[index] = NONE;
    code[index] = null;
    large[index >> 6] &= ~(1L << index);
  }
}
