// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vhdx;

import static dev.strata.block.Errno.EINVAL;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.IoVector;
import dev.strata.block.layout.StructReader;
import dev.strata.block.layout.StructWriter;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * An entry of the log: descriptors, then a sector for each that has data.
 *
 * @param bytes all of it, a multiple of 4096 bytes
 * @param tail where the sequence begins that this entry is the end of, in bytes from the log's
 *     start
 * @param flushedLength what the file's length must be at least
 * @param lastLength what the file's length must be at least when the entry was applied
 * @see "[MS-VHDX] 2.3.1, Log Entry"
 */
record LogEntry(
    byte[] bytes, long tail, long sequence, int descriptors, long flushedLength, long lastLength) {
  static final int SECTOR = 4096;

  private static final int SIGNATURE = 0x65676f6c; // "loge"
  private static final long DESCRIPTOR = 0x63736564; // "desc"
  private static final long ZERO = 0x6f72657a; // "zero"
  private static final long DATA = 0x61746164; // "data"
  private static final int HEADER_BYTES = 64;
  private static final int DESCRIPTOR_BYTES = 32;
  private static final int LEADING = 8;
  private static final int TRAILING = 4;
  private static final long MAX_PLACE = 1L << 50; // no VHDX file reaches so far

  /** How many data sectors an entry has room for beside one sector of descriptors. */
  static final int MAX_SECTORS = (SECTOR - HEADER_BYTES) / DESCRIPTOR_BYTES;

  /** The length of the entry that begins with this sector, or 0 if none does. */
  static long lengthAt(byte[] sector, Guid logId, long logLength) throws BlockException {
    var in = StructReader.littleEndian(sector);
    long signature = in.u32("Signature"); //          0
    in.skip("Checksum", 4); //                        4
    long length = in.u32("EntryLength"); //           8
    in.skip("Tail", 4); //                           12
    long sequence = in.u64("SequenceNumber"); //     16
    long descriptors = in.u32("DescriptorCount"); // 24
    in.skip("Reserved", 4); //                       28
    Guid id = Guid.read(in, "LogGuid"); //           32
    boolean right =
        signature == SIGNATURE
            && id.equals(logId)
            && sequence != 0
            && length >= SECTOR
            && length % SECTOR == 0
            && length <= logLength
            && HEADER_BYTES + descriptors * DESCRIPTOR_BYTES <= length;
    return right ? length : 0;
  }

  /** The entry, or null if it was not written to its end. */
  static @Nullable LogEntry decode(byte[] bytes) throws BlockException {
    if (!VhdxHeader.isSound(bytes, SIGNATURE)) {
      return null;
    }
    var in = StructReader.littleEndian(bytes);
    in.seek("Tail", 12);
    long tail = in.u32("Tail"); //                      12
    long sequence = in.u64("SequenceNumber"); //        16
    int descriptors = (int) in.u32("DescriptorCount"); // 24
    in.seek("FlushedFileOffset", 48);
    long flushedLength = in.u64("FlushedFileOffset"); // 48
    long lastLength = in.u64("LastFileOffset"); //       56
    if (flushedLength < 0 || lastLength < 0 || lastLength > MAX_PLACE) {
      return null;
    }
    return new LogEntry(bytes, tail, sequence, descriptors, flushedLength, lastLength);
  }

  /** Does what the descriptors say, or checks that it can be done if {@code file} is null. */
  void apply(@Nullable Child file) throws BlockException {
    var in = StructReader.littleEndian(bytes);
    in.seek("descriptors", HEADER_BYTES);
    long data = (HEADER_BYTES + (long) descriptors * DESCRIPTOR_BYTES + SECTOR - 1) & -SECTOR;
    for (int i = 0; i < descriptors; i++) {
      long signature = in.u32("Signature"); //          0
      byte[] trailing = in.bytes("TrailingBytes", 4); // 4
      byte[] leading = in.bytes("LeadingBytes", 8); //   8
      long place = in.u64("FileOffset"); //             16
      long number = in.u64("SequenceNumber"); //        24
      if (number != sequence || place % SECTOR != 0 || place < 0 || place >= MAX_PLACE) {
        throw damaged(signature);
      }
      if (signature == ZERO) {
        long length = StructReader.littleEndian(leading).u64("ZeroLength");
        if (length < 0 || length % SECTOR != 0 || length > MAX_PLACE - place) {
          throw damaged(signature);
        }
        if (file != null && length > 0) {
          file.writeZeroes(place, length, 0);
        }
      } else if (signature == DESCRIPTOR && data + SECTOR <= bytes.length) {
        byte[] sector = sector((int) data, leading, trailing);
        if (file != null) {
          file.write(place, IoVector.of(sector), 0);
        }
        data += SECTOR;
      } else {
        throw damaged(signature);
      }
    }
  }

  private static BlockException damaged(long signature) {
    return new BlockException(
        EINVAL, "Invalid VHDX log descriptor entry signature 0x" + Long.toHexString(signature));
  }

  /** The descriptor has the bytes that the data sector's own marks take the place of. */
  private byte[] sector(int at, byte[] leading, byte[] trailing) throws BlockException {
    var in = StructReader.littleEndian(Arrays.copyOfRange(bytes, at, at + SECTOR));
    long signature = in.u32("DataSignature"); //   0
    long high = in.u32("SequenceHigh"); //         4
    byte[] middle = in.bytes("Data", SECTOR - LEADING - TRAILING); // 8
    long low = in.u32("SequenceLow"); //        4092
    if (signature != DATA || (high << 32 | low) != sequence) {
      throw damaged(signature);
    }
    byte[] sector = new byte[SECTOR];
    System.arraycopy(leading, 0, sector, 0, LEADING);
    System.arraycopy(middle, 0, sector, LEADING, middle.length);
    System.arraycopy(trailing, 0, sector, SECTOR - TRAILING, TRAILING);
    return sector;
  }

  /**
   * An entry that writes {@code content}, sectors of 4096 bytes, {@link #MAX_SECTORS} at most, to
   * {@code place}.
   *
   * @param position of the entry in the log
   */
  static byte[] encode(
      long position, long sequence, Guid logId, long fileLength, long place, byte[] content) {
    int sectors = content.length / SECTOR;
    byte[] bytes = new byte[SECTOR + content.length];
    var out = StructWriter.littleEndian(bytes);
    out.u32(SIGNATURE)
        .u32(0)
        .u32(bytes.length)
        .u32(position)
        .u64(sequence)
        .u32(sectors)
        .u32(0)
        .bytes(logId.bytes())
        .u64(fileLength)
        .u64(fileLength);
    for (int i = 0; i < sectors; i++) {
      int at = i * SECTOR;
      out.u32(DESCRIPTOR)
          .bytes(Arrays.copyOfRange(content, at + SECTOR - TRAILING, at + SECTOR))
          .bytes(Arrays.copyOfRange(content, at, at + LEADING))
          .u64(place + at)
          .u64(sequence);
    }
    out.seek(SECTOR);
    for (int i = 0; i < sectors; i++) {
      out.u32(DATA)
          .u32(sequence >>> 32)
          .bytes(Arrays.copyOfRange(content, i * SECTOR + LEADING, (i + 1) * SECTOR - TRAILING))
          .u32(sequence & 0xffff_ffffL);
    }
    VhdxHeader.seal(bytes);
    return bytes;
  }
}
