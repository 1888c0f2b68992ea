// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.vga;

/**
 * A screen whose lines follow each other in memory. Whatever the registers say, addresses wrap
 * around at the memory's end.
 *
 * @param depth bits of a dot: 4 (in planes), 8, 15, 16, 24 or 32
 * @param lineBytes bytes of all planes from line to line
 * @param x the first dot of each line that is shown
 * @param y the first line that is shown
 * @param colours of dots of 4 and 8 bits
 * @param bigEndian whether dots of more than a byte have the highest byte first
 */
record LinearScreen(
    VideoMemory memory,
    int width,
    int height,
    int depth,
    int lineBytes,
    int x,
    int y,
    int[] colours,
    boolean bigEndian)
    implements Picture {
  @Override
  public void line(int line, int[] into) {
    long start = (long) (y + line) * lineBytes;
    for (int dot = 0; dot < width; dot++) {
      into[dot] = depth == 4 ? planar(start / 4, x + dot) : packed(start, x + dot);
    }
  }

  private int planar(long planeStart, int dot) {
    int offset = (int) ((planeStart + dot / 8) & (VideoMemory.PLANE_SIZE - 1));
    int bits = memory.planes(offset) >> (7 - (dot & 7));
    return colours[(bits & 1) | (bits >> 7 & 2) | (bits >> 14 & 4) | (bits >> 21 & 8)];
  }

  private int packed(long start, int dot) {
    return switch (depth) {
      case 8 -> colours[memory.get8(wrapped(start + dot))];
      case 15 -> fifteen(word(start, dot));
      case 16 -> sixteen(word(start, dot));
      case 24 -> {
        int first = memory.get8(wrapped(start + dot * 3L));
        int second = memory.get8(wrapped(start + dot * 3L + 1));
        int third = memory.get8(wrapped(start + dot * 3L + 2));
        yield bigEndian ? first << 16 | second << 8 | third : third << 16 | second << 8 | first;
      }
      default -> {
        int value = memory.get32(wrapped(start + dot * 4L));
        yield (bigEndian ? Integer.reverseBytes(value) : value) & 0xffffff;
      }
    };
  }

  private static int wrapped(long address) {
    return (int) address & (VideoMemory.SIZE - 1);
  }

  /** Two bytes; lines have whole dots, so that none wraps around in itself. */
  private int word(long start, int dot) {
    int value = memory.get16(wrapped(start + dot * 2L));
    return bigEndian ? (value & 0xff) << 8 | value >> 8 : value;
  }

  private static int fifteen(int value) {
    return level5(value >> 10) << 16 | level5(value >> 5) << 8 | level5(value);
  }

  private static int sixteen(int value) {
    int green = value >> 5 & 0x3f;
    return level5(value >> 11) << 16 | (green << 2 | green >> 4) << 8 | level5(value);
  }

  private static int level5(int value) {
    int bits = value & 0x1f;
    return bits << 3 | bits >> 2;
  }
}
