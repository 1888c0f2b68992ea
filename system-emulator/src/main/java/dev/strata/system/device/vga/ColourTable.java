// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.vga;

import dev.strata.block.BlockException;
import dev.strata.system.state.StateFields;
import java.util.Arrays;

/**
 * The digital-to-analog converter's 256 colours. The adapter's lock guards it.
 *
 * @see "FreeVGA, Color Registers"
 */
final class ColourTable {
  private final byte[] values = new byte[256 * 3];
  private int mask = 0xff;
  private int reading; // where in the table
  private int writing;
  private boolean writes; // whether the last address was for writing

  void reset() {
    Arrays.fill(values, (byte) 0);
    mask = 0xff;
    reading = 0;
    writing = 0;
    writes = false;
  }

  int mask() {
    return mask;
  }

  void mask(int value) {
    mask = value;
  }

  void readFrom(int colour) {
    reading = colour * 3;
    writes = false;
  }

  void writeFrom(int colour) {
    writing = colour * 3;
    writes = true;
  }

  /** The colour that is written next. */
  int next() {
    return writing / 3;
  }

  /** 0 if colours are being written, 3 if they are being read. */
  int state() {
    return writes ? 0 : 3;
  }

  int read() {
    int value = values[reading] & 0xff;
    reading = (reading + 1) % values.length;
    return value;
  }

  void write(int value) {
    values[writing] = (byte) value;
    writing = (writing + 1) % values.length;
  }

  /**
   * All colours as red, green and blue, the mask applied.
   *
   * @param wide whether values have eight bits, not six
   */
  int[] colours(boolean wide) {
    var colours = new int[256];
    for (int index = 0; index < 256; index++) {
      int at = (index & mask) * 3;
      colours[index] =
          level(values[at], wide) << 16
              | level(values[at + 1], wide) << 8
              | level(values[at + 2], wide);
    }
    return colours;
  }

  private static int level(byte value, boolean wide) {
    if (wide) {
      return value & 0xff;
    }
    // The lowest bit fills up, so that the highest level is white; pictures of the reference do so.
    return (value & 0x3f) << 2 | (value & 1) * 3;
  }

  void state(StateFields state) throws BlockException {
    state.bytes("colours", values);
    mask = state.u8("mask", mask);
    reading = state.within("reading", reading, 0, values.length - 1);
    writing = state.within("writing", writing, 0, values.length - 1);
    writes = state.flag("writes", writes);
  }
}
