// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.firmware.acpi;

import java.io.ByteArrayOutputStream;

/**
 * The ports, addresses, interrupts and DMA channels of a device.
 *
 * @see "ACPI Specification 6.4, 6.4 Resource Data Types for ACPI"
 */
public final class Resources {
  private static final int FIXED = 0x0c; // neither end can be moved

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  private void number(long value, int bytes) {
    for (int shift = 0; shift < 8 * bytes; shift += 8) {
      out.write((int) (value >> shift));
    }
  }

  /** Ports, where the device itself answers. */
  public Resources ports(int first, int count) {
    out.write(0x47);
    out.write(1); // all 16 bits are decoded
    number(first, 2);
    number(first, 2);
    out.write(1);
    out.write(count);
    return this;
  }

  /** Addresses below 4 GiB, where the device itself answers. */
  public Resources memory(long first, int count) {
    out.write(0x86);
    number(9, 2);
    out.write(0); // it is no plain memory
    number(first, 4);
    number(count, 4);
    return this;
  }

  /** An ISA interrupt. */
  public Resources interrupt(int number) {
    out.write(0x22);
    number(1L << number, 2);
    return this;
  }

  /** A channel for bytes. */
  public Resources dma(int channel) {
    out.write(0x2a);
    out.write(1 << channel);
    out.write(0);
    return this;
  }

  /** The buses behind a bridge. */
  public Resources buses(int first, int last) {
    return words(2, 0, first, last);
  }

  /** Ports of what is behind a bridge. */
  public Resources portsBehind(int first, int last) {
    return words(1, 3, first, last);
  }

  private Resources words(int type, int flags, int first, int last) {
    out.write(0x88);
    number(13, 2);
    out.write(type);
    out.write(FIXED);
    out.write(flags);
    number(0, 2);
    number(first, 2);
    number(last, 2);
    number(0, 2);
    number(last - first + 1, 2);
    return this;
  }

  /** Addresses below 4 GiB of what is behind a bridge. */
  public Resources memoryBehind(long first, long last, boolean cached) {
    out.write(0x87);
    number(23, 2);
    out.write(0);
    out.write(FIXED);
    out.write(cached ? 3 : 1);
    number(0, 4);
    number(first, 4);
    number(last, 4);
    number(0, 4);
    number(last - first + 1, 4);
    return this;
  }

  byte[] bytes() {
    var all = new ByteArrayOutputStream();
    all.writeBytes(out.toByteArray());
    all.write(0x79); // the end; its checksum need not be given
    all.write(0);
    return all.toByteArray();
  }
}
