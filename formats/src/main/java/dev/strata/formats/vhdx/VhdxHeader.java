// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vhdx;

import static dev.strata.block.Errno.EINVAL;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.layout.StructReader;
import dev.strata.block.layout.StructWriter;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * A header. There are two; the valid one with the higher sequence number counts. All numbers are
 * little-endian.
 *
 * @param sequence counts the updates, unsigned
 * @param fileId changes when anything in the file does
 * @param dataId changes when what the guest sees does
 * @param logId of the log entries that have to be replayed; zeroes if there are none
 * @param logOffset in bytes
 * @see "[MS-VHDX] 2.2.2, Headers"
 */
record VhdxHeader(
    long sequence, Guid fileId, Guid dataId, Guid logId, long logLength, long logOffset) {
  static final int BYTES = 4096;
  static final long FIRST_POSITION = 64 << 10;
  static final long SECOND_POSITION = 128 << 10;

  private static final long SIGNATURE = 0x64616568; // "head"
  private static final int CHECKSUM_POSITION = 4;
  private static final int VERSION = 1;
  private static final long MIB = 1 << 20;

  /** The header that counts, and which of the two it is. */
  record Current(VhdxHeader header, boolean second) {}

  static Current read(Child file) throws BlockException {
    VhdxHeader first = readValid(file, FIRST_POSITION);
    VhdxHeader second = readValid(file, SECOND_POSITION);
    if (first == null && second == null) {
      throw none();
    }
    if (first == null || second == null) {
      return first == null ? new Current(second(second), true) : new Current(first, false);
    }
    int order = Long.compareUnsigned(first.sequence, second.sequence);
    // Disk2vhd writes the same header twice.
    if (order == 0 && !first.equals(second)) {
      throw none();
    }
    return order >= 0 ? new Current(first, false) : new Current(second, true);
  }

  private static VhdxHeader second(@Nullable VhdxHeader header) throws BlockException {
    if (header == null) {
      throw none();
    }
    return header;
  }

  private static BlockException none() {
    return new BlockException(EINVAL, "No valid VHDX header found");
  }

  private static @Nullable VhdxHeader readValid(Child file, long position) throws BlockException {
    byte[] bytes = new byte[BYTES];
    file.read(position, bytes, 0);
    var in = StructReader.littleEndian(bytes);
    long signature = in.u32("Signature"); //                   0
    long checksum = in.u32("Checksum"); //                     4
    long sequence = in.u64("SequenceNumber"); //               8
    Guid fileId = Guid.read(in, "FileWriteGuid"); //          16
    Guid dataId = Guid.read(in, "DataWriteGuid"); //          32
    Guid logId = Guid.read(in, "LogGuid"); //                 48
    in.skip("LogVersion", 2); //                              64
    int version = in.u16("Version"); //                       66
    long logLength = in.u32("LogLength"); //                  68
    long logOffset = in.u64("LogOffset"); //                  72
    if (signature != SIGNATURE
        || checksum != checksum(bytes, CHECKSUM_POSITION)
        || version != VERSION
        || logOffset < MIB
        || logOffset > Long.MAX_VALUE / 4
        || logOffset % MIB != 0
        || logLength % MIB != 0) {
      return null;
    }
    return new VhdxHeader(sequence, fileId, dataId, logId, logLength, logOffset);
  }

  /** The checksum of a structure whose own checksum, four bytes, counts as zeroes. */
  static long checksum(byte[] bytes, int position) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, position);
    crc.update(new byte[4], 0, 4);
    crc.update(bytes, position + 4, bytes.length - position - 4);
    return crc.getValue();
  }

  byte[] encode() {
    byte[] bytes = new byte[BYTES];
    var out = StructWriter.littleEndian(bytes);
    out.u32(SIGNATURE)
        .u32(0)
        .u64(sequence)
        .bytes(fileId.bytes())
        .bytes(dataId.bytes())
        .bytes(logId.bytes())
        .u16(0)
        .u16(VERSION)
        .u32(logLength)
        .u64(logOffset);
    out.seek(CHECKSUM_POSITION).u32(checksum(bytes, CHECKSUM_POSITION));
    return bytes;
  }

  VhdxHeader next(Guid newFileId, Guid newDataId, Guid newLogId) {
    return new VhdxHeader(sequence + 1, newFileId, newDataId, newLogId, logLength, logOffset);
  }

  /** Whether a structure has that signature, four characters, and the right checksum behind it. */
  static boolean isSound(byte[] bytes, long signature) {
    var in = java.nio.ByteBuffer.wrap(bytes).order(java.nio.ByteOrder.LITTLE_ENDIAN);
    return (in.getInt(0) & 0xffff_ffffL) == signature
        && (in.getInt(CHECKSUM_POSITION) & 0xffff_ffffL) == checksum(bytes, CHECKSUM_POSITION);
  }

  /** Puts the checksum of a structure into its place. */
  static void seal(byte[] bytes) {
    StructWriter.littleEndian(bytes)
        .seek(CHECKSUM_POSITION)
        .u32(checksum(bytes, CHECKSUM_POSITION));
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof VhdxHeader that && Arrays.equals(encode(), that.encode());
  }

  @Override
  public int hashCode() {
    return Long.hashCode(sequence);
  }
}
