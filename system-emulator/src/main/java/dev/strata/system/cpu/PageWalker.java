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

  /**
   * Translates an address and marks the entries accessed and dirty.
   *
   * @return the physical address, with bit 63 set if the page may also be written as it is now
   * @throws GuestFault as the architecture says
   */
  long walk(long virtualAddress, int access, int mmuMode);
}
