// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vvfat;

/** How wide an entry of the file allocation table is. */
enum FatType {
  FAT12(12, 0x01),
  FAT16(16, 0x06),
  FAT32(32, 0x0b);

  private final int bits;
  private final int partitionType;

  FatType(int bits, int partitionType) {
    this.bits = bits;
    this.partitionType = partitionType;
  }

  int bits() {
    return bits;
  }

  /** In a partition table. */
  int partitionType() {
    return partitionType;
  }

  /** What a chain of clusters ends with. */
  int endOfChain() {
    return (int) ((1L << Math.min(bits, 28)) - 1);
  }
}
