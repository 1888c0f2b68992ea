// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.dmg;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * LZFSE: blocks, each behind a word that says what kind it is. All numbers are little-endian.
 *
 * <pre>
 *   bvx-  bytes as they are
 *   bvxn  LZVN: bytes and copies of earlier ones, byte by byte
 *   bvx1  bytes and copies of earlier ones, entropy coded; frequencies as they are
 *   bvx2  the same; frequencies coded too
 *   bvx$  the end
 * </pre>
 *
 * <p>Copies may begin in an earlier block.
 *
 * @see "LZFSE, lzfse_internal.h: block magics and headers"
 */
final class LzfseStream {
  private static final int PLAIN = magic('-');
  private static final int ENTROPY_CODED = magic('1');
  private static final int ENTROPY_CODED_PACKED = magic('2');
  private static final int LZVN = magic('n');

  private LzfseStream() {}

  private static int magic(char kind) {
    return 'b' | 'v' << 8 | 'x' << 16 | kind << 24;
  }

  /**
   * Fills all of {@code out}.
   *
   * @throws BlockException EIO if the stream is malformed or too short
   */
  static void decompress(ByteBuffer in, ByteBuffer out) throws BlockException {
    in.order(ByteOrder.LITTLE_ENDIAN);
    while (out.hasRemaining()) { // each round takes four bytes of the input at least
      int magic = word(in);
      if (magic == PLAIN) {
        copy(in, word(in), out);
      } else if (magic == LZVN) {
        ByteBuffer block = part(out, word(in));
        ByteBuffer packed = part(in, word(in));
        in.position(packed.limit());
        LzvnBlock.decompress(packed, block);
        finish(block, out);
      } else if (magic == ENTROPY_CODED || magic == ENTROPY_CODED_PACKED) {
        ByteBuffer block = part(out, word(in));
        LzfseBlock header = magic == ENTROPY_CODED ? LzfseBlock.plain(in) : LzfseBlock.packed(in);
        header.decompress(in, block);
        finish(block, out);
      } else {
        throw malformed(); // the end among them: there is more to fill
      }
    }
  }

  static BlockException malformed() {
    return BlockException.of(Errno.EIO);
  }

  private static int word(ByteBuffer in) throws BlockException {
    if (in.remaining() < 4) {
      throw malformed();
    }
    return in.getInt();
  }

  /** A view that ends after the next {@code length} bytes; what is before them is in it, too. */
  private static ByteBuffer part(ByteBuffer buffer, int length) throws BlockException {
    if (length < 0 || length > buffer.remaining()) {
      throw malformed();
    }
    ByteBuffer part = buffer.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    part.limit(buffer.position() + length);
    return part;
  }

  private static void finish(ByteBuffer block, ByteBuffer out) throws BlockException {
    if (block.hasRemaining()) {
      throw malformed();
    }
    out.position(block.position());
  }

  private static void copy(ByteBuffer in, int length, ByteBuffer out) throws BlockException {
    if (length < 0 || length > in.remaining() || length > out.remaining()) {
      throw malformed();
    }
    out.put(in.slice(in.position(), length));
    in.position(in.position() + length);
  }

  /** Repeats {@code length} bytes from {@code distance} before the position. */
  static void repeat(ByteBuffer out, int length, int distance) throws BlockException {
    if (length > out.remaining()) {
      throw malformed();
    }
    if (length == 0) {
      return;
    }
    int from = out.position() - distance;
    if (distance <= 0 || from < 0) {
      throw malformed();
    }
    if (distance >= length) {
      out.put(out.position(), out, from, length);
      out.position(out.position() + length);
      return;
    }
    for (int i = 0; i < length; i++) {
      out.put(out.get(from + i)); // one by one: what is copied may be part of the copy
    }
  }
}
