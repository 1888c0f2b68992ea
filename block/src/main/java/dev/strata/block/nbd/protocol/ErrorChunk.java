// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.nbd.protocol;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * The payload of a {@link ReplyChunk} that says that the request failed.
 *
 * <pre>
 *  0  u32 error     {@link NbdError}, not 0
 *  4  u16 length of the message
 *  6  message
 *     u64 offset    only {@link ReplyChunk#ERROR_OFFSET}
 * </pre>
 *
 * @param error as on the wire
 * @param message for a person; may be empty
 * @param offset where it failed, or -1 if that is not said
 */
public record ErrorChunk(int error, String message, long offset) {
  private static final int FIXED = 6;

  /** Appends a chunk without a place. The message is cut to what a string may be. */
  public static void put(
      ByteBuffer out,
      boolean extended,
      int flags,
      long cookie,
      long requestOffset,
      int error,
      String message) {
    byte[] text = NbdString.encodeCut(message);
    int payload = FIXED + text.length;
    ReplyChunk.put(out, extended, flags, ReplyChunk.ERROR, cookie, requestOffset, payload);
    out.putInt(error).putShort((short) text.length).put(text);
  }

  /** Appends a chunk that says that the request failed at {@code offset}. */
  public static void putAt(
      ByteBuffer out,
      boolean extended,
      int flags,
      long cookie,
      long requestOffset,
      int error,
      String message,
      long offset) {
    byte[] text = NbdString.encodeCut(message);
    int payload = FIXED + text.length + 8;
    ReplyChunk.put(out, extended, flags, ReplyChunk.ERROR_OFFSET, cookie, requestOffset, payload);
    out.putInt(error).putShort((short) text.length).put(text).putLong(offset);
  }

  /** The most bytes that {@link #put} or {@link #putAt} append. */
  public static int maxSize() {
    return ReplyChunk.EXTENDED_SIZE + FIXED + NbdLimits.STRING + 8;
  }

  /**
   * Reads all of a payload.
   *
   * @param type of the chunk; for one that is not known the offset is not read
   * @throws BlockException EPROTO if the lengths do not fit
   */
  public static ErrorChunk decode(int type, ByteBuffer payload) throws BlockException {
    if (payload.remaining() < FIXED) {
      throw malformed("is too short");
    }
    int error = payload.getInt();
    int length = payload.getShort() & 0xffff;
    boolean hasOffset = type == ReplyChunk.ERROR_OFFSET;
    if (error == 0) {
      throw malformed("says that there is none");
    }
    if (length > NbdLimits.STRING || length > payload.remaining() - (hasOffset ? 8 : 0)) {
      throw malformed("has a message of " + length + " bytes");
    }
    byte[] text = new byte[length];
    payload.get(text);
    long offset = hasOffset ? payload.getLong() : -1;
    return new ErrorChunk(error, new String(text, StandardCharsets.UTF_8), offset);
  }

  private static BlockException malformed(String how) {
    return new BlockException(Errno.EPROTO, "Protocol error: error chunk " + how);
  }
}
