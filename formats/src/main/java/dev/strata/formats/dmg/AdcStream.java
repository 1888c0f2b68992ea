// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.dmg;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.nio.ByteBuffer;

/**
 * Apple Data Compression: runs of bytes as they are, and copies of earlier ones.
 *
 * <pre>
 *   1nnnnnnn                    n+1 bytes follow
 *   01nnnnnn dddddddd dddddddd  n+4 bytes from d+1 before
 *   00nnnndd dddddddd           n+3 bytes from d+1 before
 * </pre>
 *
 * @see "libdmg-hfsplus, adc"
 */
final class AdcStream {
  private AdcStream() {}

  /** Fills all of {@code out}. */
  static void decompress(ByteBuffer in, ByteBuffer out) throws BlockException {
    while (out.hasRemaining()) { // each round fills a byte at least
      int code = next(in);
      if ((code & 0x80) != 0) {
        int length = (code & 0x7f) + 1;
        if (length > in.remaining() || length > out.remaining()) {
          throw BlockException.of(Errno.EIO);
        }
        out.put(in.slice(in.position(), length));
        in.position(in.position() + length);
      } else if ((code & 0x40) != 0) {
        copy(out, (code & 0x3f) + 4, next(in) << 8 | next(in));
      } else {
        copy(out, (code >> 2 & 0xf) + 3, (code & 3) << 8 | next(in));
      }
    }
  }

  private static int next(ByteBuffer in) throws BlockException {
    if (!in.hasRemaining()) {
      throw BlockException.of(Errno.EIO);
    }
    return in.get() & 0xff;
  }

  private static void copy(ByteBuffer out, int length, int distance) throws BlockException {
    int from = out.position() - distance - 1;
    if (from < 0 || length > out.remaining()) {
      throw BlockException.of(Errno.EIO);
    }
    for (int i = 0; i < length; i++) {
      out.put(out.get(from + i)); // one by one: what is copied may be part of the copy
    }
  }
}
