// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vvfat;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.layout.StructReader;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.attribute.FileTime;
import java.time.DateTimeException;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Reads what {@link DirectoryRecords} are written as, by whomever.
 *
 * @see "Microsoft FAT32 File System Specification 1.03, FAT Directory Structure; FAT Long Directory
 *     Entries"
 */
final class RecordReader {
  private static final int END = 0;
  private static final int REMOVED = 0xe5;
  private static final int STANDS_FOR_REMOVED = 0x05;
  private static final int LABEL = 0x08;
  private static final int LOWER_BASE = 0x08;
  private static final int LOWER_EXTENSION = 0x10;
  private static final int MAX_NAME_RECORDS = 20;
  private static final int MAX_NAME_BYTES = 255; // of Linux's file systems
  private static final String DOS = "IBM437"; // that of DOS, if nobody says another

  /**
   * What one file's records say.
   *
   * @param cluster the first, or 0
   */
  record Found(String name, boolean isFolder, int cluster, long size, FileTime written) {}

  private final ZoneId zone;
  private final List<Found> found = new ArrayList<>();
  private final char[] longName = new char[MAX_NAME_RECORDS * DirectoryRecords.NAME_CHARACTERS];
  private int expected; // the number of the long name's record that comes next; 0 if all came
  private int records; // of the long name; 0 if there is none
  private int checksum;

  private RecordReader(ZoneId zone) {
    this.zone = zone;
  }

  /**
   * Reads a folder's records up to their end; itself, its parent and the label are left out.
   *
   * @throws BlockException if a name is one that no file can have
   */
  static List<Found> read(byte[] folder, ZoneId zone) throws BlockException {
    var reader = new RecordReader(zone);
    for (int at = 0; at + DirectoryRecords.RECORD <= folder.length; at += DirectoryRecords.RECORD) {
      byte[] record = Arrays.copyOfRange(folder, at, at + DirectoryRecords.RECORD);
      if (record[0] == END) {
        break;
      }
      reader.record(record);
    }
    return reader.found;
  }

  private void record(byte[] record) throws BlockException {
    int first = record[0] & 0xff;
    int attributes = record[ShortNames.BYTES] & 0xff;
    if (first == REMOVED) {
      records = 0;
    } else if ((attributes & 0x3f) == DirectoryRecords.LONG_NAME) {
      part(record);
    } else {
      if ((attributes & LABEL) == 0 && record[0] != '.') {
        file(record, (attributes & DirectoryRecords.FOLDER) != 0);
      }
      records = 0;
    }
  }

  /** The last part comes first; one that is out of turn belongs to nothing. */
  private void part(byte[] record) throws BlockException {
    int number = record[0] & 0x1f;
    int sum = record[13] & 0xff;
    if ((record[0] & DirectoryRecords.LAST) != 0) {
      records = number > MAX_NAME_RECORDS ? 0 : number;
      checksum = sum;
    } else if (records == 0 || number != expected || sum != checksum) {
      records = 0;
    }
    if (records == 0 || number == 0) {
      records = 0;
      return;
    }
    expected = number - 1;
    var in = StructReader.littleEndian(record);
    int to = (number - 1) * DirectoryRecords.NAME_CHARACTERS;
    for (int at : new int[] {1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30}) {
      in.seek("name", at);
      longName[to++] = (char) in.u16("name");
    }
  }

  private void file(byte[] record, boolean isFolder) throws BlockException {
    var in = StructReader.littleEndian(record);
    byte[] shortName = in.bytes("name", ShortNames.BYTES); //      0
    boolean isLong =
        records > 0 && expected == 0 && checksum == DirectoryRecords.checksum(shortName);
    in.skip("attributes", 1); //                                  11
    int cases = in.u8("case"); //                                 12
    in.skip("creation, access", 7);
    int high = in.u16("cluster"); //                              20
    int time = in.u16("time"); //                                 22
    int date = in.u16("date"); //                                 24
    int cluster = high << 16 | in.u16("cluster"); //              26
    long size = in.u32("size"); //                                28
    String name = isLong ? longName() : shortName(shortName, cases);
    requireAllowed(name);
    found.add(new Found(name, isFolder, cluster, isFolder ? 0 : size, written(date, time)));
  }

  private String longName() {
    int end = 0;
    int most = records * DirectoryRecords.NAME_CHARACTERS;
    while (end < most && longName[end] != 0) {
      end++;
    }
    return new String(longName, 0, end);
  }

  private static String shortName(byte[] name, int cases) {
    byte[] bytes = name.clone();
    if (bytes[0] == STANDS_FOR_REMOVED) {
      bytes[0] = (byte) REMOVED;
    }
    Charset charset = Charset.isSupported(DOS) ? Charset.forName(DOS) : StandardCharsets.ISO_8859_1;
    String base = new String(bytes, 0, 8, charset).stripTrailing();
    String extension = new String(bytes, 8, 3, charset).stripTrailing();
    if ((cases & LOWER_BASE) != 0) {
      base = base.toLowerCase(Locale.ROOT);
    }
    if ((cases & LOWER_EXTENSION) != 0) {
      extension = extension.toLowerCase(Locale.ROOT);
    }
    return extension.isEmpty() ? base : base + "." + extension;
  }

  /** A guest chooses names, and none of them may lead anywhere. */
  private static void requireAllowed(String name) throws BlockException {
    boolean allowed = !name.isEmpty() && !name.equals(".") && !name.equals("..");
    for (int i = 0; i < name.length() && allowed; i++) {
      char c = name.charAt(i);
      allowed = c != '/' && c != 0;
      if (Character.isHighSurrogate(c) && i + 1 < name.length()) {
        i++;
        allowed = Character.isLowSurrogate(name.charAt(i));
      } else if (Character.isSurrogate(c)) {
        allowed = false;
      }
    }
    if (!allowed || name.getBytes(StandardCharsets.UTF_8).length > MAX_NAME_BYTES) {
      throw new BlockException(
          Errno.EIO, HostName.shown(name) + " is a name that no file of the folder can have");
    }
  }

  /** What is no time is the first there is. */
  private FileTime written(int date, int time) {
    LocalDateTime local;
    try {
      local =
          LocalDateTime.of(
              DirectoryRecords.FIRST_YEAR + (date >> 9),
              date >> 5 & 0xf,
              date & 0x1f,
              time >> 11,
              time >> 5 & 0x3f,
              (time & 0x1f) * 2);
    } catch (DateTimeException e) {
      local = LocalDateTime.of(DirectoryRecords.FIRST_YEAR, 1, 1, 0, 0);
    }
    return FileTime.from(local.atZone(zone).toInstant());
  }
}
