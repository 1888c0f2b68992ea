// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.scsi;

/** Numbers as SCSI has them in its answers. */
public final class BigEndian {
  private BigEndian() {}

  /** Puts two bytes. */
  public static void put16(byte[] bytes, int at, int value) {
    bytes[at] = (byte) (value >> 8);
    bytes[at + 1] = (byte) value;
  }

  /** Puts four bytes. */
  public static void put32(byte[] bytes, int at, long value) {
    put16(bytes, at, (int) (value >> 16));
    put16(bytes, at + 2, (int) value);
  }
}
