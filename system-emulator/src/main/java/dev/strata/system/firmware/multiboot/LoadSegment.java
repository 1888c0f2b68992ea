// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.firmware.multiboot;

/**
 * A part of a file that is loaded.
 *
 * @param address the physical address
 * @param offset where it is in the file
 * @param length its bytes in the file
 * @param memoryLength its bytes in memory, at least as many; the rest are zeroes
 */
record LoadSegment(long address, int offset, int length, long memoryLength) {
  /** Where it ends in memory. */
  long end() {
    return address + memoryLength;
  }

  /** It without what would lie below an address. */
  LoadSegment from(long lowest) {
    long cut = Math.clamp(lowest - address, 0, memoryLength);
    int ofFile = (int) Math.min(cut, length);
    return new LoadSegment(address + cut, offset + ofFile, length - ofFile, memoryLength - cut);
  }
}
