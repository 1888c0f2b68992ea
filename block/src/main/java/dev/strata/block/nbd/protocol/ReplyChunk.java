// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.nbd.protocol;

import java.nio.ByteBuffer;

/**
 * A structured or extended reply chunk, read and written in place. {@code at} is where the header
 * begins in the buffer; the payload follows it.
 *
 * <pre>
 *  0  u32 magic
 *  4  u16 flags     {@link #DONE}
 *  6  u16 type
 *  8  u64 cookie    the request's
 * 16  u32 length    of the payload, structured; extended:
 * 16  u64 offset    the request's
 * 24  u64 length    of the payload
 * </pre>
 */
public final class ReplyChunk {
  /** Of a structured chunk's header, in bytes. */
  public static final int STRUCTURED_SIZE = 20;

  /** Of an extended chunk's header, in bytes. */
  public static final int EXTENDED_SIZE = 32;

  /** What a structured chunk's first 32 bits are. */
  public static final int STRUCTURED_MAGIC = 0x668e33ef;

  /** What an extended chunk's first 32 bits are. */
  public static final int EXTENDED_MAGIC = 0x6e8a278c;

  /** Flag: the request's last chunk. */
  public static final int DONE = 1;

  /** Type: nothing; only as the last chunk. */
  public static final int NONE = 0;

  /** Type: u64 offset, then data up to the payload's end. */
  public static final int OFFSET_DATA = 1;

  /** Type: u64 offset, u32 length of a range that reads as zeroes. */
  public static final int OFFSET_HOLE = 2;

  /** Type: u32 context, then {@link BlockDescriptor}s of 8 bytes. */
  public static final int BLOCK_STATUS = 5;

  /** Type: u32 context, u32 count, then {@link BlockDescriptor}s of 16 bytes. */
  public static final int BLOCK_STATUS_EXT = 6;

  /** Type: see {@link ErrorChunk}. */
  public static final int ERROR = 1 << 15 | 1;

  /** Type: see {@link ErrorChunk}. */
  public static final int ERROR_OFFSET = 1 << 15 | 2;

  /** The payload of {@link #OFFSET_DATA} before the data, in bytes. */
  public static final int DATA_PREFIX = 8;

  /** The payload of {@link #OFFSET_HOLE}, in bytes. */
  public static final int HOLE_PAYLOAD = 12;

  private static final int ERROR_BIT = 1 << 15;

  private ReplyChunk() {}

  /** Whether a chunk of that type says that the request failed, be the type known or not. */
  public static boolean isError(int type) {
    return (type & ERROR_BIT) != 0;
  }

  /** The bytes of a header. */
  public static int headerSize(boolean extended) {
    return extended ? EXTENDED_SIZE : STRUCTURED_SIZE;
  }

  /** The bytes before a status chunk's descriptors. */
  public static int statusPrefix(boolean extended) {
    return extended ? 8 : 4;
  }

  /**
   * Appends a header.
   *
   * @param requestOffset the request's offset, which extended headers repeat
   * @param length of the payload in bytes
   */
  public static void put(
      ByteBuffer out,
      boolean extended,
      int flags,
      int type,
      long cookie,
      long requestOffset,
      long length) {
    out.putInt(extended ? EXTENDED_MAGIC : STRUCTURED_MAGIC);
    out.putShort((short) flags);
    out.putShort((short) type);
    out.putLong(cookie);
    if (extended) {
      out.putLong(requestOffset);
      out.putLong(length);
    } else {
      out.putInt((int) length);
    }
  }

  /** Appends all of a data chunk but the {@code length} bytes of data. */
  public static void putData(
      ByteBuffer out,
      boolean extended,
      int flags,
      long cookie,
      long requestOffset,
      long offset,
      int length) {
    long payload = DATA_PREFIX + (long) length;
    put(out, extended, flags, OFFSET_DATA, cookie, requestOffset, payload);
    out.putLong(offset);
  }

  /** Appends a chunk that says that {@code length} bytes from {@code offset} on are zeroes. */
  public static void putHole(
      ByteBuffer out,
      boolean extended,
      int flags,
      long cookie,
      long requestOffset,
      long offset,
      int length) {
    put(out, extended, flags, OFFSET_HOLE, cookie, requestOffset, HOLE_PAYLOAD);
    out.putLong(offset);
    out.putInt(length);
  }

  /** Appends all of a status chunk but its {@code count} {@link BlockDescriptor}s. */
  public static void putStatus(
      ByteBuffer out,
      boolean extended,
      int flags,
      long cookie,
      long requestOffset,
      int context,
      int count) {
    long payload = statusPrefix(extended) + (long) count * BlockDescriptor.size(extended);
    int type = extended ? BLOCK_STATUS_EXT : BLOCK_STATUS;
    put(out, extended, flags, type, cookie, requestOffset, payload);
    out.putInt(context);
    if (extended) {
      out.putInt(count);
    }
  }

  /** See {@link #DONE}; others are to be ignored. */
  public static int flags(ByteBuffer in, int at) {
    return in.getShort(at + 4) & 0xffff;
  }

  /** One of the types above, or another. */
  public static int type(ByteBuffer in, int at) {
    return in.getShort(at + 6) & 0xffff;
  }

  /** The request's. */
  public static long cookie(ByteBuffer in, int at) {
    return in.getLong(at + 8);
  }

  /** Of an extended chunk: the request's offset. */
  public static long requestOffset(ByteBuffer in, int at) {
    return in.getLong(at + 16);
  }

  /** Of the payload in bytes: unsigned, negative from 2^63 on, which only extended ones can be. */
  public static long length(ByteBuffer in, int at, boolean extended) {
    return extended ? in.getLong(at + 24) : in.getInt(at + 16) & 0xffff_ffffL;
  }
}
