// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.ide;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.Arrays;

/**
 * The 256 words in which a drive describes itself.
 *
 * @see "ATA/ATAPI-7 volume 1, 6.17 IDENTIFY DEVICE and 6.18 IDENTIFY PACKET DEVICE"
 */
final class IdentityWords {
  static final int BYTES = 512;

  private final byte[] bytes = new byte[BYTES];

  /** Sets a word, 0 to 255. */
  void set(int word, int value) {
    bytes[2 * word] = (byte) value;
    bytes[2 * word + 1] = (byte) (value >> 8);
  }

  /** Sets {@code count} words to ASCII text, whose first character is in a word's upper half. */
  void text(int at, int count, String text) {
    byte[] padded = Arrays.copyOf(text.getBytes(US_ASCII), 2 * count);
    for (int word = 0; word < count; word++) {
      int first = padded[2 * word] == 0 ? ' ' : padded[2 * word];
      int second = padded[2 * word + 1] == 0 ? ' ' : padded[2 * word + 1];
      set(at + word, first << 8 | second);
    }
  }

  /** The description, not a copy. */
  byte[] bytes() {
    return bytes;
  }
}
