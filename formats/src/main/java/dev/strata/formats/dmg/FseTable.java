// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.dmg;

import dev.strata.block.BlockException;

/**
 * A decoder of finite state entropy: each state stands for a symbol, and says how many bits lead to
 * the next one. A symbol may have further bits of its own, which are the value's lowest.
 *
 * <p>A symbol of frequency f has f of the states, one after the other. The bits that each of them
 * reads are as many as make the states that they lead to cover all states once.
 *
 * @see "LZFSE, lzfse_fse.h; Jarek Duda, Asymmetric numeral systems, 2013"
 */
final class FseTable {
  private static final byte NONE = -1;

  private final byte[] stateBits; // NONE of states that no symbol has
  private final short[] nextState;
  private final byte[] valueBits;
  private final int[] value;

  /**
   * The table of those frequencies.
   *
   * @param states how many there are, a power of two; more than the frequencies sum up to are of no
   *     symbol
   * @param extraBits of each symbol's value
   * @param values the least of each symbol
   */
  FseTable(int states, int[] frequencies, int[] extraBits, int[] values) throws BlockException {
    stateBits = new byte[states];
    nextState = new short[states];
    valueBits = new byte[states];
    value = new int[states];
    int at = 0;
    int stateShift = Integer.numberOfLeadingZeros(states);
    for (int symbol = 0; symbol < frequencies.length; symbol++) {
      int frequency = frequencies[symbol];
      if (frequency > states - at) {
        throw LzfseStream.malformed();
      }
      if (frequency == 0) {
        continue;
      }
      int most = Integer.numberOfLeadingZeros(frequency) - stateShift;
      int longer = ((2 * states) >> most) - frequency; // so many of the states read one bit more
      for (int i = 0; i < frequency; i++, at++) {
        boolean isLonger = i < longer;
        stateBits[at] = (byte) (isLonger ? most : most - 1);
        nextState[at] =
            (short) (isLonger ? ((frequency + i) << most) - states : (i - longer) << (most - 1));
        valueBits[at] = (byte) extraBits[symbol];
        value[at] = values[symbol];
      }
    }
    for (; at < states; at++) {
      stateBits[at] = NONE;
    }
  }

  /** The number of bits that come with the state's symbol, those of the next state included. */
  private int bits(int state) throws BlockException {
    if (state >= stateBits.length || stateBits[state] == NONE) {
      throw LzfseStream.malformed();
    }
    return stateBits[state] + valueBits[state];
  }

  /** One of the streams that are coded with a table. */
  static final class Decoder {
    private final FseTable table;
    private int state;

    Decoder(FseTable table, int state) {
      this.table = table;
      this.state = state;
    }

    /** The next value. */
    int next(FseBits in) throws BlockException {
      int from = state;
      int bits = in.take(table.bits(from));
      int own = table.valueBits[from];
      state = table.nextState[from] + (bits >>> own);
      return table.value[from] + (bits & (1 << own) - 1);
    }
  }
}
