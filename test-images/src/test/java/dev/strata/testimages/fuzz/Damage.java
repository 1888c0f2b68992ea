// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.fuzz;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;

/**
 * A language in which a few bytes say how a sound image is damaged: fields and table entries take
 * values at which parsers err. A script begins with the number of a sound image; then come steps of
 * 6 bytes each: what, where (2), which value, its own number (2). A script that begins with {@link
 * #RAW} is followed by the image itself.
 */
final class Damage {
  /** The image itself follows. */
  static final int RAW = 0xff;

  /** Most steps; more would only hide which one matters. */
  private static final int MAX_STEPS = 24;

  private static final int STEP = 6;
  private static final int SECTOR = 512;
  private static final int HEADER = 160;
  private static final int GROWTH = 4096;

  private final ByteOrder order;
  private final List<byte[]> sound;
  private final int[] places;

  /**
   * A language for images of a format.
   *
   * @param places where the format has something to damage: its header first
   */
  Damage(ByteOrder order, List<byte[]> sound, int... places) {
    this.order = order;
    this.sound = sound;
    this.places = places.length == 0 ? new int[1] : places;
  }

  /** The image that a script describes. */
  byte[] image(byte[] script) {
    if (script.length == 0) {
      return new byte[0];
    }
    int first = script[0] & 0xff;
    if (first == RAW) {
      return Arrays.copyOfRange(script, 1, script.length);
    }
    byte[] image = sound.get(first % sound.size()).clone();
    for (int at = 1, step = 0; at + STEP <= script.length && step < MAX_STEPS; at += STEP, step++) {
      image = step(image, ByteBuffer.wrap(script, at, STEP));
    }
    return image;
  }

  /** The script for an image as it is. */
  static byte[] raw(byte[] image) {
    var script = new byte[image.length + 1];
    script[0] = (byte) RAW;
    System.arraycopy(image, 0, script, 1, image.length);
    return script;
  }

  private byte[] step(byte[] image, ByteBuffer in) {
    int what = in.get() & 0xff;
    int where = in.getShort() & 0xffff;
    int place = places[where % places.length];
    where /= places.length;
    int which = in.get() & 0xff;
    int number = in.getShort() & 0xffff;
    ByteBuffer bytes = ByteBuffer.wrap(image).order(order);
    int length = image.length;
    switch (what % 12) {
      case 0, 1 -> putInt(bytes, place + where * 4 % HEADER, (int) value(which, number, length));
      case 2, 3 -> putLong(bytes, place + where * 4 % HEADER, value(which, number, length));
      case 4, 5, 6 -> putLong(bytes, place + where * 8, value(which, number, length));
      case 7 -> putInt(bytes, place + where * 4, (int) value(which, number, length));
      case 8 -> {
        if (place + where < length) {
          image[place + where] = (byte) number;
        }
      }
      case 9 -> {
        int from = (where >> 8) * SECTOR;
        int to = (where & 0xff) * SECTOR;
        if (from + SECTOR <= length && to + SECTOR <= length) {
          System.arraycopy(image, from, image, to, SECTOR);
        }
      }
      case 10 -> {
        return Arrays.copyOf(image, which % 2 == 0 ? Math.min(where, length) : length + GROWTH);
      }
      default -> {
        if (place + where / 8 < length) {
          image[place + where / 8] ^= (byte) (1 << (where % 8));
        }
      }
    }
    return image;
  }

  private static void putInt(ByteBuffer bytes, int at, int value) {
    if (at + 4 <= bytes.capacity()) {
      bytes.putInt(at, value);
    }
  }

  private static void putLong(ByteBuffer bytes, int at, long value) {
    if (at + 8 <= bytes.capacity()) {
      bytes.putLong(at, value);
    }
  }

  /** A value at which parsers err. */
  private static long value(int which, int number, long length) {
    return switch (which % 24) {
      case 0 -> 0;
      case 1 -> 1;
      case 2 -> -1;
      case 3 -> Long.MIN_VALUE;
      case 4 -> Long.MAX_VALUE;
      case 5 -> 1L << 62;
      case 6 -> number;
      case 7 -> (long) number * SECTOR;
      case 8 -> (long) number * SECTOR | (1L << 63);
      case 9 -> (long) number * SECTOR | (1L << 62);
      case 10 -> length;
      case 11 -> (length | (SECTOR - 1)) + 1;
      case 12 -> length - 1;
      case 13 -> Integer.MAX_VALUE;
      case 14 -> Integer.MIN_VALUE & 0xffff_ffffL;
      case 15 -> 1L << 56;
      case 16 -> (1L << 56) - SECTOR;
      case 17 -> 1L << (number % 64);
      case 18 -> (1L << (number % 64)) - 1;
      case 19 -> (long) number << 32;
      case 20 -> (long) number << 48;
      case 21 -> 0xffff_ffffL;
      case 22 -> (long) number * SECTOR | (1L << 63) | 1;
      default -> -(long) number;
    };
  }
}
