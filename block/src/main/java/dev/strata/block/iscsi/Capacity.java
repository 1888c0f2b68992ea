// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.iscsi;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.layout.StructReader;
import java.lang.foreign.MemorySegment;

/**
 * How large a unit is: the replies to READ CAPACITY(10) and (16).
 *
 * @param blocks how many; 0 or more
 * @param blockSize in bytes; a power of two, 512 to 64 KiB
 * @param provisioned whether blocks may be unmapped: LBPME
 * @param unmappedReadsZero whether unmapped blocks read as zeroes: LBPRZ
 * @see "SBC-3, 5.15 READ CAPACITY (10) command, 5.16 READ CAPACITY (16) command"
 */
record Capacity(long blocks, int blockSize, boolean provisioned, boolean unmappedReadsZero) {
  static final int LONG_REPLY_SIZE = 32;
  static final int SHORT_REPLY_SIZE = 8;

  /** Of a unit that has no blocks. */
  static final Capacity NOTHING = new Capacity(0, 512, false, false);

  private static final int MIN_BLOCK_SIZE = 512;
  private static final int MAX_BLOCK_SIZE = 1 << 16;
  private static final int LBPME = 1 << 7;
  private static final int LBPRZ = 1 << 6;

  static Capacity decodeLong(MemorySegment reply) throws BlockException {
    var in = StructReader.bigEndian(reply.asSlice(0, LONG_REPLY_SIZE));
    long last = in.u64("RETURNED LOGICAL BLOCK ADDRESS"); //  0
    long blockSize = in.u32("LOGICAL BLOCK LENGTH IN BYTES"); //  8
    in.skip("protection, exponent", 2); // 12
    int provisioning = in.u8("LBPME, LBPRZ"); // 14
    return of(last, blockSize, (provisioning & LBPME) != 0, (provisioning & LBPRZ) != 0);
  }

  static Capacity decodeShort(MemorySegment reply) throws BlockException {
    var in = StructReader.bigEndian(reply.asSlice(0, SHORT_REPLY_SIZE));
    long last = in.u32("RETURNED LOGICAL BLOCK ADDRESS"); // 0
    long blockSize = in.u32("LOGICAL BLOCK LENGTH IN BYTES"); // 4
    return last == 0 ? NOTHING : of(last, blockSize, false, false); // a blank medium
  }

  private static Capacity of(long last, long blockSize, boolean provisioned, boolean readsZero)
      throws BlockException {
    if (blockSize < MIN_BLOCK_SIZE || blockSize > MAX_BLOCK_SIZE || Long.bitCount(blockSize) != 1) {
      throw new BlockException(
          Errno.EINVAL,
          "iSCSI: The LUN has blocks of " + blockSize + " bytes, which are not supported");
    }
    if (last < 0 || last >= Long.MAX_VALUE / blockSize) {
      throw new BlockException(
          Errno.EFBIG,
          "iSCSI: The LUN is too large: its last block is " + Long.toUnsignedString(last));
    }
    return new Capacity(last + 1, (int) blockSize, provisioned, readsZero);
  }

  /** In bytes. */
  long length() {
    return blocks * blockSize; // bounded when it was read
  }
}
