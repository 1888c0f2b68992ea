// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.ide;

import dev.strata.block.BlockException;
import dev.strata.system.state.StateFields;

/**
 * The registers by which a drive is told what to do, and tells how that went. Each of the former
 * has room for two writes: 48-bit commands take both. {@link IdeChannel} locks.
 *
 * @see "ATA/ATAPI-7 volume 1, 5.9 and 6.2"
 */
final class TaskFile {
  static final int LBA = 0x40; // of the device register

  private int features;
  private int count;
  private int low;
  private int middle;
  private int high;
  int device = 0xa0;
  int status;
  int error;

  /** What drives show after a reset, by which software knows what they are. */
  void reset(int signature) {
    features = 0;
    device = 0xa0;
    signature(signature);
  }

  /** A register, 1 to 5; the newer write, or the one before it. */
  int read(int register, boolean older) {
    int pair =
        switch (register) {
          case 2 -> count;
          case 3 -> low;
          case 4 -> middle;
          default -> high;
        };
    return (older ? pair >> 8 : pair) & 0xff;
  }

  void write(int register, int value) {
    switch (register) {
      case 1 -> features = (features << 8 & 0xff00) | value;
      case 2 -> count = (count << 8 & 0xff00) | value;
      case 3 -> low = (low << 8 & 0xff00) | value;
      case 4 -> middle = (middle << 8 & 0xff00) | value;
      default -> high = (high << 8 & 0xff00) | value;
    }
  }

  int features() {
    return features & 0xff;
  }

  /** The count's newer byte as it is. */
  int countByte() {
    return count & 0xff;
  }

  /** Sectors of a command. */
  int sectors(boolean wide) {
    if (wide) {
      return count == 0 ? 65536 : count;
    }
    return (count & 0xff) == 0 ? 256 : count & 0xff;
  }

  /** The first sector, or -1 if the registers name none. */
  long sector(AtaDrive drive, boolean wide) {
    int a = low & 0xff;
    int b = middle & 0xff;
    int c = high & 0xff;
    if (wide) {
      return a
          | b << 8
          | c << 16
          | (long) (low >> 8) << 24
          | (long) (middle >> 8) << 32
          | (long) (high >> 8) << 40;
    }
    if ((device & LBA) != 0) {
      return a | b << 8 | c << 16 | (device & 15) << 24;
    }
    return drive.sectorAt(b | c << 8, device & 15, a);
  }

  /** Says which sector a command ended at. */
  void sector(AtaDrive drive, long sector, boolean wide) {
    if (wide) {
      low = (int) (sector >> 24 & 0xff) << 8 | ((int) sector & 0xff);
      middle = (int) (sector >> 32 & 0xff) << 8 | ((int) (sector >> 8) & 0xff);
      high = (int) (sector >> 40 & 0xff) << 8 | ((int) (sector >> 16) & 0xff);
    } else if ((device & LBA) != 0) {
      low = (int) sector & 0xff;
      middle = (int) (sector >> 8) & 0xff;
      high = (int) (sector >> 16) & 0xff;
      device = (device & 0xf0) | ((int) (sector >> 24) & 15);
    } else {
      low = (int) (sector % 63) + 1;
      long track = sector / 63;
      device = (device & 0xf0) | (int) (track % 16);
      middle = (int) (track / 16) & 0xff;
      high = (int) ((track / 16) >> 8) & 0xff;
    }
  }

  void count(int value) {
    count = value;
  }

  /** Shows what kind of drive this is: the upper half of {@code signature} in the high register. */
  void signature(int signature) {
    count = 1;
    low = 1;
    middle = signature & 0xff;
    high = signature >> 8;
    device &= 0xf0;
  }

  /** How many bytes the guest is ready to take at a time, in the words of the packet protocol. */
  int byteCount() {
    return (middle & 0xff) | (high & 0xff) << 8;
  }

  /** Says how many bytes are to be moved next. */
  void byteCount(int bytes) {
    middle = bytes & 0xff;
    high = bytes >> 8;
  }

  void state(StateFields state) throws BlockException {
    features = state.u16("features", features);
    count = state.within("count", count, 0, 0x10000);
    low = state.u16("low", low);
    middle = state.u16("middle", middle);
    high = state.u16("high", high);
    device = state.u8("device", device);
    status = state.u8("status", status);
    error = state.u8("error", error);
  }
}
