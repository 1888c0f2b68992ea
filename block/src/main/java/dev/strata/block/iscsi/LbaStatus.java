// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.iscsi;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.layout.StructReader;
import java.lang.foreign.MemorySegment;

/**
 * The first descriptor of a reply to GET LBA STATUS: a run of blocks with one provisioning status.
 *
 * @param count of blocks, 1 to 2^32 - 1
 * @param mapped whether the unit stores the blocks; else they are deallocated or anchored
 * @see "SBC-3, 5.5.2 GET LBA STATUS parameter data"
 */
record LbaStatus(long count, boolean mapped) {
  /** Of a reply with one descriptor, in bytes. */
  static final int REPLY_SIZE = 24;

  private static final int HEADER_SIZE = 8;
  private static final int STATUS_MASK = 0xf;
  private static final int DEALLOCATED = 1;
  private static final int ANCHORED = 2;

  /**
   * Reads a reply that may say anything.
   *
   * @param received how many bytes came
   * @param firstBlock which was asked for; a reply about others is no answer
   */
  static LbaStatus decode(MemorySegment reply, int received, long firstBlock)
      throws BlockException {
    if (received < REPLY_SIZE) {
      throw new BlockException(
          Errno.EIO, "GET LBA STATUS was answered with " + received + " bytes");
    }
    var in = StructReader.bigEndian(reply.asSlice(0, REPLY_SIZE));
    long following = in.u32("PARAMETER DATA LENGTH"); // without itself
    in.skip("reserved", HEADER_SIZE - Integer.BYTES);
    long start = in.u64("LBA STATUS LOGICAL BLOCK ADDRESS");
    long count = in.u32("NUMBER OF LOGICAL BLOCKS");
    int status = in.u8("PROVISIONING STATUS") & STATUS_MASK;
    if (following < REPLY_SIZE - Integer.BYTES || start != firstBlock || count == 0) {
      throw new BlockException(
          Errno.EIO,
          "GET LBA STATUS of block "
              + firstBlock
              + " was answered for "
              + count
              + " blocks from "
              + Long.toUnsignedString(start));
    }
    return new LbaStatus(count, status != DEALLOCATED && status != ANCHORED);
  }
}
