// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vhdx;

import static dev.strata.block.Errno.EINVAL;
import static dev.strata.block.Errno.EOPNOTSUPP;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.layout.StructReader;
import dev.strata.block.layout.StructWriter;

/**
 * Where the BAT and the metadata lie; all in bytes, multiples of 1 MiB.
 *
 * @see "[MS-VHDX] 2.2.3, Region Tables"
 */
record Regions(long batOffset, long batLength, long metadataOffset, long metadataLength) {
  static final int TABLE_BYTES = 64 << 10;
  static final long FIRST_POSITION = 192 << 10;
  static final long SECOND_POSITION = 256 << 10;

  private static final long SIGNATURE = 0x69676572; // "regi"
  private static final int MAX_ENTRIES = 2047;
  private static final Guid BAT = Guid.of("2dc27766-f623-4200-9d64-115e9bfd4a08");
  private static final Guid METADATA = Guid.of("8b7ca206-4790-4b9a-b8fe-575f050f886e");
  private static final long MIB = 1 << 20;
  private static final long REQUIRED = 1;

  static Regions read(Child file) throws BlockException {
    byte[] table = new byte[TABLE_BYTES];
    file.read(FIRST_POSITION, table, 0);
    if (!VhdxHeader.isSound(table, SIGNATURE)) {
      file.read(SECOND_POSITION, table, 0);
      if (!VhdxHeader.isSound(table, SIGNATURE)) {
        throw VhdxImage.invalid(file);
      }
    }
    var in = StructReader.littleEndian(table);
    in.skip("Signature, Checksum", 8); //                   0
    long count = in.u32("EntryCount"); //                   8
    in.skip("Reserved", 4); //                             12
    if (count > MAX_ENTRIES) {
      throw VhdxImage.invalid(file);
    }
    long[] bat = null;
    long[] metadata = null;
    for (int i = 0; i < count; i++) {
      Guid id = Guid.read(in, "Guid");
      long offset = in.u64("FileOffset");
      long length = in.u32("Length");
      long required = in.u32("Required");
      if (offset < MIB
          || offset > Long.MAX_VALUE / 4
          || offset % MIB != 0
          || length == 0
          || length % MIB != 0) {
        throw VhdxImage.invalid(file);
      }
      if (id.equals(BAT) && bat == null) {
        bat = new long[] {offset, length};
      } else if (id.equals(METADATA) && metadata == null) {
        metadata = new long[] {offset, length};
      } else if (id.equals(BAT) || id.equals(METADATA)) {
        throw VhdxImage.invalid(file);
      } else if ((required & REQUIRED) != 0) {
        throw BlockException.of(EOPNOTSUPP, "Could not open '" + file.filename() + "'");
      }
    }
    if (bat == null || metadata == null) {
      throw VhdxImage.invalid(file);
    }
    return new Regions(bat[0], bat[1], metadata[0], metadata[1]);
  }

  byte[] encode() {
    byte[] table = new byte[TABLE_BYTES];
    StructWriter.littleEndian(table)
        .u32(SIGNATURE)
        .u32(0)
        .u32(2)
        .u32(0)
        .bytes(BAT.bytes())
        .u64(batOffset)
        .u32(batLength)
        .u32(REQUIRED)
        .bytes(METADATA.bytes())
        .u64(metadataOffset)
        .u32(metadataLength)
        .u32(REQUIRED);
    VhdxHeader.seal(table);
    return table;
  }

  /** Throws if two of the log and the regions overlap. */
  void checkApart(VhdxHeader header) throws BlockException {
    long[][] all = {
      {header.logOffset(), header.logLength()},
      {batOffset, batLength},
      {metadataOffset, metadataLength}
    };
    for (int i = 0; i < all.length; i++) {
      for (int j = i + 1; j < all.length; j++) {
        long start = all[i][0];
        long end = start + all[i][1];
        long otherStart = all[j][0];
        long otherEnd = otherStart + all[j][1];
        if (start < otherEnd && otherStart < end) {
          throw new BlockException(
              EINVAL,
              "VHDX region "
                  + otherStart
                  + "-"
                  + otherEnd
                  + " overlaps with region "
                  + start
                  + "-"
                  + end
                  + ".");
        }
      }
    }
  }

  /** Whether those bytes are neither headers nor log nor of a region. */
  boolean leaveFree(VhdxHeader header, long offset, long length) {
    return offset >= MIB
        && apart(offset, length, header.logOffset(), header.logLength())
        && apart(offset, length, batOffset, batLength)
        && apart(offset, length, metadataOffset, metadataLength);
  }

  private static boolean apart(long start, long length, long otherStart, long otherLength) {
    return start + length <= otherStart || otherStart + otherLength <= start;
  }
}
