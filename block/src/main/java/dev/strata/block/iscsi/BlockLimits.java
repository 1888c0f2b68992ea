// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.iscsi;

import dev.strata.block.BlockException;
import dev.strata.block.layout.StructReader;
import java.lang.foreign.MemorySegment;

/**
 * The page of vital product data about limits. In blocks; 0 where the unit says nothing.
 *
 * @see "SBC-3, 6.5.3 Block Limits VPD page"
 */
record BlockLimits(
    long maxTransfer,
    long optimalTransfer,
    long maxUnmap,
    long unmapGranularity,
    long maxWriteSame) {
  static final int PAGE = 0xb0;
  static final BlockLimits NONE = new BlockLimits(0, 0, 0, 0, 0);

  private static final int SIZE = 64;

  /** An older, shorter page has zeroes at its end. */
  static BlockLimits decode(MemorySegment page) throws BlockException {
    var in = StructReader.bigEndian(page.asSlice(0, SIZE));
    in.skip("page header, WSNZ, compare and write, granularity", 8); //  0
    long maxTransfer = in.u32("MAXIMUM TRANSFER LENGTH"); //  8
    long optimalTransfer = in.u32("OPTIMAL TRANSFER LENGTH"); // 12
    in.skip("MAXIMUM PREFETCH LENGTH", 4); // 16
    long maxUnmap = in.u32("MAXIMUM UNMAP LBA COUNT"); // 20
    in.skip("MAXIMUM UNMAP BLOCK DESCRIPTOR COUNT", 4); // 24: one is all that is sent
    long unmapGranularity = in.u32("OPTIMAL UNMAP GRANULARITY"); // 28
    in.skip("UNMAP GRANULARITY ALIGNMENT", 4); // 32
    long maxWriteSame = in.u64("MAXIMUM WRITE SAME LENGTH"); // 36
    return new BlockLimits(
        maxTransfer,
        optimalTransfer,
        maxUnmap,
        unmapGranularity,
        maxWriteSame < 0 ? 0 : maxWriteSame);
  }
}
