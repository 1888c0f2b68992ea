// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.memory;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** Which pages of a memory have been written since they were asked for. Thread-safe. */
public final class DirtyPages {
  private static final VarHandle WORDS = MethodHandles.arrayElementVarHandle(long[].class);

  private final long[] words;
  private final long pages;

  /** All of them. */
  DirtyPages(long pages) {
    this.pages = pages;
    words = new long[Math.toIntExact((pages + 63) / 64)];
    for (long page = 0; page < pages; page++) {
      words[(int) (page >> 6)] |= 1L << page;
    }
  }

  boolean has(long page) {
    return ((long) WORDS.getOpaque(words, (int) (page >> 6)) & 1L << page) != 0;
  }

  void add(long page) {
    if (!has(page)) {
      long unused = (long) WORDS.getAndBitwiseOr(words, (int) (page >> 6), 1L << page);
    }
  }

  /** As many as there are. */
  public long count() {
    long count = 0;
    for (int index = 0; index < words.length; index++) {
      count += Long.bitCount((long) WORDS.getOpaque(words, index));
    }
    return count;
  }

  /**
   * They are clean from now on: those that there were, one a bit. The processor has to look up
   * afterwards which pages it may write without a word; see {@link AddressSpace#cleaned}.
   */
  public long[] take() {
    var taken = new long[words.length];
    for (int index = 0; index < words.length; index++) {
      taken[index] = (long) WORDS.getAndSet(words, index, 0L);
    }
    return taken;
  }

  /** As many as there could be. */
  public long pages() {
    return pages;
  }
}
