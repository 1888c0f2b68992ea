// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vvfat;

import dev.strata.block.layout.StructWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.attribute.FileTime;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.Arrays;

/**
 * What a folder holds on the disk: records of 32 bytes, and before each file's as many as its long
 * name takes.
 *
 * @see "Microsoft FAT32 File System Specification 1.03, FAT Directory Structure; FAT Long Directory
 *     Entries"
 */
final class DirectoryRecords {
  static final int RECORD = FatLayout.ENTRY;
  static final int FOLDER = 0x10;
  private static final int ARCHIVE = 0x20;
  private static final int VOLUME_LABEL = 0x28;
  static final int LONG_NAME = 0x0f;
  static final int LAST = 0x40;
  static final int NAME_CHARACTERS = 13;
  static final int FIRST_YEAR = 1980;
  private static final int LAST_YEAR = 2107;

  private DirectoryRecords() {}

  /** How many bytes a folder's records take. */
  static long bytesOf(FolderEntry folder) {
    long records = folder.parent == null ? 1 : 2; // the label; itself and its parent
    for (FolderEntry child : folder.children) {
      records += 1 + nameRecords(child.name);
    }
    return records * RECORD;
  }

  private static int nameRecords(String name) {
    return (name.length() + NAME_CHARACTERS - 1) / NAME_CHARACTERS;
  }

  /**
   * The records of a folder whose files have their clusters.
   *
   * @param label of the disk, 11 characters; a root folder has it
   */
  static byte[] of(FolderEntry folder, String label, ZoneId zone) {
    var bytes = new byte[Math.toIntExact(bytesOf(folder))];
    var out = StructWriter.littleEndian(bytes);
    FolderEntry parent = folder.parent;
    if (parent == null) {
      out.bytes(label.getBytes(StandardCharsets.ISO_8859_1));
      out.u8(VOLUME_LABEL);
      out.bytes(new byte[RECORD - ShortNames.BYTES - 1]);
    } else {
      record(out, padded("."), folder, folder.firstCluster, zone);
      record(out, padded(".."), parent, parent.parent == null ? 0 : parent.firstCluster, zone);
    }
    var shortNames = new ShortNames();
    for (FolderEntry child : folder.children) {
      byte[] shortName = shortNames.of(child.name);
      longName(out, child.name, checksum(shortName));
      record(out, shortName, child, child.firstCluster, zone);
    }
    return bytes;
  }

  private static byte[] padded(String name) {
    byte[] bytes = new byte[ShortNames.BYTES];
    Arrays.fill(bytes, (byte) ' ');
    System.arraycopy(name.getBytes(StandardCharsets.US_ASCII), 0, bytes, 0, name.length());
    return bytes;
  }

  private static void record(
      StructWriter out, byte[] name, FolderEntry file, int cluster, ZoneId zone) {
    ZonedDateTime changed = time(file.changed, zone);
    ZonedDateTime read = time(file.attributes.lastAccessTime(), zone);
    ZonedDateTime written = time(file.attributes.lastModifiedTime(), zone);
    out.bytes(name); //                                        0
    out.u8(file.isFolder() ? FOLDER : ARCHIVE); //            11
    out.u8(0);
    out.u8(0); //                                             13
    out.u16(timeOf(changed));
    out.u16(dateOf(changed)); //                              16
    out.u16(dateOf(read)); //                                 18
    out.u16(cluster >>> 16); //                               20
    out.u16(timeOf(written)); //                              22
    out.u16(dateOf(written)); //                              24
    out.u16(cluster & 0xffff); //                             26
    out.u32(file.isFolder() ? 0 : file.size()); //            28
  }

  /** Within what can be told. */
  private static ZonedDateTime time(FileTime time, ZoneId zone) {
    ZonedDateTime local = time.toInstant().atZone(zone);
    if (local.getYear() < FIRST_YEAR) {
      return ZonedDateTime.of(FIRST_YEAR, 1, 1, 0, 0, 0, 0, zone);
    }
    return local.getYear() > LAST_YEAR
        ? ZonedDateTime.of(LAST_YEAR, 12, 31, 23, 59, 58, 0, zone)
        : local;
  }

  private static int timeOf(ZonedDateTime time) {
    return (time.getHour() << 11) | (time.getMinute() << 5) | (time.getSecond() / 2);
  }

  private static int dateOf(ZonedDateTime time) {
    return ((time.getYear() - FIRST_YEAR) << 9)
        | (time.getMonthValue() << 5)
        | time.getDayOfMonth();
  }

  /** The last part of the name comes first. */
  private static void longName(StructWriter out, String name, int checksum) {
    int records = nameRecords(name);
    for (int number = records; number > 0; number--) {
      var characters = new char[NAME_CHARACTERS];
      Arrays.fill(characters, '\uffff');
      int from = (number - 1) * NAME_CHARACTERS;
      int length = Math.min(NAME_CHARACTERS, name.length() - from);
      name.getChars(from, from + length, characters, 0);
      if (length < NAME_CHARACTERS) {
        characters[length] = 0;
      }
      out.u8(number == records ? number | LAST : number); //   0
      characters(out, characters, 0, 5); //                    1
      out.u8(LONG_NAME); //                                   11
      out.u8(0);
      out.u8(checksum); //                                    13
      characters(out, characters, 5, 11);
      out.u16(0); //                                          26
      characters(out, characters, 11, 13);
    }
  }

  private static void characters(StructWriter out, char[] characters, int from, int to) {
    for (int i = from; i < to; i++) {
      out.u16(characters[i]);
    }
  }

  /** By which a long name is known to belong to a short one. */
  static int checksum(byte[] shortName) {
    int sum = 0;
    for (byte each : shortName) {
      sum = (((sum & 1) << 7) + (sum >> 1) + (each & 0xff)) & 0xff;
    }
    return sum;
  }
}
