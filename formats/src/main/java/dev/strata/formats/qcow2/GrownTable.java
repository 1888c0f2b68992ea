// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;

/**
 * The plan of a larger refcount table: an area behind all clusters that have counts, which begins
 * with the blocks that count its own clusters; the table follows them.
 *
 * @param entries of the new table, those of the area's blocks still 0
 * @param areaIndex of the first block of the area in the table
 * @param areaOffset of the area in the file, in bytes
 * @param blocks how many the area begins with
 * @param tableClusters how many follow them
 * @param tableOffset where these lie in the file, in bytes
 */
record GrownTable(
    long[] entries,
    long areaIndex,
    long areaOffset,
    long blocks,
    long tableClusters,
    long tableOffset) {
  private static final long MAX_OFFSET = 1L << 56;

  /**
   * A table with room for the block at {@code index} and half as many again as there then are. The
   * blocks have room to count every refcount block there is, as in images of the reference.
   */
  static GrownTable behind(RefcountTable table, Geometry geometry, long index)
      throws BlockException {
    long entriesPerCluster = geometry.clusterSize() / 8;
    long areaIndex = index + 1;
    long blocks = 0;
    long tableClusters = 0;
    long needed = 1;
    while (needed > blocks) {
      blocks = needed;
      long total = areaIndex + blocks;
      tableClusters = (total + total / 2 + entriesPerCluster - 1) / entriesPerCluster;
      if (tableClusters << geometry.clusterBits() > Qcow2Header.MAX_REFCOUNT_TABLE_BYTES) {
        throw BlockException.of(Errno.EFBIG);
      }
      long perBlock = 1L << geometry.refcountBlockBits();
      needed = (total + tableClusters + perBlock - 1) / perBlock;
    }
    long areaOffset = areaIndex << (geometry.refcountBlockBits() + geometry.clusterBits());
    long tableOffset = areaOffset + (blocks << geometry.clusterBits());
    if (tableOffset + (tableClusters << geometry.clusterBits()) > MAX_OFFSET) {
      throw BlockException.of(Errno.EFBIG);
    }
    long[] entries = table.entries(Math.toIntExact(tableClusters * entriesPerCluster));
    return new GrownTable(entries, areaIndex, areaOffset, blocks, tableClusters, tableOffset);
  }
}
