// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.nbd.protocol;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What precedes an option's data.
 *
 * @param code one of {@link NbdOption}'s, or another
 * @param length of the data in bytes, 0 to 2^32 - 1; see {@link NbdLimits#OPTION_DATA} and {@link
 *     NbdLimits#OPTION_SKIP}
 */
public record OptionHeader(int code, long length) {
  /** In bytes. */
  public static final int SIZE = 16;

  /** The header at the buffer's start, or null if its magic is wrong: beyond repair. */
  public static @Nullable OptionHeader decode(ByteBuffer in) {
    if (in.getLong(0) != Magic.OPTION) {
      return null;
    }
    return new OptionHeader(in.getInt(8), in.getInt(12) & 0xffff_ffffL);
  }

  static ByteBuffer start(int code, int length) {
    return ByteBuffer.allocate(SIZE + length).putLong(Magic.OPTION).putInt(code).putInt(length);
  }
}
