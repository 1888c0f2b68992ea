// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vmdk;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.layout.StructReader;

/**
 * The header of an ESX server sparse extent. All numbers are little-endian.
 *
 * @param capacity of the extent, in sectors
 * @param grainSize in sectors
 * @param directoryOffset in sectors
 * @param directorySize in entries
 * @see "VMware Virtual Disk Format 1.1, ESX Server Sparse Extents"
 */
record CowdHeader(long capacity, long grainSize, long directoryOffset, int directorySize) {
  static final int BYTES = 2048;
  static final int MAGIC = 0x434f5744; // "COWD"
  static final int TABLE_ENTRIES = 4096;

  private static final int MAX_DIRECTORY = 32 << 20;

  static CowdHeader decode(byte[] header) throws BlockException {
    var in = StructReader.littleEndian(header);
    in.skip("magicNumber, version, flags", 12); //      0
    long capacity = in.u32("numSectors"); //           12
    long grainSize = in.u32("grainSize"); //           16
    long directoryOffset = in.u32("gdOffset"); //      20
    long directorySize = in.u32("numGDEntries"); //    24
    VmdkExtent.checkGrain(grainSize);
    if (directorySize > MAX_DIRECTORY) {
      throw new BlockException(Errno.EINVAL, "L1 size too big");
    }
    return new CowdHeader(capacity, grainSize, directoryOffset, (int) directorySize);
  }
}
