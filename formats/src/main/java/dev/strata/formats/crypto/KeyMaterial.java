// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.crypto;

import dev.strata.block.BlockException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * What a key slot keeps: a volume's key, split into stripes that are encrypted by the slot's key.
 *
 * @param offset of the first byte in the header's area
 * @param bytes how many there are
 * @param algorithms what encrypts the stripes, and the hash that splits
 * @see "LUKS On-Disk Format Specification 1.2.3, 4.2"
 */
record KeyMaterial(long offset, int bytes, LuksAlgorithms algorithms) {
  /**
   * What may be the volume's key: it is if the slot's key is right.
   *
   * @param slotKey is overwritten
   * @param keyBytes of the volume's key
   */
  byte[] candidate(HeaderArea area, byte[] slotKey, int keyBytes) throws BlockException {
    var split = new byte[bytes];
    try {
      area.read(offset, split);
    } catch (BlockException e) {
      throw e.during("Failed to read key material");
    }
    var cipher = new SectorCipher(algorithms.suite(), slotKey);
    cipher.decrypt(0, MemorySegment.ofArray(split));
    cipher.wipe();
    Arrays.fill(slotKey, (byte) 0);
    byte[] key = AntiForensic.merge(algorithms.hash(), split, keyBytes, KeySlot.STRIPES);
    Arrays.fill(split, (byte) 0);
    return key;
  }
}
