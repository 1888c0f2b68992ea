// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.dmg;

import dev.strata.block.BlockException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * An entropy coded block: runs of literals, each followed by bytes from a distance before. First
 * there are all literals, in four streams by turns, then the numbers: how many literals, how many
 * bytes, how far before.
 *
 * @see "LZFSE, lzfse_internal.h: lzfse_compressed_block_header_v1 and _v2"
 */
final class LzfseBlock {
  private static final int MAX_LITERALS = 40_000;
  private static final int MAX_MATCHES = 10_000;
  private static final int NUMBER_STATES = 64;
  private static final int DISTANCE_STATES = 256;
  private static final int LITERAL_STATES = 1024;
  private static final int LITERALS = 256;
  private static final int[] LENGTH_BITS = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 3, 5, 8
  };
  private static final int[] MATCH_BITS = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 5, 8, 11
  };
  private static final int[] DISTANCE_BITS = distanceBits();
  private static final int[] NO_BITS = new int[LITERALS];
  private static final int[] LENGTHS = leasts(LENGTH_BITS);
  private static final int[] MATCHES = leasts(MATCH_BITS);
  private static final int[] DISTANCES = leasts(DISTANCE_BITS);
  private static final int[] LITERAL_VALUES = leasts(NO_BITS);

  /** Bytes of the packed header that is always there, its magic included. */
  private static final int PACKED_BYTES = 32;

  private int literals;
  private int matches;
  private int literalBytes;
  private int numberBytes;
  private int literalUnused; // bits
  private int numberUnused; // bits
  private final int[] literalStates = new int[4];
  private int lengthState;
  private int matchState;
  private int distanceState;
  private final int[] lengthFrequencies = new int[LENGTH_BITS.length];
  private final int[] matchFrequencies = new int[MATCH_BITS.length];
  private final int[] distanceFrequencies = new int[DISTANCE_BITS.length];
  private final int[] literalFrequencies = new int[LITERALS];

  private LzfseBlock() {}

  /** Four symbols for each number of bits. */
  private static int[] distanceBits() {
    int[] bits = new int[64];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = i / 4;
    }
    return bits;
  }

  /** The least value of each symbol: they follow one another without gaps. */
  private static int[] leasts(int[] bits) {
    int[] leasts = new int[bits.length];
    for (int i = 1; i < bits.length; i++) {
      leasts[i] = leasts[i - 1] + (1 << bits[i - 1]);
    }
    return leasts;
  }

  private int[][] frequencies() {
    return new int[][] {
      lengthFrequencies, matchFrequencies, distanceFrequencies, literalFrequencies
    };
  }

  /** Takes a {@code bvx1} header, from behind its second number on. */
  static LzfseBlock plain(ByteBuffer in) throws BlockException {
    var block = new LzfseBlock();
    if (in.remaining() < 772 - 8) {
      throw LzfseStream.malformed();
    }
    in.getInt(); //                                          8: n_payload_bytes, the next but two
    block.literals = in.getInt(); //                        12
    block.matches = in.getInt(); //                         16
    block.literalBytes = in.getInt(); //                    20
    block.numberBytes = in.getInt(); //                     24
    block.literalUnused = -in.getInt(); //                  28
    for (int i = 0; i < 4; i++) {
      block.literalStates[i] = in.getShort() & 0xffff; //   32
    }
    block.numberUnused = -in.getInt(); //                   40
    block.lengthState = in.getShort() & 0xffff; //          44
    block.matchState = in.getShort() & 0xffff; //           46
    block.distanceState = in.getShort() & 0xffff; //        48
    for (int[] frequencies : block.frequencies()) {
      for (int i = 0; i < frequencies.length; i++) {
        frequencies[i] = in.getShort() & 0xffff; //         50
      }
    }
    in.getShort(); //                                      770: to a multiple of 4
    return block.checked();
  }

  /** Takes a {@code bvx2} header, from behind its second number on. */
  static LzfseBlock packed(ByteBuffer in) throws BlockException {
    var block = new LzfseBlock();
    if (in.remaining() < PACKED_BYTES - 8) {
      throw LzfseStream.malformed();
    }
    long first = in.getLong(); //    8
    block.literals = field(first, 0, 20);
    block.literalBytes = field(first, 20, 20);
    block.matches = field(first, 40, 20);
    block.literalUnused = 7 - field(first, 60, 3);
    long second = in.getLong(); //  16
    for (int i = 0; i < 4; i++) {
      block.literalStates[i] = field(second, 10 * i, 10);
    }
    block.numberBytes = field(second, 40, 20);
    block.numberUnused = 7 - field(second, 60, 3);
    long third = in.getLong(); //   24
    long size = third & 0xffff_ffffL;
    block.lengthState = field(third, 32, 10);
    block.matchState = field(third, 42, 10);
    block.distanceState = field(third, 52, 10);
    long rest = size - PACKED_BYTES;
    if (rest < 0 || rest > in.remaining()) {
      throw LzfseStream.malformed();
    }
    if (rest > 0) {
      block.unpackFrequencies(in.slice(in.position(), (int) rest));
      in.position(in.position() + (int) rest);
    }
    return block.checked();
  }

  private static int field(long word, int from, int bits) {
    return (int) (word >>> from & (1L << bits) - 1);
  }

  /**
   * Numbers of 2 to 14 bits, from each byte's lowest on.
   *
   * <pre>
   *            00  0                       xx011  4 to 7
   *            10  1                   xxxx 0111  8 to 23
   *           x01  2, 3          xxxxxxxxxx 1111  24 to 1047
   * </pre>
   */
  private void unpackFrequencies(ByteBuffer in) throws BlockException {
    long bits = 0;
    int count = 0;
    for (int[] frequencies : frequencies()) {
      for (int i = 0; i < frequencies.length; i++) {
        while (count < 14 && in.hasRemaining()) {
          bits |= (in.get() & 0xffL) << count;
          count += 8;
        }
        int word = (int) bits;
        int used;
        switch (word & 3) {
          case 0, 2 -> {
            used = 2;
            frequencies[i] = word >> 1 & 1;
          }
          case 1 -> {
            used = 3;
            frequencies[i] = 2 + (word >> 2 & 1);
          }
          default -> {
            if ((word & 4) == 0) {
              used = 5;
              frequencies[i] = 4 + (word >> 3 & 3);
            } else if ((word & 8) == 0) {
              used = 8;
              frequencies[i] = 8 + (word >> 4 & 0xf);
            } else {
              used = 14;
              frequencies[i] = 24 + (word >> 4 & 0x3ff);
            }
          }
        }
        if (used > count) {
          throw LzfseStream.malformed();
        }
        bits >>>= used;
        count -= used;
      }
    }
  }

  private LzfseBlock checked() throws BlockException {
    if (literals < 0 || literals > MAX_LITERALS || matches < 0 || matches > MAX_MATCHES) {
      throw LzfseStream.malformed();
    }
    return this;
  }

  /**
   * Takes what follows the header.
   *
   * @param out filled as far as the block has bytes for
   */
  void decompress(ByteBuffer in, ByteBuffer out) throws BlockException {
    byte[] bytes = literals(new FseBits(in, literalBytes, literalUnused));
    var numbers = new FseBits(in, numberBytes, numberUnused);
    var lengths = decoder(NUMBER_STATES, lengthFrequencies, LENGTH_BITS, LENGTHS, lengthState);
    var counts = decoder(NUMBER_STATES, matchFrequencies, MATCH_BITS, MATCHES, matchState);
    var distances =
        decoder(DISTANCE_STATES, distanceFrequencies, DISTANCE_BITS, DISTANCES, distanceState);
    int at = 0;
    int distance = 0;
    for (int i = 0; i < matches; i++) {
      int length = lengths.next(numbers);
      int count = counts.next(numbers);
      int farther = distances.next(numbers);
      if (farther != 0) {
        distance = farther; // else as far as the last time
      }
      if (length > literals - at || length > out.remaining()) {
        throw LzfseStream.malformed();
      }
      out.put(bytes, at, length);
      at += length;
      LzfseStream.repeat(out, count, distance);
    }
  }

  private byte[] literals(FseBits in) throws BlockException {
    byte[] bytes = new byte[literals + 3]; // the streams end together
    var table = new FseTable(LITERAL_STATES, literalFrequencies, NO_BITS, LITERAL_VALUES);
    var streams = new FseTable.Decoder[4];
    Arrays.setAll(streams, i -> new FseTable.Decoder(table, literalStates[i]));
    for (int i = 0; i < literals; i += 4) {
      for (int k = 0; k < 4; k++) {
        bytes[i + k] = (byte) streams[k].next(in);
      }
    }
    return bytes;
  }

  private static FseTable.Decoder decoder(
      int states, int[] frequencies, int[] bits, int[] leasts, int state) throws BlockException {
    return new FseTable.Decoder(new FseTable(states, frequencies, bits, leasts), state);
  }
}
