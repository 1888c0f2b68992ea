// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.firmware.multiboot;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * The header by which a file says that it is a Multiboot kernel. The addresses are physical, and
 * count only with {@link #hasAddresses}.
 *
 * @param offset where it is in the file
 * @param flags what the kernel needs or has
 * @param headerAddress where the header itself is to be
 * @param loadAddress where what is loaded begins
 * @param loadEndAddress where it ends; 0 for where the file does
 * @param bssEndAddress where the zeroes behind it end; 0 if there are none
 * @param entryAddress where the kernel is entered
 * @see "Multiboot Specification 0.6.96, 3.1 OS image format"
 */
public record MultibootHeader(
    int offset,
    int flags,
    long headerAddress,
    long loadAddress,
    long loadEndAddress,
    long bssEndAddress,
    long entryAddress) {
  private static final int MAGIC = 0x1badb002;
  private static final int SEARCHED = 8192; // bytes from the file's start
  private static final int ALIGNMENT = 4;
  private static final int SHORT_SIZE = 12;
  private static final int LONG_SIZE = 32; // with the addresses
  private static final int VIDEO_MODE = 1 << 2;
  private static final int ADDRESSES = 1 << 16;

  /** The header of a file, or null if it has none. */
  public static @Nullable MultibootHeader find(byte[] image) throws BlockException {
    var in = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
    int last = Math.min(SEARCHED, image.length) - SHORT_SIZE;
    for (int at = 0; at <= last; at += ALIGNMENT) {
      int flags = in.getInt(at + 4);
      if (in.getInt(at) == MAGIC && MAGIC + flags + in.getInt(at + 8) == 0) {
        return decode(in, at, flags);
      }
    }
    return null;
  }

  private static MultibootHeader decode(ByteBuffer in, int at, int flags) throws BlockException {
    if ((flags & ADDRESSES) == 0) {
      return new MultibootHeader(at, flags, 0, 0, 0, 0, 0);
    }
    if (in.capacity() - at < LONG_SIZE) {
      throw new BlockException(Errno.EINVAL, "the Multiboot header ends beyond the file");
    }
    return new MultibootHeader(
        at,
        flags,
        in.getInt(at + 12) & 0xffffffffL,
        in.getInt(at + 16) & 0xffffffffL,
        in.getInt(at + 20) & 0xffffffffL,
        in.getInt(at + 24) & 0xffffffffL,
        in.getInt(at + 28) & 0xffffffffL);
  }

  /** Whether it says itself where to load the file; otherwise the file is an ELF file. */
  boolean hasAddresses() {
    return (flags & ADDRESSES) != 0;
  }

  /** Whether the kernel would like a graphics mode. */
  public boolean wantsVideoMode() {
    return (flags & VIDEO_MODE) != 0;
  }
}
