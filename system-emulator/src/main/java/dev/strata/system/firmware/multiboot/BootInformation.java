// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.firmware.multiboot;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * What a kernel is told, and what else the ROM needs that enters it: at a fixed place in memory,
 * where firmware has nothing. The ROM adds what firmware knows of memory.
 *
 * @see "Multiboot Specification 0.6.96, 3.3 Boot information format"
 */
final class BootInformation {
  /** Its physical address; a 64 KiB segment there is for it and the ROM's stack. */
  static final int ADDRESS = 0x10000;

  /** Bytes of that segment. */
  static final int SEGMENT = 0x10000;

  /** Where the ROM writes the memory map, from the address on. */
  static final int MEMORY_MAP = 0x200;

  private static final int SIZE = 0xa8;
  private static final int GDT = 0x80;
  private static final int GDT_POINTER = 0x98;
  private static final int ENTRY_POINTER = 0xa0;
  private static final int CODE_SELECTOR = 8;
  private static final long CODE = 0x00cf_9b00_0000_ffffL; // all of memory, of 32 bits
  private static final long DATA = 0x00cf_9300_0000_ffffL;

  // Memory's size, the boot device, the command line, modules, a memory map, the loader's name.
  private static final int PRESENT = 1 | 1 << 1 | 1 << 2 | 1 << 3 | 1 << 6 | 1 << 9;
  private static final int FIRST_DISK = 0x8000ffff; // and none of its partitions

  private BootInformation() {}

  /**
   * Its bytes.
   *
   * @param commandLine where that is, and so on
   */
  static byte[] of(long commandLine, int modules, long moduleTable, long loaderName, long entry) {
    var out = ByteBuffer.allocate(SIZE).order(ByteOrder.LITTLE_ENDIAN);
    out.putInt(0, PRESENT);
    out.putInt(12, FIRST_DISK);
    out.putInt(16, (int) commandLine);
    out.putInt(20, modules);
    out.putInt(24, (int) moduleTable);
    out.putInt(48, ADDRESS + MEMORY_MAP);
    out.putInt(64, (int) loaderName);
    out.putLong(GDT + CODE_SELECTOR, CODE).putLong(GDT + CODE_SELECTOR + 8, DATA);
    out.putShort(GDT_POINTER, (short) (GDT_POINTER - GDT - 1))
        .putInt(GDT_POINTER + 2, ADDRESS + GDT);
    out.putInt(ENTRY_POINTER, (int) entry).putShort(ENTRY_POINTER + 4, (short) CODE_SELECTOR);
    return out.array();
  }
}
