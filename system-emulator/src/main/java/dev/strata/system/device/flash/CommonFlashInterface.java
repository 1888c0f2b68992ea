// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.flash;

/**
 * What a chip tells of itself.
 *
 * @see "JEDEC JESD68.01, Common Flash Interface, tables 2 to 5"
 */
final class CommonFlashInterface {
  /** What is programmed at once by way of a buffer, in bytes. */
  static final int BUFFER = 256;

  private static final int BYTES = 0x40;

  private CommonFlashInterface() {}

  /** The table of a chip of {@code size} bytes, which are sectors of equal size. */
  static byte[] table(int size, int sector) {
    var table = new byte[BYTES];
    put(table, 0x10, 'Q', 'R', 'Y');
    put(table, 0x13, 1, 0); // Intel's command set
    put(table, 0x15, 0x31, 0); // where what is Intel's begins
    put(table, 0x1b, 0x45, 0x55); // 4.5 to 5.5 V
    // Typical times, and how many times as much it may be, in powers of two: bytes, buffers (both
    // in microseconds), sectors (in milliseconds).
    put(table, 0x1f, 7, 7, 10);
    put(table, 0x23, 4, 4, 4);
    put(table, 0x27, Integer.numberOfTrailingZeros(size));
    put(table, 0x28, 2, 0); // eight or sixteen bits
    put(table, 0x2a, Integer.numberOfTrailingZeros(BUFFER), 0);
    int last = size / sector - 1;
    put(table, 0x2c, 1, last & 0xff, last >> 8, sector >> 8 & 0xff, sector >> 16);
    put(table, 0x31, 'P', 'R', 'I', '1', '0');
    put(table, 0x3f, 1); // protection registers
    return table;
  }

  private static void put(byte[] table, int at, int... values) {
    for (int i = 0; i < values.length; i++) {
      table[at + i] = (byte) values[i];
    }
  }
}
