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
 *
 * <p>An entry's numbers are beside each other, in one line of the host's cache.
 */
final class SoftTlb {
  /** Entries, direct-mapped. */
  static final int ENTRIES = 1024;

  /** Numbers of an entry, as a power of two. */
  private static final int ENTRY_SHIFT = 2;

  /** An address is to be shifted by that, and cut to {@link #PLACES}, to find its entry. */
  static final int PLACE_SHIFT = 12 - ENTRY_SHIFT;

  /** Bits of an entry's place in {@link #entries}. */
  static final int PLACES = (ENTRIES - 1) << ENTRY_SHIFT;

  /** Where an entry has the virtual page that may be read. */
  static final int READ = 0;

  /** The virtual page that may be written. */
  static final int WRITE = 1;

  /** Host address minus virtual address. */
  static final int ADDEND = 2;

  /** No page has this tag. */
  private static final long NONE = -1;

  /** The entries, for code that is as quick as it can be. */
  final long[] entries = new long[ENTRIES << ENTRY_SHIFT];

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
    int place = index << ENTRY_SHIFT;
    entries[place + READ] = tag;
    entries[place + WRITE] = writable ? tag : NONE;
    entries[place + ADDEND] = newAddend;
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
    Arrays.fill(code, null);
    Arrays.fill(entries, NONE);
  }

  /** Forgets what may be written. */
  void flushWrites() {
    for (int place = 0; place < entries.length; place += 1 << ENTRY_SHIFT) {
      entries[place + WRITE] = NONE;
    }
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
        if (near(entries[(index << ENTRY_SHIFT) + READ], virtualAddress)
            || near(execute[index], virtualAddress)) {
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
    entries[(index << ENTRY_SHIFT) + READ] = NONE;
    entries[(index << ENTRY_SHIFT) + WRITE] = NONE;
    code[index] = null;
    large[index >> 6] &= ~(1L << index);
  }
}
