// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.memory;

/** Who caches what an address space answers: processors. Called on any thread. */
public interface AddressSpaceListener {
  /**
   * Something was mapped or unmapped, or the address mask changed: what is from {@code first} to
   * {@code last}, inclusive, may be something else now, and nothing outside.
   */
  void topologyChanged(long first, long last);

  /** Someone other than a processor's own fast path wrote to pages marked as having code. */
  void codeWritten(long address, long length);

  /** Pages that were written count as clean again: the next write to each has to be noted. */
  default void cleaned() {}
}
