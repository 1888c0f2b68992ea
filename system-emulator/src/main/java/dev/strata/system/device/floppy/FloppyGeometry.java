// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.floppy;

/**
 * How a floppy disk is laid out.
 *
 * @param sectors of 512 bytes on each side of a cylinder
 * @param rate how fast the disk's bits pass, as the controller's rate registers have it; 300 and
 *     250 kbit/s are one, for that depends on the drive
 * @param driveType the drive that reads it, as a PC's CMOS memory has it
 */
record FloppyGeometry(int cylinders, int heads, int sectors, int rate, int driveType) {
  static final int SECTOR = 512;

  private static final int SLOW = 2; // rates
  private static final int HIGH = 0;
  private static final int EXTRA_HIGH = 3;
  private static final int MIB_1_2 = 2; // drives
  private static final int MIB_1_44 = 4;
  private static final int MIB_2_88 = 5;

  /** What a drive without a disk is for. */
  static final FloppyGeometry NONE = new FloppyGeometry(80, 2, 36, EXTRA_HIGH, MIB_2_88);

  private static final FloppyGeometry[] KNOWN = {
    new FloppyGeometry(80, 2, 18, HIGH, MIB_1_44),
    new FloppyGeometry(80, 2, 20, HIGH, MIB_1_44),
    new FloppyGeometry(80, 2, 21, HIGH, MIB_1_44),
    new FloppyGeometry(82, 2, 21, HIGH, MIB_1_44),
    new FloppyGeometry(83, 2, 21, HIGH, MIB_1_44),
    NONE,
    new FloppyGeometry(80, 2, 15, HIGH, MIB_1_2),
    new FloppyGeometry(80, 2, 9, SLOW, MIB_1_44),
    new FloppyGeometry(80, 1, 9, SLOW, MIB_1_44),
    new FloppyGeometry(40, 2, 9, SLOW, MIB_1_2),
    new FloppyGeometry(40, 1, 9, SLOW, MIB_1_2),
    new FloppyGeometry(40, 2, 8, SLOW, MIB_1_2),
    new FloppyGeometry(40, 1, 8, SLOW, MIB_1_2)
  };

  /** Of an image of that length; one of 1.44 MB if no disk is as long. */
  static FloppyGeometry of(long bytes) {
    for (FloppyGeometry known : KNOWN) {
      if ((long) known.cylinders * known.heads * known.sectors * SECTOR == bytes) {
        return known;
      }
    }
    return KNOWN[0];
  }

  /** Whether the disk can be read at a rate that software has chosen, 0 to 3. */
  boolean fits(int chosen) {
    return rate == SLOW ? chosen == 1 || chosen == 2 : chosen == rate;
  }

  /** The number of a sector, or -1 if the disk has none of that name. */
  int sectorAt(int cylinder, int head, int sector) {
    boolean there = cylinder < cylinders && head < heads && sector >= 1 && sector <= sectors;
    return there ? (cylinder * heads + head) * sectors + sector - 1 : -1;
  }
}
