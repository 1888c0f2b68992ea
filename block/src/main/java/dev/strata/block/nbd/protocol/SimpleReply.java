// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.nbd.protocol;

import java.nio.ByteBuffer;

/**
 * A simple reply, read and written in place: 16 bytes, then the data of a read that succeeded.
 * {@code at} is where it begins in the buffer.
 *
 * <pre>
 *  0  u32 magic
 *  4  u32 error     {@link NbdError}; 0 for success
 *  8  u64 cookie    the request's
 * </pre>
 */
public final class SimpleReply {
  /** In bytes. */
  public static final int SIZE = 16;

  /** What its first 32 bits are. */
  public static final int MAGIC = 0x67446698;

  private SimpleReply() {}

  /** Appends a reply. */
  public static void put(ByteBuffer out, int error, long cookie) {
    out.putInt(MAGIC);
    out.putInt(error);
    out.putLong(cookie);
  }

  /** As the peer sent it; 0 for success. */
  public static int error(ByteBuffer in, int at) {
    return in.getInt(at + 4);
  }

  /** The request's. */
  public static long cookie(ByteBuffer in, int at) {
    return in.getLong(at + 8);
  }
}
