// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu;

import java.util.Arrays;

/**
 * Translations of one MMU mode that the fast path may use: RAM without special treatment.
 *
 * <p>An access hits if the tag of its first byte's page equals the page of its last byte: what
 * crosses a page misses. Entries for registers and, to write, for pages with decoded code are never
 * made.
 */
public final class SoftTlb {
  /** Entries, direct-mapped. */
  public static final int ENTRIES = 1024;

  /** No page has this tag. */
  public static final long NONE = 1;

  /** Virtual pages that may be read. */
  public final long[] read = new long[ENTRIES];

  /** Virtual pages that may be written. */
  public final long[] write = new long[ENTRIES];

  /** Host address minus virtual address. */
  public final long[] addend = new long[ENTRIES];

  /** An empty one. */
  public SoftTlb() {
    flush();
  }

  /** Forgets everything. */
  public void flush() {
    Arrays.fill(read, NONE);
    flushWrites();
  }

  /** Forgets what may be written. */
  public void flushWrites() {
    Arrays.fill(write, NONE);
  }

  /** Forgets one page. */
  public void flush(long virtualAddress) {
    int index = (int) (virtualAddress >>> 12) & (ENTRIES - 1);
    read[index] = NONE;
    write[index] = NONE;
  }
}
