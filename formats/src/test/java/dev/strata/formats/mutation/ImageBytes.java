// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.mutation;

import java.nio.ByteOrder;
import java.util.Arrays;

/** The bytes of an image's main file, to be read and changed as numbers; beyond them are zeroes. */
public final class ImageBytes {
  private final ByteOrder order;
  private byte[] bytes;

  /** A copy of those bytes. */
  public ImageBytes(byte[] bytes, ByteOrder order) {
    this.bytes = bytes.clone();
    this.order = order;
  }

  public ImageBytes copy() {
    return new ImageBytes(bytes, order);
  }

  /** Other bytes, of the same order. */
  ImageBytes with(byte[] others) {
    return new ImageBytes(others, order);
  }

  public int length() {
    return bytes.length;
  }

  /** Cuts it or appends zeroes. */
  public void resize(int length) {
    bytes = Arrays.copyOf(bytes, length);
  }

  public byte[] toArray() {
    return bytes.clone();
  }

  /** Whether a number of that many bytes lies at that place. */
  public boolean contains(long offset, int width) {
    return offset >= 0 && offset <= bytes.length - width;
  }

  /** The number of {@code width} bytes, 1 to 8. */
  public long get(long offset, int width) {
    long value = 0;
    for (int i = 0; i < width; i++) {
      int at = (int) offset + (order == ByteOrder.BIG_ENDIAN ? i : width - 1 - i);
      value = (value << 8) | (at < bytes.length ? bytes[at] & 0xff : 0);
    }
    return value;
  }

  /** Puts a number of {@code width} bytes, 1 to 8; what is beyond the end is lost. */
  public void put(long offset, int width, long value) {
    for (int i = 0; i < width; i++) {
      int at = (int) offset + (order == ByteOrder.BIG_ENDIAN ? width - 1 - i : i);
      if (at < bytes.length) {
        bytes[at] = (byte) (value >>> (8 * i));
      }
    }
  }

  /** Copies bytes of this image over others. */
  public void move(int from, int to, int length) {
    byte[] moved = Arrays.copyOfRange(bytes, from, from + length);
    System.arraycopy(moved, 0, bytes, to, Math.min(length, bytes.length - to));
  }
}
