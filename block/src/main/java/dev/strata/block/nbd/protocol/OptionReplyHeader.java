// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.nbd.protocol;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.nio.ByteBuffer;

/**
 * What precedes an option reply's data.
 *
 * @param option the option's code
 * @param type one of {@link NbdOptionReply}'s or {@link OptionError}'s, or another
 * @param length of the data in bytes, 0 to {@link NbdLimits#OPTION_REPLY_DATA}
 */
public record OptionReplyHeader(int option, int type, int length) {
  /** In bytes. */
  public static final int SIZE = 20;

  /**
   * The header at the buffer's start.
   *
   * @throws BlockException EPROTO if its magic is wrong, or its length beyond the limit
   */
  public static OptionReplyHeader decode(ByteBuffer in) throws BlockException {
    if (in.getLong(0) != Magic.OPTION_REPLY) {
      throw new BlockException(Errno.EPROTO, "Unexpected option reply magic");
    }
    int length = in.getInt(16);
    if (Integer.compareUnsigned(length, NbdLimits.OPTION_REPLY_DATA) > 0) {
      throw new BlockException(
          Errno.EPROTO, "option reply is too long: " + Integer.toUnsignedString(length) + " bytes");
    }
    return new OptionReplyHeader(in.getInt(8), in.getInt(12), length);
  }

  static ByteBuffer start(int option, int type, int length) {
    return ByteBuffer.allocate(SIZE + length)
        .putLong(Magic.OPTION_REPLY)
        .putInt(option)
        .putInt(type)
        .putInt(length);
  }
}
