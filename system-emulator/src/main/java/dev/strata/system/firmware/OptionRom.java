// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.firmware;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * An option ROM that boots a kernel: firmware takes it for a device to boot from, and calls it when
 * all else is set up. It has fw_cfg copy the kernel's parts into memory, and jumps into one.
 *
 * @see "BIOS Boot Specification 1.01, 3.3 BEV devices; Plug and Play BIOS Specification 1.0A, 3.2"
 */
public final class OptionRom {
  /** Where the code is that firmware calls. */
  public static final int ENTRY = 0x80;

  private static final int EXPANSION_HEADER = 0x20;
  private static final int PRODUCT = 0x48;
  private static final int MOST_NAME = ENTRY - PRODUCT - 1;
  private static final int SELECT = 8;
  private static final int READ = 2;

  /** Bytes of an operation. */
  public static final int OPERATION = 16;

  private final ByteBuffer rom;
  private final int firstOperation;
  private int operations;

  /**
   * A ROM without its code.
   *
   * @param size a multiple of 512
   * @param product what a boot menu calls it
   * @param firstOperation where the operations are that its code has fw_cfg do
   */
  public OptionRom(int size, String product, int firstOperation) {
    if (product.length() > MOST_NAME) {
      throw new IllegalArgumentException(product);
    }
    this.firstOperation = firstOperation;
    rom = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    rom.put(0, (byte) 0x55).put(1, (byte) 0xaa).put(2, (byte) (size / 512));
    rom.put(3, (byte) 0xcb); // initialisation: RETF, there is nothing to do
    rom.putShort(0x1a, (short) EXPANSION_HEADER);
    rom.put(EXPANSION_HEADER, "$PnP".getBytes(US_ASCII));
    rom.put(EXPANSION_HEADER + 4, (byte) 1).put(EXPANSION_HEADER + 5, (byte) 2);
    rom.putShort(EXPANSION_HEADER + 0x10, (short) PRODUCT);
    rom.put(EXPANSION_HEADER + 0x14, (byte) 0x64); // boots, may be shadowed
    rom.putShort(EXPANSION_HEADER + 0x1a, (short) ENTRY);
    rom.put(PRODUCT, product.getBytes(US_ASCII));
  }

  /** The name that the boot order has for the ROM of a file. */
  public static String bootName(String file) {
    return "/rom@" + file;
  }

  /** Adds an operation: select an item, and read from its start. */
  public void read(int key, long address, int length) {
    operation(key << 16 | SELECT | READ, address, length);
  }

  /** Adds an operation: read on in the item that is selected; behind its end are zeroes. */
  public void readOn(long address, int length) {
    operation(READ, address, length);
  }

  private void operation(int control, long address, int length) {
    rom.order(ByteOrder.BIG_ENDIAN);
    rom.position(firstOperation + OPERATION * operations);
    rom.putInt(control).putInt(length).putLong(address);
    rom.order(ByteOrder.LITTLE_ENDIAN);
    operations++;
  }

  /** How many operations there are. */
  public int operations() {
    return operations;
  }

  /** The ROM with that code. */
  public byte[] with(byte[] code) {
    rom.put(ENTRY, code);
    byte[] bytes = rom.array();
    int sum = 0;
    for (byte value : bytes) {
      sum += value;
    }
    bytes[bytes.length - 1] = (byte) (bytes[bytes.length - 1] - sum);
    return bytes;
  }
}
