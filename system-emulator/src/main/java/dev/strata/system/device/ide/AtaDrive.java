// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.ide;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.strata.block.graph.BlockBackend;
import java.util.Arrays;

/**
 * An ATA disk as it describes itself, and what it remembers between commands. {@link IdeChannel}
 * locks.
 *
 * @see "ATA/ATAPI-7 volume 1, 6.17 IDENTIFY DEVICE"
 */
final class AtaDrive {
  static final int SECTOR = 512;

  /** The most sectors of a block of READ MULTIPLE. */
  static final int MOST_MULTIPLE = 16;

  private static final int HEADS = 16;
  private static final int SECTORS_A_TRACK = 63;

  private final BlockBackend disk;
  private final String serial;
  int multiple = MOST_MULTIPLE; // sectors of a block; 0 until it is set
  private int transferMode = 0x45; // as SET FEATURES has it: Ultra DMA 5

  /**
   * A disk.
   *
   * @param serial at most 20 characters of ASCII
   */
  AtaDrive(BlockBackend disk, String serial) {
    this.disk = disk;
    this.serial = serial;
  }

  BlockBackend disk() {
    return disk;
  }

  /** How many whole sectors there are; what is beyond 2^48 is not seen. */
  long sectors() {
    return Math.min(disk.length() / SECTOR, 1L << 48);
  }

  private int cylinders() {
    return Math.clamp(sectors() / (HEADS * SECTORS_A_TRACK), 2, 16383);
  }

  /** The sector that a cylinder, a head and a sector from 1 on name, or -1. */
  long sectorAt(int cylinder, int head, int sector) {
    return sector == 0 ? -1 : ((long) cylinder * HEADS + head) * SECTORS_A_TRACK + sector - 1;
  }

  /** Sets the transfer mode; whether there is such a one. */
  boolean transferMode(int mode) {
    int kind = mode >> 3;
    int number = mode & 7;
    boolean known =
        (kind == 0 && number <= 1)
            || (kind == 1 && number <= 4)
            || (kind == 4 && number <= 2)
            || (kind == 8 && number <= 5);
    if (known && kind != 0 && kind != 1) {
      transferMode = mode;
    }
    return known;
  }

  /** The 512 bytes of IDENTIFY DEVICE. */
  byte[] identify() {
    var words = new int[256];
    long sectors = sectors();
    int cylinders = cylinders();
    long addressed = (long) cylinders * HEADS * SECTORS_A_TRACK;
    words[0] = 0x40; // a fixed disk
    words[1] = cylinders;
    words[3] = HEADS;
    words[6] = SECTORS_A_TRACK;
    text(words, 10, 10, serial);
    text(words, 23, 4, "2.5+");
    text(words, 27, 20, "QEMU HARDDISK");
    words[47] = 0x8000 | MOST_MULTIPLE;
    words[49] = 0xb00; // standby timer, LBA, DMA
    words[51] = 0x200;
    words[52] = 0x200;
    words[53] = 7; // words 54 to 58, 64 to 70 and 88 are valid
    words[54] = cylinders;
    words[55] = HEADS;
    words[56] = SECTORS_A_TRACK;
    words[57] = (int) addressed & 0xffff;
    words[58] = (int) (addressed >> 16);
    words[59] = multiple == 0 ? 0 : 0x100 | multiple;
    long few = Math.min(sectors, 0xfffffff);
    words[60] = (int) few & 0xffff;
    words[61] = (int) (few >> 16);
    words[63] = 7 | (transferMode >> 3 == 4 ? 0x100 << (transferMode & 7) : 0);
    words[64] = 3; // PIO modes 3 and 4
    Arrays.fill(words, 65, 69, 120); // nanoseconds of a cycle
    words[80] = 0xf0; // ATA-4 to ATA-7
    words[82] = 0x4020; // NOP, write cache
    words[83] = 0x7400; // 48-bit addresses, both flushes
    words[84] = 0x4000;
    words[85] = 0x4020;
    words[86] = 0x3400;
    words[87] = 0x4000;
    words[88] = 0x3f | (transferMode >> 3 == 8 ? 0x100 << (transferMode & 7) : 0);
    words[93] = 0x6003; // the reset's result: a cable of 80 wires
    for (int word = 0; word < 4; word++) {
      words[100 + word] = (int) (sectors >> (16 * word)) & 0xffff;
    }
    var bytes = new byte[SECTOR];
    for (int word = 0; word < 256; word++) {
      bytes[2 * word] = (byte) words[word];
      bytes[2 * word + 1] = (byte) (words[word] >> 8);
    }
    return bytes;
  }

  /** Text is stored with the first character in a word's upper half. */
  private static void text(int[] words, int at, int count, String text) {
    byte[] padded = Arrays.copyOf(text.getBytes(US_ASCII), 2 * count);
    for (int word = 0; word < count; word++) {
      int first = padded[2 * word] == 0 ? ' ' : padded[2 * word];
      int second = padded[2 * word + 1] == 0 ? ' ' : padded[2 * word + 1];
      words[at + word] = first << 8 | second;
    }
  }
}
