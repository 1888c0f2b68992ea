// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vmdk;

import static dev.strata.block.Errno.EINVAL;
import static dev.strata.block.Errno.EOPNOTSUPP;

import dev.strata.block.BlockException;
import dev.strata.block.layout.StructReader;

/**
 * The constant header of a space-efficient sparse extent, and what its volatile header has to be.
 * All numbers are little-endian, 64 bits wide, places and sizes in sectors.
 *
 * @param capacity of the extent
 * @param volatileOffset of the volatile header
 * @param directoryOffset of the grain directory
 * @param directorySize in sectors
 * @param tablesOffset of the grain tables
 * @param grainsOffset of the grains
 */
record SeSparseHeader(
    long capacity,
    long volatileOffset,
    long directoryOffset,
    long directorySize,
    long tablesOffset,
    long grainsOffset) {
  static final int BYTES = 512;
  static final int GRAIN = 4096;
  static final int TABLE_ENTRIES = 4096;

  private static final long MAGIC = 0xcafebabeL;
  private static final long VOLATILE_MAGIC = 0xcafecafeL;
  private static final long VERSION = 0x2_0000_0001L;
  private static final long GRAIN_SECTORS = 8;
  private static final long TABLE_SECTORS = 64;
  private static final int MAX_DIRECTORY = 32 << 20;

  static SeSparseHeader decode(byte[] sector) throws BlockException {
    var in = StructReader.littleEndian(sector);
    long magic = in.u64("magic"); //                          0
    check(magic == MAGIC, EINVAL, "Bad const header magic: ", magic);
    long version = in.u64("version"); //                      8
    check(version == VERSION, EOPNOTSUPP, "Unsupported version: ", version);
    long capacity = in.u64("capacity"); //                   16
    long grainSize = in.u64("grain_size"); //                24
    long tableSize = in.u64("grain_table_size"); //          32
    long flags = in.u64("flags"); //                         40
    if (grainSize != GRAIN_SECTORS) {
      throw new BlockException(
          EOPNOTSUPP, "Unsupported grain size: " + Long.toUnsignedString(grainSize));
    }
    if (tableSize != TABLE_SECTORS) {
      throw new BlockException(
          EOPNOTSUPP, "Unsupported grain table size: " + Long.toUnsignedString(tableSize));
    }
    check(flags == 0, EOPNOTSUPP, "Unsupported flags: ", flags);
    checkReserved(in); //                                    48
    long volatileOffset = in.u64("volatile_header_offset"); // 80
    in.skip("volatile_header_size, journal", 40); //         88
    long directoryOffset = in.u64("grain_dir_offset"); //   128
    long directorySize = in.u64("grain_dir_size"); //       136
    long tablesOffset = in.u64("grain_tables_offset"); //   144
    in.skip("grain_tables_size, free_bitmap, backmap", 40); // 152
    long grainsOffset = in.u64("grains_offset"); //         192
    in.skip("grains_size", 8); //                           200
    checkPadding(in, 208, "const");
    VmdkExtent.checkSize(capacity);
    if (tables(capacity) > MAX_DIRECTORY) {
      throw new BlockException(EINVAL, "L1 size too big");
    }
    return new SeSparseHeader(
        capacity, volatileOffset, directoryOffset, directorySize, tablesOffset, grainsOffset);
  }

  private static void checkReserved(StructReader in) throws BlockException {
    boolean set = false;
    var text = new StringBuilder("Unsupported reserved bits:");
    for (int i = 0; i < 4; i++) {
      long bits = in.u64("reserved");
      set |= bits != 0;
      text.append(" 0x").append(hex(bits));
    }
    if (set) {
      throw new BlockException(EOPNOTSUPP, text.toString());
    }
  }

  static void checkVolatile(byte[] sector) throws BlockException {
    var in = StructReader.littleEndian(sector);
    long magic = in.u64("magic"); //                 0
    check(magic == VOLATILE_MAGIC, EINVAL, "Bad volatile header magic: ", magic);
    in.skip("free_gt_number, next_txn_seq_number", 16);
    if (in.u64("replay_journal") != 0) { //         24
      throw new BlockException(EOPNOTSUPP, "Image is dirty, Replaying journal not supported");
    }
    checkPadding(in, 32, "volatile");
  }

  private static void checkPadding(StructReader in, int from, String header) throws BlockException {
    for (byte b : in.bytes("pad", BYTES - from)) {
      if (b != 0) {
        throw new BlockException(EOPNOTSUPP, "Unsupported non-zero " + header + " header padding");
      }
    }
  }

  private static void check(
      boolean right, dev.strata.block.Errno errno, String otherwise, long value)
      throws BlockException {
    if (!right) {
      throw new BlockException(errno, otherwise + "0x" + hex(value));
    }
  }

  private static String hex(long value) {
    String digits = Long.toHexString(value);
    return "0".repeat(16 - digits.length()) + digits;
  }

  private static long tables(long capacity) {
    long covered = GRAIN_SECTORS * TABLE_ENTRIES;
    return capacity / covered + (capacity % covered == 0 ? 0 : 1);
  }

  /** How many grain tables the directory can name. */
  int directoryEntries() {
    long room = directorySize < 0 || directorySize > 1 << 24 ? 1 << 24 : directorySize;
    return (int) Math.min(tables(capacity), room * (VmdkExtent.SECTOR / 8));
  }
}
