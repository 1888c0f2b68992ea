// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.floppy;

/** What a floppy drive is for, with its number in a PC's CMOS memory. */
public enum FloppyType {
  /** Whatever disk is in it at first. */
  AUTOMATIC(0),
  /** Disks of 1.2 MB. */
  MIB_1_2(2),
  /** Disks of 1.44 MB. */
  MIB_1_44(4),
  /** Disks of 2.88 MB. */
  MIB_2_88(5);

  private final int number;

  FloppyType(int number) {
    this.number = number;
  }

  int number() {
    return number;
  }
}
