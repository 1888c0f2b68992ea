// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.floppy;

/** What a floppy drive is for, with its number in a PC's CMOS memory. */
public enum FloppyType {
  /** Whatever disk is in it at first. */
  AUTOMATIC(0, "auto"),
  /** Disks of 1.2 MB. */
  MIB_1_2(2, "120"),
  /** Disks of 1.44 MB. */
  MIB_1_44(4, "144"),
  /** Disks of 2.88 MB. */
  MIB_2_88(5, "288");

  private final int number;
  private final String word;

  FloppyType(int number, String word) {
    this.number = number;
    this.word = word;
  }

  /** That with this number in a PC's CMOS memory. */
  public static FloppyType of(int number) {
    for (FloppyType type : values()) {
      if (type.number == number) {
        return type;
      }
    }
    throw new IllegalArgumentException("no floppy drive has the number " + number);
  }

  /** As options and listings name it. */
  public String word() {
    return word;
  }

  int number() {
    return number;
  }
}
