// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.nbd.protocol;

import java.nio.ByteBuffer;

/**
 * The header of a request, read and written in place.
 *
 * <p>{@code at} is where the header begins in the buffer, in bytes from the buffer's start,
 * whatever its position.
 *
 * <pre>
 *  0  u32 magic
 *  4  u16 flags     {@link CommandFlags}
 *  6  u16 type      {@link Command}
 *  8  u64 cookie    opaque to the server
 * 16  u64 offset
 * 24  u32 length    compact; u64 if extended
 * </pre>
 */
public final class RequestHeader {
  /** In bytes. */
  public static final int COMPACT_SIZE = 28;

  /** In bytes. */
  public static final int EXTENDED_SIZE = 32;

  private static final int COMPACT_MAGIC = 0x25609513;
  private static final int EXTENDED_MAGIC = 0x21e41c71;

  private RequestHeader() {}

  /** Appends a header; {@code length} below 2^32 if not extended. */
  public static void put(
      ByteBuffer out,
      boolean extended,
      int flags,
      int command,
      long cookie,
      long offset,
      long length) {
    out.putInt(extended ? EXTENDED_MAGIC : COMPACT_MAGIC);
    out.putShort((short) flags);
    out.putShort((short) command);
    out.putLong(cookie);
    out.putLong(offset);
    if (extended) {
      out.putLong(length);
    } else {
      out.putInt((int) length);
    }
  }

  /** Whether it begins as it must; if not, the connection is beyond repair. */
  public static boolean hasMagic(ByteBuffer in, int at, boolean extended) {
    return in.getInt(at) == (extended ? EXTENDED_MAGIC : COMPACT_MAGIC);
  }

  /** See {@link CommandFlags}. */
  public static int flags(ByteBuffer in, int at) {
    return in.getShort(at + 4) & 0xffff;
  }

  /** See {@link Command}; perhaps none of them. */
  public static int command(ByteBuffer in, int at) {
    return in.getShort(at + 6) & 0xffff;
  }

  /** What the reply has to carry. */
  public static long cookie(ByteBuffer in, int at) {
    return in.getLong(at + 8);
  }

  /** Unsigned: negative from 2^63 on. */
  public static long offset(ByteBuffer in, int at) {
    return in.getLong(at + 16);
  }

  /** Unsigned: negative from 2^63 on, which only extended ones can be. */
  public static long length(ByteBuffer in, int at, boolean extended) {
    return extended ? in.getLong(at + 24) : in.getInt(at + 24) & 0xffff_ffffL;
  }

  /**
   * How many bytes follow the header: unsigned, and to be held against {@link NbdLimits} before
   * anything else. A request may be refused, its payload has to be passed over all the same.
   */
  public static long payloadLength(ByteBuffer in, int at, boolean extended) {
    boolean hasPayload =
        extended
            ? (flags(in, at) & CommandFlags.PAYLOAD_LEN) != 0
            : command(in, at) == Command.WRITE;
    return hasPayload ? length(in, at, extended) : 0;
  }
}
