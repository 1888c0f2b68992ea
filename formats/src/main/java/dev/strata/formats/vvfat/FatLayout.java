// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vvfat;

/**
 * Where everything lies on the disk, in sectors of 512 bytes: perhaps a partition table; a boot
 * sector and what else is reserved; two tables; the root folder, unless it is a folder like others;
 * clusters, the first of which has the number 2.
 *
 * @param bootSector where the file system begins
 * @param rootEntries of the root folder with a place of its own; 0 with FAT32
 * @param tableSectors of one table
 */
record FatLayout(
    FatType type,
    boolean floppy,
    int cylinders,
    int heads,
    int trackSectors,
    int bootSector,
    int reservedSectors,
    int clusterSectors,
    int rootEntries,
    int tableSectors) {
  static final int SECTOR = 512;
  static final int ENTRY = 32;
  static final int FIRST_CLUSTER = 2;
  static final int TABLES = 2;

  /** The reference's sizes: a floppy of 1.44 or 2.88 MB, a hard disk of 31.5 or 504 MiB. */
  static FatLayout of(FatType type, boolean floppy) {
    int trackSectors = floppy ? (type == FatType.FAT12 ? 18 : 36) : 63;
    return of(type, floppy, trackSectors);
  }

  /** The floppy of one who does not care: FAT12 on 2.88 MB. */
  static FatLayout usualFloppy() {
    return of(FatType.FAT12, true, 36);
  }

  private static FatLayout of(FatType type, boolean floppy, int trackSectors) {
    int cylinders = floppy ? 80 : type == FatType.FAT12 ? 64 : 1024;
    int heads = floppy ? 2 : 16;
    int bootSector = floppy ? 0 : trackSectors;
    boolean wide = type == FatType.FAT32;
    // What is FAT32 is told by the number of clusters: there have to be 65525.
    int clusterSectors = wide ? 8 : 16;
    int sectors = cylinders * heads * trackSectors - bootSector;
    // A sector of the table is about so many sectors, itself included.
    int covered = 1 + clusterSectors * SECTOR * 8 / type.bits();
    return new FatLayout(
        type,
        floppy,
        cylinders,
        heads,
        trackSectors,
        bootSector,
        wide ? 32 : 1,
        clusterSectors,
        wide ? 0 : 512,
        (sectors + covered) / covered);
  }

  int totalSectors() {
    return cylinders * heads * trackSectors;
  }

  /** From the boot sector on. */
  int volumeSectors() {
    return totalSectors() - bootSector;
  }

  int tablesStart() {
    return bootSector + reservedSectors;
  }

  int rootStart() {
    return tablesStart() + TABLES * tableSectors;
  }

  int dataStart() {
    return rootStart() + rootEntries * ENTRY / SECTOR;
  }

  int clusters() {
    return (totalSectors() - dataStart()) / clusterSectors;
  }

  int clusterBytes() {
    return clusterSectors * SECTOR;
  }

  /** Where a cluster begins. */
  int sectorOf(int cluster) {
    return dataStart() + (cluster - FIRST_CLUSTER) * clusterSectors;
  }

  /** Whether a cluster has that number. */
  boolean isCluster(int number) {
    return number >= FIRST_CLUSTER && number - FIRST_CLUSTER < clusters();
  }

  /** Of a hard disk or a floppy, in boot sector and table. */
  int media() {
    return floppy ? 0xf0 : 0xf8;
  }

  /** How many clusters hold that much. */
  long clustersFor(long bytes) {
    return (bytes + clusterBytes() - 1) / clusterBytes();
  }
}
