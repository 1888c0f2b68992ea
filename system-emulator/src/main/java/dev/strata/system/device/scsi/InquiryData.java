// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.scsi;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What a unit answers to INQUIRY.
 *
 * @see "SCSI Primary Commands - 3, 6.4 INQUIRY, 7.6 Vital product data; SCSI Block Commands - 3,
 *     6.5"
 */
final class InquiryData {
  /** More than a disk transfers at once, in blocks. */
  static final int MOST_BLOCKS = 0x3fffff;

  private static final int STANDARD = 36; // bytes, at least
  private static final int MOST_STANDARD = 256;
  private static final int VERSION = 5; // SPC-3
  private static final int MOST_UNMAPPED = 1 << 30; // bytes of one range
  private static final int MOST_RANGES = 255;
  private static final int UNMAP_GRANULARITY = 4096; // bytes
  private static final int PROVISIONING = 0xe0; // UNMAP, and WRITE SAME of both lengths with UNMAP
  private static final int THIN = 2;

  private final int type;
  private final ScsiIdentity identity;
  private final int blockBytes;
  private final int[] pages;

  /**
   * A unit's.
   *
   * @param type of the peripheral: 0 for a disk, 5 for a CD drive
   * @param pages of vital product data that it lists, ascending; those of a serial number and of
   *     block limits only exist if they are listed
   */
  InquiryData(int type, ScsiIdentity identity, int blockBytes, int... pages) {
    this.type = type;
    this.identity = identity;
    this.blockBytes = blockBytes;
    this.pages = pages;
  }

  private static byte[] page(int type, int number, int length) {
    byte[] all = new byte[4 + length];
    all[0] = (byte) type;
    all[1] = (byte) number;
    all[2] = (byte) (length >> 8);
    all[3] = (byte) length;
    return all;
  }

  /**
   * The standard data.
   *
   * @param allocation as many bytes as are asked for: the rest of the data is zeroes
   */
  byte[] standard(boolean removable, int allocation) {
    var all = new byte[Math.clamp(allocation, STANDARD, MOST_STANDARD)];
    all[0] = (byte) type;
    all[1] = (byte) (removable ? 0x80 : 0);
    all[2] = VERSION;
    all[3] = 0x12; // numbers of units by all methods; this format
    all[4] = (byte) (all.length - 5);
    all[7] = 0x12; // several commands at a time, and a bus of the kind that has had no name
    ScsiIdentity.put(identity.vendor(), all, 8, 8);
    ScsiIdentity.put(identity.product(), all, 16, 16);
    ScsiIdentity.put(identity.version(), all, 32, 4);
    return all;
  }

  /** A page of vital product data, or null if there is none of that number. */
  byte @Nullable [] vital(int number) {
    boolean listed = Arrays.binarySearch(pages, number) >= 0;
    return switch (number) {
      case 0x00 -> {
        byte[] all = page(type, number, pages.length);
        for (int index = 0; index < pages.length; index++) {
          all[4 + index] = (byte) pages[index];
        }
        yield all;
      }
      case 0x80 -> {
        byte[] serial = identity.serialBytes();
        byte[] all = page(type, number, serial.length);
        System.arraycopy(serial, 0, all, 4, serial.length);
        yield listed ? all : null;
      }
      case 0x83 -> identification();
      case 0xb0 -> listed ? limits() : null;
      case 0xb1 -> {
        byte[] all = page(type, number, 0x3c);
        all[4] = (byte) (identity.rotationRate() >> 8);
        all[5] = (byte) identity.rotationRate();
        yield all;
      }
      case 0xb2 -> {
        byte[] all = page(type, number, 4);
        all[5] = (byte) PROVISIONING;
        all[6] = THIN;
        yield all;
      }
      default -> null;
    };
  }

  private byte[] identification() {
    byte[] id = identity.idBytes();
    var names = ByteBuffer.allocate(256);
    names.position(4);
    if (id.length > 0) {
      // In ASCII, of the maker's own kind, of the unit.
      names.put((byte) 2).put((byte) 0).put((byte) 0).put((byte) id.length).put(id);
    }
    if (identity.wwn() != 0) {
      names.putInt(0x01030008).putLong(identity.wwn());
    }
    if (identity.portWwn() != 0) {
      names.putInt(0x61930008).putLong(identity.portWwn());
    }
    if (identity.portIndex() != 0) {
      names.putInt(0x61940004).putInt(identity.portIndex());
    }
    byte[] all = page(type, 0x83, names.position() - 4);
    System.arraycopy(names.array(), 4, all, 4, all.length - 4);
    return all;
  }

  private byte[] limits() {
    byte[] all = page(type, 0xb0, 0x3c);
    var fields = ByteBuffer.wrap(all);
    all[4] = 1; // WRITE SAME of no blocks means none, not all
    fields.putInt(8, MOST_BLOCKS);
    fields.putInt(20, MOST_UNMAPPED / blockBytes);
    fields.putInt(24, MOST_RANGES);
    fields.putInt(28, UNMAP_GRANULARITY / blockBytes);
    fields.putLong(36, MOST_BLOCKS);
    return all;
  }
}
