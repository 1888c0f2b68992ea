// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.memory;

/** Is told of accesses to where nothing is. On any thread. */
@FunctionalInterface
public interface UnassignedListener {
  /** 1, 2, 4 or 8 bytes are read or written. */
  void accessed(boolean write, long address, int bytes);
}
