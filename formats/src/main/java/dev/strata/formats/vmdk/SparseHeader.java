// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vmdk;

import static dev.strata.block.Errno.EINVAL;

import dev.strata.block.BlockException;
import dev.strata.block.layout.StructReader;
import dev.strata.block.layout.StructWriter;

/**
 * The header of a hosted sparse extent. All numbers are little-endian, places and sizes in sectors.
 *
 * @param capacity of the extent, unsigned
 * @param grainSize unsigned
 * @param descriptorOffset 0 if there is none inside
 * @param redundantOffset of the redundant grain directory
 * @param directoryOffset of the grain directory, or {@link #AT_END}
 * @param overhead where the grains begin
 * @see "VMware Virtual Disk Format 5.0, Hosted Sparse Extent Header"
 */
record SparseHeader(
    long version,
    long flags,
    long capacity,
    long grainSize,
    long descriptorOffset,
    long descriptorSize,
    long tableEntries,
    long redundantOffset,
    long directoryOffset,
    long overhead,
    int compression) {
  static final int BYTES = 512;
  static final int MAGIC = 0x4b444d56; // "KDMV"
  static final int MAX_TABLE_ENTRIES = 512;

  /** The grain directory's place is in the footer, {@link #FOOTER_BYTES} before the file's end. */
  static final long AT_END = -1L;

  static final int FOOTER_BYTES = 3 * VmdkExtent.SECTOR;

  static final long FLAG_NEW_LINES = 1;
  static final long FLAG_REDUNDANT = 2;
  static final long FLAG_ZERO_GRAIN = 4;
  static final long FLAG_COMPRESSED = 0x10000;
  static final long FLAG_MARKERS = 0x20000;
  static final int DEFLATE = 1;

  private static final int NEW_LINES = 0x0a0d200a; // "\n \r\n"
  private static final int MAX_DIRECTORY = 32 << 20;
  private static final long MARKER_FOOTER = 3;
  private static final long MARKER_END_OF_STREAM = 0;

  static SparseHeader decode(byte[] sector) throws BlockException {
    var in = StructReader.littleEndian(sector);
    in.skip("magicNumber", 4); //                          0
    long version = in.u32("version"); //                   4
    long flags = in.u32("flags"); //                       8
    long capacity = in.u64("capacity"); //                12
    long grainSize = in.u64("grainSize"); //              20
    long descriptorOffset = in.u64("descriptorOffset"); // 28
    long descriptorSize = in.u64("descriptorSize"); //    36
    long tableEntries = in.u32("numGTEsPerGT"); //        44
    long redundantOffset = in.u64("rgdOffset"); //        48
    long directoryOffset = in.u64("gdOffset"); //         56
    long overhead = in.u64("overHead"); //                64
    in.skip("uncleanShutdown", 1); //                     72
    in.skip("singleEndLineChar, ...", 4); //              73
    int compression = in.u16("compressAlgorithm"); //     77
    return new SparseHeader(
        version,
        flags,
        capacity,
        grainSize,
        descriptorOffset,
        descriptorSize,
        tableEntries,
        redundantOffset,
        directoryOffset,
        overhead,
        compression);
  }

  /** The header in the footer of a stream: a marker, the header, and the end's marker. */
  static SparseHeader decodeFooter(byte[] footer) throws BlockException {
    var in = StructReader.littleEndian(footer);
    boolean right = isMarker(in, MARKER_FOOTER);
    byte[] header = in.bytes("footer", BYTES);
    right &= StructReader.bigEndian(header).u32("magicNumber") == MAGIC;
    right &= isMarker(in, MARKER_END_OF_STREAM);
    if (!right) {
      throw new BlockException(EINVAL, "Invalid footer");
    }
    return decode(header);
  }

  private static boolean isMarker(StructReader in, long type) throws BlockException {
    in.skip("val", 8);
    boolean right = in.u32("size") == 0;
    right &= in.u32("type") == type;
    in.skip("pad", VmdkExtent.SECTOR - 16L);
    return right;
  }

  /**
   * Whether an extent can be like this.
   *
   * @param fileLength in bytes
   */
  void check(long fileLength) throws BlockException {
    if (version > 3) {
      throw new BlockException(
          dev.strata.block.Errno.EOPNOTSUPP, "Unsupported VMDK version " + version);
    }
    if (tableEntries > MAX_TABLE_ENTRIES) {
      throw new BlockException(EINVAL, "L2 table size too big");
    }
    if ((int) (tableEntries * grainSize) == 0) { // 32 bits are all that the reference keeps
      throw new BlockException(EINVAL, "L1 entry size is invalid");
    }
    long needed = overhead * VmdkExtent.SECTOR;
    if ((fileLength + VmdkExtent.SECTOR - 1) / VmdkExtent.SECTOR < overhead || overhead < 0) {
      throw new BlockException(EINVAL, "File truncated, expecting at least " + needed + " bytes");
    }
    VmdkExtent.checkGrain(grainSize);
    // Of this number, too, the reference keeps 32 bits; what they hide shows in the size.
    if ((directoryEntries() & 0xffff_ffffL) > MAX_DIRECTORY) {
      throw new BlockException(EINVAL, "L1 size too big");
    }
    VmdkExtent.checkSize(capacity);
    if (directoryEntries() > MAX_DIRECTORY) {
      throw new BlockException(EINVAL, "L1 size too big");
    }
    if (isCompressed() && grainSize * VmdkExtent.SECTOR > VmdkExtent.MAX_PACKED_GRAIN) {
      throw new BlockException(EINVAL, "Invalid granularity, image may be corrupt");
    }
  }

  /** How many grain tables there are; the caller has checked the sizes. */
  private long directoryEntries() {
    long covered = tableEntries * grainSize;
    long whole = Long.divideUnsigned(capacity, covered);
    return whole + (Long.remainderUnsigned(capacity, covered) == 0 ? 0 : 1);
  }

  int directorySize() {
    return (int) directoryEntries();
  }

  boolean isCompressed() {
    return compression == DEFLATE;
  }

  boolean has(long flag) {
    return (flags & flag) != 0;
  }

  /** With the grain directory at its place in this file. */
  SparseHeader withDirectory(long offset) {
    return new SparseHeader(
        version,
        flags,
        capacity,
        grainSize,
        descriptorOffset,
        descriptorSize,
        tableEntries,
        redundantOffset,
        offset,
        overhead,
        compression);
  }

  byte[] encode() {
    byte[] sector = new byte[BYTES];
    StructWriter.bigEndian(sector).u32(MAGIC);
    var out = StructWriter.littleEndian(sector).skip(4);
    out.u32(version).u32(flags).u64(capacity).u64(grainSize);
    out.u64(descriptorOffset).u64(descriptorSize).u32(tableEntries);
    out.u64(redundantOffset).u64(directoryOffset).u64(overhead);
    out.u8(0).u32(NEW_LINES).u16(compression);
    return sector;
  }
}
