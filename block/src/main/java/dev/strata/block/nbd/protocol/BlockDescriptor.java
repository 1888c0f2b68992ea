// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.nbd.protocol;

import java.nio.ByteBuffer;

/**
 * A run of bytes with one status, in a {@link ReplyChunk#BLOCK_STATUS} chunk: the length and the
 * status, 32 bits each, or 64 if extended. What the status means is the context's, see {@link
 * MetaContext}.
 */
public final class BlockDescriptor {
  /** In {@code base:allocation}: not allocated; writing may fail for lack of space. */
  public static final int HOLE = 1;

  /** In {@code base:allocation}: reads as zeroes. */
  public static final int ZERO = 1 << 1;

  /** In {@code qemu:dirty-bitmap:…}: has been written to. */
  public static final int DIRTY = 1;

  private BlockDescriptor() {}

  /** In bytes. */
  public static int size(boolean extended) {
    return extended ? 16 : 8;
  }

  /** Appends a descriptor; if not extended, both numbers are below 2^32. */
  public static void put(ByteBuffer out, boolean extended, long length, long status) {
    if (extended) {
      out.putLong(length).putLong(status);
    } else {
      out.putInt((int) length).putInt((int) status);
    }
  }

  /** In bytes: unsigned, negative from 2^63 on, which only extended ones can be. */
  public static long length(ByteBuffer in, int at, boolean extended) {
    return extended ? in.getLong(at) : in.getInt(at) & 0xffff_ffffL;
  }

  /** As the peer sent it. */
  public static long status(ByteBuffer in, int at, boolean extended) {
    return extended ? in.getLong(at + 8) : in.getInt(at + 4) & 0xffff_ffffL;
  }
}
