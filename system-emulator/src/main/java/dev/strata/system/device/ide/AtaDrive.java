// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.ide;

import dev.strata.block.BlockException;
import dev.strata.block.drive.GuestDrive;
import dev.strata.system.state.StateFields;

/**
 * An ATA disk as it describes itself, and what it remembers between commands. The channel locks.
 *
 * @see "ATA/ATAPI-7 volume 1, 6.17 IDENTIFY DEVICE"
 */
final class AtaDrive {
  static final int SECTOR = 512;

  /** The most sectors of a block of READ MULTIPLE. */
  static final int MOST_MULTIPLE = 16;

  private static final int HEADS = 16;
  private static final int SECTORS_A_TRACK = 63;

  private final GuestDrive disk;
  private final String serial;
  int multiple = MOST_MULTIPLE; // sectors of a block; 0 until it is set
  final TransferMode transferMode = new TransferMode();

  /**
   * A disk.
   *
   * @param serial at most 20 characters of ASCII
   */
  AtaDrive(GuestDrive disk, String serial) {
    this.disk = disk;
    this.serial = serial;
  }

  GuestDrive disk() {
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

  /** The 512 bytes of IDENTIFY DEVICE. */
  byte[] identify() {
    var words = new IdentityWords();
    long sectors = sectors();
    int cylinders = cylinders();
    long addressed = (long) cylinders * HEADS * SECTORS_A_TRACK;
    words.set(0, 0x40); // a fixed disk
    words.set(1, cylinders);
    words.set(3, HEADS);
    words.set(6, SECTORS_A_TRACK);
    words.text(10, 10, serial);
    words.text(23, 4, "2.5+");
    words.text(27, 20, "QEMU HARDDISK");
    words.set(47, 0x8000 | MOST_MULTIPLE);
    words.set(49, 0xb00); // standby timer, LBA, DMA
    words.set(51, 0x200);
    words.set(52, 0x200);
    words.set(53, 7); // words 54 to 58, 64 to 70 and 88 are valid
    words.set(54, cylinders);
    words.set(55, HEADS);
    words.set(56, SECTORS_A_TRACK);
    words.set(57, (int) addressed & 0xffff);
    words.set(58, (int) (addressed >> 16));
    words.set(59, multiple == 0 ? 0 : 0x100 | multiple);
    long few = Math.min(sectors, 0xfffffff);
    words.set(60, (int) few & 0xffff);
    words.set(61, (int) (few >> 16));
    transferMode.describe(words);
    words.set(80, 0xf0); // ATA-4 to ATA-7
    words.set(82, 0x4020); // NOP, write cache
    words.set(83, 0x7400); // 48-bit addresses, both flushes
    words.set(84, 0x4000);
    words.set(85, 0x4020);
    words.set(86, 0x3400);
    words.set(87, 0x4000);
    for (int word = 0; word < 4; word++) {
      words.set(100 + word, (int) (sectors >> (16 * word)) & 0xffff);
    }
    return words.bytes();
  }

  void state(StateFields state) throws BlockException {
    multiple = state.within("multiple", multiple, 0, MOST_MULTIPLE);
    transferMode.state(state);
    if (Integer.bitCount(multiple) > 1) {
      throw state.wrong("multiple", "is " + multiple);
    }
  }
}
