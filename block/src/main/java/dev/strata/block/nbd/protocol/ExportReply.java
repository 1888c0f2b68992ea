// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.nbd.protocol;

import java.nio.ByteBuffer;

/**
 * The answer to {@link NbdOption.ExportName}: no option reply, but at once what the export is.
 *
 * @param size in bytes; unsigned
 * @param flags {@link TransmissionFlags}
 */
public record ExportReply(long size, int flags) {
  /** In bytes, without the zeroes. */
  public static final int SIZE = 10;

  /** The zero bytes that follow unless both ends set {@link HandshakeFlags#NO_ZEROES}. */
  public static final int PADDING = 124;

  /** All bytes of it, ready to be sent. */
  public ByteBuffer encode(boolean padded) {
    int length = padded ? SIZE + PADDING : SIZE;
    return ByteBuffer.allocate(length)
        .putLong(size)
        .putShort((short) flags)
        .position(length)
        .flip();
  }

  /** Reads the first {@link #SIZE} bytes. */
  public static ExportReply decode(ByteBuffer in) {
    return new ExportReply(in.getLong(0), in.getShort(8) & 0xffff);
  }
}
