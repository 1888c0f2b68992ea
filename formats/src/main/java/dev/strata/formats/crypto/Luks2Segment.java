// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.crypto;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;

/**
 * Where the encrypted disk lies.
 *
 * @param offset of its first byte
 * @param size in bytes, or {@link #DYNAMIC}
 * @param firstSector the number that its first 512 bytes are encrypted with
 * @param sectorBytes what is encrypted at a time
 * @see "LUKS2 On-Disk Format Specification 1.1.1, 3.3"
 */
record Luks2Segment(
    String id, long offset, long size, long firstSector, int sectorBytes, Luks2Cipher cipher) {
  /** The size of a disk that goes on to the image's end. */
  static final long DYNAMIC = -1;

  private static final int LARGEST_SECTOR = 4096;

  /**
   * Reads a segment.
   *
   * @param behind where the headers and key slots end
   */
  static Luks2Segment decode(String id, Luks2Object segment, long behind) throws BlockException {
    String type = segment.string("type");
    if (!type.equals("crypt")) {
      throw new BlockException(
          Errno.EOPNOTSUPP, "LUKS2 segments of type '" + type + "' are not supported");
    }
    if (segment.has("integrity")) {
      throw new BlockException(
          Errno.EOPNOTSUPP, "LUKS2 disks with authentication (integrity) are not supported");
    }
    int sectorBytes = segment.number("sector_size", SectorCipher.SECTOR, LARGEST_SECTOR);
    if (Integer.bitCount(sectorBytes) != 1) {
      throw segment.wrong("sector_size", "is " + sectorBytes + ", no power of two");
    }
    long offset = segment.decimal("offset", behind, Long.MAX_VALUE);
    if (offset % SectorCipher.SECTOR != 0) {
      throw segment.wrong("offset", "is " + offset + ", no multiple of 512");
    }
    long size = DYNAMIC;
    if (!segment.string("size").equals("dynamic")) {
      size = segment.decimal("size", 1, Long.MAX_VALUE - offset);
      if (size % sectorBytes != 0) {
        throw segment.wrong("size", "is " + size + ", no multiple of " + sectorBytes);
      }
    }
    long firstSector = segment.decimal("iv_tweak", 0, Long.MAX_VALUE);
    return new Luks2Segment(id, offset, size, firstSector, sectorBytes, Luks2Cipher.of(segment));
  }
}
