// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.interpret;

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

  /** An empty one. */
  SoftTlb() {
    flush();
  }

  /** Enters a page that may be read and, unless {@code writable} is not set, written. */
  void enter(int index, long tag, long newAddend, boolean writable) {
    empty = false;
    read[index] = tag;
    addend[index] = newAddend;
    write[index] = writable ? tag : NONE;
  }

  /** Enters a page that may be executed. */
  void enter(int index, long tag, CodePage page) {
    empty = false;
    execute[index] = tag;
    code[index] = page;
  }

  /** Forgets everything. */
  void flush() {
    if (empty) {
      return;
    }
    empty = true;
    Arrays.fill(read, NONE);
    Arrays.fill(code, null);
    flushWrites();
  }

  /** Forgets what may be written. */
  void flushWrites() {
    Arrays.fill(write, NONE);
  }

  /** Forgets one page. */
  void flush(long virtualAddress) {
    int index = (int) (virtualAddress >>> 12) & (ENTRIES - 1);
    read[index] = NONE;
    write[index] = NONE;
    code[index] = null;
  }
}
