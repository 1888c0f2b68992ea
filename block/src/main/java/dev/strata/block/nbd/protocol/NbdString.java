// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.nbd.protocol;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A string of the protocol: UTF-8, at most {@link NbdLimits#STRING} bytes, without NULs. */
final class NbdString {
  private NbdString() {}

  /**
   * The next {@code length} bytes; null if they are more than there are or may be, or no string.
   *
   * @param length unsigned
   */
  static @Nullable String take(ByteBuffer in, int length) {
    if (length < 0 || length > NbdLimits.STRING || length > in.remaining()) {
      return null;
    }
    byte[] bytes = new byte[length];
    in.get(bytes);
    for (byte b : bytes) {
      if (b == 0) {
        return null;
      }
    }
    return new String(bytes, StandardCharsets.UTF_8);
  }

  /**
   * The bytes of {@code text}.
   *
   * @throws IllegalArgumentException if they are too many; whoever has it from a user checks before
   */
  static byte[] encode(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    if (bytes.length > NbdLimits.STRING) {
      throw new IllegalArgumentException("a string of " + bytes.length + " bytes");
    }
    return bytes;
  }

  /** The bytes of {@code text}, cut before the character that would exceed the limit. */
  static byte[] encodeCut(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    if (bytes.length <= NbdLimits.STRING) {
      return bytes;
    }
    int end = NbdLimits.STRING;
    while (end > 0 && (bytes[end] & 0xc0) == 0x80) {
      end--;
    }
    return Arrays.copyOf(bytes, end);
  }
}
