// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vvfat;

import dev.strata.block.layout.StructWriter;
import java.nio.charset.StandardCharsets;

/**
 * What a disk has before its tables. Little-endian.
 *
 * @see "Microsoft FAT32 File System Specification 1.03, Boot Sector and BPB; FSInfo Sector"
 */
final class BootSectors {
  /** One for all, as the reference has it: the same folder is the same disk. */
  private static final long SERIAL_NUMBER = 0xfabe1afdL;

  private static final int SIGNATURE = 0xaa55;
  private static final int INFORMATION_SECTOR = 1;
  private static final int BACKUP_SECTOR = 6;
  private static final int MAX_CYLINDER = 1023;

  private BootSectors() {}

  /** All sectors before the tables. */
  static byte[] of(FatLayout layout, String label, int usedClusters) {
    var sectors = new byte[layout.tablesStart() * FatLayout.SECTOR];
    if (layout.bootSector() > 0) {
      put(sectors, 0, partitionTable(layout));
    }
    byte[] boot = bootSector(layout, label);
    put(sectors, layout.bootSector(), boot);
    if (layout.type() == FatType.FAT32) {
      byte[] information = information(layout.clusters() - usedClusters);
      put(sectors, layout.bootSector() + INFORMATION_SECTOR, information);
      put(sectors, layout.bootSector() + BACKUP_SECTOR, boot);
      put(sectors, layout.bootSector() + BACKUP_SECTOR + INFORMATION_SECTOR, information);
    }
    return sectors;
  }

  private static void put(byte[] sectors, int sector, byte[] bytes) {
    System.arraycopy(bytes, 0, sectors, sector * FatLayout.SECTOR, bytes.length);
  }

  private static byte[] partitionTable(FatLayout layout) {
    var sector = new byte[FatLayout.SECTOR];
    var out = StructWriter.littleEndian(sector);
    out.seek(440);
    out.u32(0xbe1afdfaL); // the disk's signature, the reference's
    out.u16(0);
    out.u8(0x80); // active                                                446
    place(out, layout, layout.bootSector());
    out.u8(layout.type().partitionType());
    place(out, layout, layout.totalSectors() - 1);
    out.u32(layout.bootSector());
    out.u32(layout.volumeSectors());
    out.seek(510);
    out.u16(SIGNATURE);
    return sector;
  }

  /** A sector's head, sector and cylinder. */
  private static void place(StructWriter out, FatLayout layout, int sector) {
    int track = sector / layout.trackSectors();
    int cylinder = Math.min(track / layout.heads(), MAX_CYLINDER);
    out.u8(track % layout.heads());
    out.u8((sector % layout.trackSectors() + 1) | ((cylinder >> 8) << 6));
    out.u8(cylinder & 0xff);
  }

  private static byte[] bootSector(FatLayout layout, String label) {
    var sector = new byte[FatLayout.SECTOR];
    boolean wide = layout.type() == FatType.FAT32;
    boolean small = layout.volumeSectors() <= 0xffff && !wide;
    var out = StructWriter.littleEndian(sector);
    out.bytes(new byte[] {(byte) 0xeb, (byte) (wide ? 0x58 : 0x3e), (byte) 0x90}); //     0
    out.bytes(latin("MSWIN4.1")); //                                                      3
    out.u16(FatLayout.SECTOR); //                                                        11
    out.u8(layout.clusterSectors()); //                                                  13
    out.u16(layout.reservedSectors()); //                                                14
    out.u8(FatLayout.TABLES); //                                                         16
    out.u16(layout.rootEntries()); //                                                    17
    out.u16(small ? layout.volumeSectors() : 0); //                                      19
    out.u8(layout.media()); //                                                           21
    out.u16(wide ? 0 : layout.tableSectors()); //                                        22
    out.u16(layout.trackSectors()); //                                                   24
    out.u16(layout.heads()); //                                                          26
    out.u32(layout.bootSector()); //                                                     28
    out.u32(small ? 0 : layout.volumeSectors()); //                                      32
    if (wide) {
      out.u32(layout.tableSectors()); //                                                 36
      out.u32(0); // both tables, version 0                                              40
      out.u32(FatLayout.FIRST_CLUSTER); // of the root folder                            44
      out.u16(INFORMATION_SECTOR); //                                                    48
      out.u16(BACKUP_SECTOR); //                                                         50
      out.bytes(new byte[12]);
    }
    out.u8(layout.floppy() ? 0 : 0x80); // drive                                         36
    out.u8(0);
    out.u8(0x29); // what follows is there                                               38
    out.u32(SERIAL_NUMBER);
    out.bytes(latin(label)); //                                                          43
    out.bytes(latin("FAT" + layout.type().bits() + "   ")); //                           54
    out.seek(510);
    out.u16(SIGNATURE);
    return sector;
  }

  /** FSInfo. */
  private static byte[] information(int freeClusters) {
    var sector = new byte[FatLayout.SECTOR];
    var out = StructWriter.littleEndian(sector);
    out.u32(0x41615252);
    out.seek(484);
    out.u32(0x61417272);
    out.u32(freeClusters); //                                                           488
    out.u32(0xffff_ffffL); // where the next free one is: not known                     492
    out.seek(508);
    out.u32(0xaa550000L);
    return sector;
  }

  private static byte[] latin(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }
}
