// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.scsi;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A command descriptor block. All numbers are big-endian. Its owner locks.
 *
 * @see "SCSI Primary Commands - 3, 4.3 The Command Descriptor Block"
 */
public final class CommandBlock {
  /** The bytes that are kept of a block; commands that are longer are none of ours. */
  public static final int BYTES = 16;

  private final byte[] bytes = new byte[BYTES];

  /** A block of zeroes. */
  public CommandBlock() {}

  /** Takes the bytes from there on, as many as are kept. */
  public void set(MemorySegment from, long at) {
    MemorySegment.copy(from, ValueLayout.JAVA_BYTE, at, bytes, 0, BYTES);
  }

  /** Sets one byte. */
  public void set(int at, int value) {
    bytes[at] = (byte) value;
  }

  /** The operation code. */
  public int operation() {
    return u8(0);
  }

  /** A byte. */
  public int u8(int at) {
    return bytes[at] & 0xff;
  }

  /** Two bytes. */
  public int u16(int at) {
    return u8(at) << 8 | u8(at + 1);
  }

  /** Four bytes. */
  public long u32(int at) {
    return (long) u16(at) << 16 | u16(at + 2);
  }

  /** Eight bytes. */
  long u64(int at) {
    return u32(at) << 32 | u32(at + 4);
  }

  /** Whether a bit of a byte is set. */
  boolean has(int at, int bit) {
    return (u8(at) & bit) != 0;
  }

  /** The first block of a command that has one; negative if it is beyond all disks. */
  long firstBlock() {
    return switch (operation() >> 5) {
      case 0 -> (u8(1) & 0x1f) << 16 | u16(2);
      case 4 -> u64(2);
      default -> u32(2);
    };
  }

  /** How many blocks a command is about. */
  long blocks() {
    return switch (operation() >> 5) {
      case 0 -> u8(4) == 0 ? 256 : u8(4);
      case 1, 2 -> u16(7);
      case 4 -> u32(10);
      default -> u32(6);
    };
  }
}
