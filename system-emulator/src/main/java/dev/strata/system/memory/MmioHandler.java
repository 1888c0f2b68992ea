// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.memory;

/** Device registers: what answers accesses to a region that is not memory. */
public interface MmioHandler {
  /**
   * Reads a register.
   *
   * @param offset from the start of the region
   * @param bytes 1, 2, 4 or 8; the access lies inside the region, aligned or not
   * @return zero-extended; bits above {@code bytes} are ignored
   */
  long read(long offset, int bytes);

  /**
   * Writes a register; arguments as for {@link #read}, bits of {@code value} above are not zero.
   */
  void write(long offset, int bytes, long value);
}
