// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.compression;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Finds a Zstandard frame's end from the sizes that its blocks begin with (RFC 8878, 3.1). */
final class ZstdFrame {
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final int MAGIC = 0xFD2FB528;
  private static final int SKIPPABLE_MAGIC = 0x184D2A50; // the low four bits are the user's
  private static final int RLE_BLOCK = 1;
  private static final int RESERVED_BLOCK = 3;

  private ZstdFrame() {}

  /**
   * The length of the frame that begins at {@code start}, in bytes.
   *
   * @throws BlockException EIO if there is no frame or the segment ends before it
   */
  static long length(MemorySegment in, long start) throws BlockException {
    need(in, start, 5);
    int magic = in.get(INT, start);
    if ((magic & ~0xf) == SKIPPABLE_MAGIC) {
      need(in, start, 8);
      return need(in, start, 8 + (in.get(INT, start + 4) & 0xffff_ffffL));
    }
    if (magic != MAGIC) {
      throw BlockException.of(Errno.EIO);
    }
    int descriptor = in.get(ValueLayout.JAVA_BYTE, start + 4);
    long length = 5L + headerLength(descriptor);
    boolean last = false;
    while (!last) { // ends with the segment at the latest: each round takes three bytes or more
      need(in, start, length + 3);
      // The byte before the block header belongs to the frame header.
      int block = in.get(INT, start + length - 1) >>> 8;
      last = (block & 1) != 0;
      int type = block >>> 1 & 3;
      if (type == RESERVED_BLOCK) {
        throw BlockException.of(Errno.EIO);
      }
      length += 3 + (type == RLE_BLOCK ? 1 : block >>> 3);
    }
    boolean checksum = (descriptor & 4) != 0;
    return need(in, start, length + (checksum ? 4 : 0));
  }

  /** The bytes between the frame header descriptor and the first block. */
  private static int headerLength(int descriptor) {
    boolean singleSegment = (descriptor & 0x20) != 0;
    int window = singleSegment ? 0 : 1;
    int dictionaryId = (1 << (descriptor & 3)) >> 1; // 0, 1, 2, 4
    int contentSizeFlag = descriptor >>> 6 & 3;
    int contentSize = contentSizeFlag == 0 ? (singleSegment ? 1 : 0) : 1 << contentSizeFlag;
    return window + dictionaryId + contentSize;
  }

  private static long need(MemorySegment in, long start, long length) throws BlockException {
    if (length > in.byteSize() - start) {
      throw BlockException.of(Errno.EIO);
    }
    return length;
  }
}
