// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu;

/** Walks the guest's page tables. */
public interface PageWalker {
  /** Access: a read. */
  int READ = 0;

  /** Access: a write. */
  int WRITE = 1;

  /** Access: an instruction fetch. */
  int FETCH = 2;

  /** Of a translation: the page may also be written as it is now. */
  long WRITABLE = Long.MIN_VALUE;

  /** Of a translation: it is the same in all address spaces. */
  long GLOBAL = 1L << 62;

  /** Of a translation: where the binary logarithm of a large page's size begins; else it is 0. */
  int SIZE_SHIFT = 56;

  /** Of a translation: the physical address. */
  long ADDRESS = (1L << 52) - 1;

  /**
   * Translates an address and marks the entries accessed and dirty.
   *
   * @return the physical address, with what is known of the page above it
   * @throws GuestFault as the architecture says
   */
  long walk(long virtualAddress, int access, int mmuMode);
}
