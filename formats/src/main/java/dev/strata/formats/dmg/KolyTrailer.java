// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.dmg;

import static dev.strata.block.Errno.EINVAL;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.IoVector;
import dev.strata.block.layout.StructReader;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * The trailer, 512 bytes. All numbers are big-endian.
 *
 * @param position of the trailer in the file
 * @param dataForkOffset of the chunks, in bytes
 * @param forkOffset of the resource fork, in bytes
 * @param forkLength in bytes; 0 if there is none
 * @param plistOffset of the property list, in bytes
 * @param plistLength in bytes; 0 if there is none
 * @param sectors of the disk
 * @see "Demystifying the DMG File Format, The UDIF resource file"
 */
record KolyTrailer(
    long position,
    long dataForkOffset,
    long forkOffset,
    int forkLength,
    long plistOffset,
    int plistLength,
    long sectors) {
  static final int BYTES = 512;

  private static final int MAGIC = 0x6b6f6c79; // "koly"

  /** A property list or a resource fork is held in memory as a whole. */
  private static final long MAX_TABLES = 16 << 20;

  /** Reads the trailer, which may not lie quite at the end. */
  static KolyTrailer find(Child file) throws BlockException {
    long length = file.length();
    if (length < BYTES) {
      throw new BlockException(EINVAL, "dmg file must be at least 512 bytes long");
    }
    byte[] tail = new byte[(int) Math.min(length, 2 * BYTES - 1)];
    long tailStart = length - tail.length;
    file.read(tailStart, IoVector.of(tail), 0);
    var in = ByteBuffer.wrap(tail);
    for (int at = tail.length - BYTES; at >= 0; at--) {
      if (in.getInt(at) == MAGIC) {
        byte[] trailer = Arrays.copyOfRange(tail, at, at + BYTES);
        return decode(trailer, tailStart + at);
      }
    }
    throw new BlockException(EINVAL, "Could not locate UDIF trailer in dmg file");
  }

  private static KolyTrailer decode(byte[] trailer, long position) throws BlockException {
    var in = StructReader.bigEndian(trailer);
    in.seek("DataForkOffset", 0x18);
    long dataForkOffset = in.u64("DataForkOffset"); //     0x018
    long dataForkLength = in.u64("DataForkLength"); //     0x020
    long forkOffset = in.u64("RsrcForkOffset"); //         0x028
    long forkLength = in.u64("RsrcForkLength"); //         0x030
    in.seek("XMLOffset", 0xd8);
    long plistOffset = in.u64("XMLOffset"); //             0x0d8
    long plistLength = in.u64("XMLLength"); //             0x0e0
    in.seek("SectorCount", 0x1ec);
    long sectors = in.u64("SectorCount"); //               0x1ec
    if (!isInside(dataForkOffset, dataForkLength, position)
        || !isInside(forkOffset, forkLength, position)
        || !isInside(plistOffset, plistLength, position)
        || sectors < 0
        || sectors > Long.MAX_VALUE / 512) {
      throw BlockException.of(EINVAL);
    }
    return new KolyTrailer(
        position,
        dataForkOffset,
        forkOffset,
        bounded("RsrcForkLength", forkLength),
        plistOffset,
        bounded("XMLLength", plistLength),
        sectors);
  }

  private static int bounded(String name, long length) throws BlockException {
    if (length > MAX_TABLES) {
      throw new BlockException(EINVAL, name + " is " + length + "; must be at most " + MAX_TABLES);
    }
    return (int) length;
  }

  private static boolean isInside(long offset, long length, long end) {
    return offset >= 0 && length >= 0 && offset <= end && length <= end - offset;
  }
}
