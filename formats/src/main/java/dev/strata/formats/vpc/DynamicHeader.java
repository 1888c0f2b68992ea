// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vpc;

import static dev.strata.block.Errno.EINVAL;

import dev.strata.block.BlockException;
import dev.strata.block.layout.StructReader;
import dev.strata.block.layout.StructWriter;
import java.nio.charset.StandardCharsets;

/**
 * The header of a dynamic image. All numbers are big-endian.
 *
 * @param tableOffset of the BAT, in bytes
 * @param entries of the BAT
 * @param blockSize in bytes, a power of two
 * @see "Virtual Hard Disk Image Format Specification, Dynamic Disk Header Format"
 */
record DynamicHeader(long tableOffset, int entries, int blockSize) {
  static final int BYTES = 1024;
  static final int SECTOR = 512;

  private static final String COOKIE = "cxsparse";
  private static final long VERSION = 0x00010000;
  private static final int CHECKSUM_POSITION = 36;
  private static final int MAX_ENTRIES = Integer.MAX_VALUE / 4;
  private static final int MAX_BLOCK = 1 << 30;

  static DynamicHeader decode(byte[] image) throws BlockException {
    var in = StructReader.bigEndian(image);
    String cookie = in.string("cookie", 8, StandardCharsets.ISO_8859_1); //  0
    in.skip("data_offset", 8); //                                            8
    long tableOffset = in.u64("table_offset"); //                           16
    in.skip("version", 4); //                                               24
    long entries = in.u32("max_table_entries"); //                          28
    long blockSize = in.u32("block_size"); //                               32
    if (!cookie.equals(COOKIE)) {
      throw new BlockException(EINVAL, "Invalid header magic");
    }
    if (Long.bitCount(blockSize) != 1 || blockSize < SECTOR || blockSize > MAX_BLOCK) {
      throw new BlockException(EINVAL, "Invalid block size " + blockSize);
    }
    if (entries > MAX_ENTRIES) {
      throw new BlockException(EINVAL, "Max Table Entries too large (" + (int) entries + ")");
    }
    if (tableOffset < 0 || tableOffset > Long.MAX_VALUE / 4) {
      throw new BlockException(
          EINVAL, "table_offset is " + Long.toUnsignedString(tableOffset) + "; must be below 2^61");
    }
    return new DynamicHeader(tableOffset, (int) entries, (int) blockSize);
  }

  void encode(byte[] target) {
    var out = StructWriter.bigEndian(target);
    out.string(COOKIE)
        .u64(VpcFooter.NOWHERE)
        .u64(tableOffset)
        .u32(VERSION)
        .u32(entries)
        .u32(blockSize)
        .zeroes(BYTES - CHECKSUM_POSITION);
    out.seek(CHECKSUM_POSITION).u32(VpcFooter.checksum(target, CHECKSUM_POSITION));
  }

  /** The size of a block's bitmap of sectors: whole sectors, in bytes. */
  int bitmapSize() {
    return (blockSize / SECTOR / 8 + SECTOR - 1) / SECTOR * SECTOR;
  }

  /** What a block and its bitmap take, in bytes. */
  long room() {
    return (long) bitmapSize() + blockSize;
  }

  /** The first byte behind the BAT, in whole sectors. */
  long tableEnd() {
    return (tableOffset + 4L * entries + SECTOR - 1) / SECTOR * SECTOR;
  }
}
