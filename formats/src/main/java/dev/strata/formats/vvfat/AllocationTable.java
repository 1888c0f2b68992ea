// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vvfat;

/**
 * A file allocation table: for each cluster the next one of its chain.
 *
 * @see "Microsoft FAT32 File System Specification 1.03, FAT Data Structure"
 */
final class AllocationTable {
  private final FatType type;
  private final byte[] bytes;

  /** Without any chain. */
  AllocationTable(FatLayout layout) {
    this.type = layout.type();
    this.bytes = new byte[layout.tableSectors() * FatLayout.SECTOR];
    set(0, (type.endOfChain() & ~0xff) | layout.media());
    set(1, type.endOfChain());
  }

  /**
   * One that was on a disk.
   *
   * @param bytes of the table; not to be changed afterwards
   */
  AllocationTable(FatType type, byte[] bytes) {
    this.type = type;
    this.bytes = bytes;
  }

  /**
   * The entry of a cluster: 0 if it is free, the next one of its chain, or what is no cluster's
   * number.
   */
  int next(int cluster) {
    return switch (type) {
      case FAT12 -> {
        int at = cluster / 2 * 3 + cluster % 2;
        int both = (bytes[at] & 0xff) | (bytes[at + 1] & 0xff) << 8;
        yield cluster % 2 == 0 ? both & 0xfff : both >> 4;
      }
      case FAT16 -> (bytes[cluster * 2] & 0xff) | (bytes[cluster * 2 + 1] & 0xff) << 8;
      case FAT32 -> (int) get32(cluster * 4) & 0x0fff_ffff; // four bits are reserved
    };
  }

  /** Whether a chain ends with that entry. */
  boolean isEnd(int entry) {
    return entry >= type.endOfChain() - 7;
  }

  private long get32(int at) {
    long value = 0;
    for (int i = 3; i >= 0; i--) {
      value = value << 8 | (bytes[at + i] & 0xff);
    }
    return value;
  }

  /** So many clusters in a row, from 1 on. */
  void chain(int first, int count) {
    int last = first + count - 1;
    for (int cluster = first; cluster < last; cluster++) {
      set(cluster, cluster + 1);
    }
    set(last, type.endOfChain());
  }

  private void set(int cluster, int value) {
    switch (type) {
      case FAT12 -> {
        // Two entries share three bytes.
        int at = cluster / 2 * 3 + cluster % 2;
        if (cluster % 2 == 0) {
          bytes[at] = (byte) value;
          bytes[at + 1] = (byte) ((bytes[at + 1] & 0xf0) | ((value >> 8) & 0x0f));
        } else {
          bytes[at] = (byte) ((bytes[at] & 0x0f) | ((value << 4) & 0xf0));
          bytes[at + 1] = (byte) (value >> 4);
        }
      }
      case FAT16 -> put(cluster * 2, value, 2);
      case FAT32 -> put(cluster * 4, value, 4);
    }
  }

  private void put(int at, int value, int length) {
    for (int i = 0; i < length; i++) {
      bytes[at + i] = (byte) (value >> (8 * i));
    }
  }

  /** As it lies on the disk; not to be changed. */
  byte[] bytes() {
    return bytes;
  }
}
