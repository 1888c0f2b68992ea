// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.dmg;

import dev.strata.block.BlockException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Bits that are read from the last one to the first, as the entropy coder wrote them. */
final class FseBits {
  private final ByteBuffer bytes; // with eight zeroes behind the stream's
  private long position; // in bits; all below are still to be read

  /**
   * The next bytes of {@code in}, which are taken.
   *
   * @param unused how many bits of the last byte hold nothing, 0 to 7
   */
  FseBits(ByteBuffer in, int length, int unused) throws BlockException {
    if (length < 0 || length > in.remaining() || unused < 0 || unused > 7) {
      throw LzfseStream.malformed();
    }
    byte[] padded = new byte[length + Long.BYTES];
    in.get(padded, 0, length);
    bytes = ByteBuffer.wrap(padded).order(ByteOrder.LITTLE_ENDIAN);
    position = length * 8L - unused;
  }

  /**
   * The next bits as a number.
   *
   * @param count 0 to 32
   */
  int take(int count) throws BlockException {
    position -= count;
    if (position < 0) {
      throw LzfseStream.malformed();
    }
    long word = bytes.getLong((int) (position >> 3)) >>> (position & 7);
    return (int) (word & (1L << count) - 1);
  }
}
