// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.dmg;

import dev.strata.block.BlockException;
import java.nio.ByteBuffer;

/**
 * LZVN: runs of L bytes as they are, each followed by M bytes from D before.
 *
 * <pre>
 *   00000110                               the end
 *   00001110, 00010110                     nothing
 *   LLMMMDDD dddddddd                      M+3 bytes; DDD is neither 110 nor 111
 *   LLMMM110                               M+3 bytes from as far as the last time
 *   LLMMM111 dddddddd DDDDDDDD             M+3 bytes
 *   101LLMMM DDDDDDmm dddddddd             MMMmm+3 bytes from ddddddddDDDDDD before
 *   11100000 LLLLLLLL, 1110LLLL            L+16 or L bytes as they are, and nothing more
 *   11110000 MMMMMMMM, 1111MMMM            M+16 or M bytes from as far as the last time
 *   0111xxxx, 1101xxxx, 000xx110, 001xx110 otherwise: nothing that there is
 * </pre>
 *
 * @see "LZFSE, lzvn_decode_base: opcodes"
 */
final class LzvnBlock {
  private final ByteBuffer in;
  private final ByteBuffer out;
  private int distance;

  private LzvnBlock(ByteBuffer in, ByteBuffer out) {
    this.in = in;
    this.out = out;
  }

  /** Fills {@code out}, or as much of it as the block has bytes for. */
  static void decompress(ByteBuffer in, ByteBuffer out) throws BlockException {
    new LzvnBlock(in, out).run();
  }

  private void run() throws BlockException {
    while (out.hasRemaining()) { // each round takes a byte of the input
      int code = next();
      int high = code >> 4;
      switch (high) {
        case 0x7, 0xd -> throw LzfseStream.malformed();
        case 0xa, 0xb -> medium(code);
        case 0xe -> literals(code == 0xe0 ? next() + 16 : code & 0xf);
        case 0xf -> repeat(code == 0xf0 ? next() + 16 : code & 0xf);
        default -> {
          if (code == 0x06) {
            return;
          }
          if (code != 0x0e && code != 0x16) {
            pair(code);
          }
        }
      }
    }
  }

  private void pair(int code) throws BlockException {
    int low = code & 7;
    if (low == 6 && code < 0x40) {
      throw LzfseStream.malformed();
    }
    if (low == 7) {
      int first = next();
      distance = first | next() << 8;
    } else if (low != 6) {
      distance = low << 8 | next();
    }
    literals(code >> 6);
    repeat((code >> 3 & 7) + 3);
  }

  private void medium(int code) throws BlockException {
    int first = next();
    int word = first | next() << 8;
    distance = word >> 2;
    literals(code >> 3 & 3);
    repeat((((code & 7) << 2) | (word & 3)) + 3);
  }

  private void literals(int length) throws BlockException {
    if (length > in.remaining() || length > out.remaining()) {
      throw LzfseStream.malformed();
    }
    out.put(in.slice(in.position(), length));
    in.position(in.position() + length);
  }

  private void repeat(int length) throws BlockException {
    LzfseStream.repeat(out, length, distance);
  }

  private int next() throws BlockException {
    if (!in.hasRemaining()) {
      throw LzfseStream.malformed();
    }
    return in.get() & 0xff;
  }
}
