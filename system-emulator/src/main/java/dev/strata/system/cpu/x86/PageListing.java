// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import dev.strata.system.memory.AddressSpace;

/**
 * What page tables say, in lines for a monitor: each page, or ranges of the same rights. Nothing is
 * marked in them. Tables are the guest's, and may lead to themselves: what is read and told of them
 * has an end.
 *
 * @see "Intel SDM, volume 3, chapter 4"
 */
final class PageListing {
  private static final long PRESENT = 1;
  private static final long WRITES = 2;
  private static final long USER = 4;
  private static final long LARGE = 0x80;
  private static final long RIGHTS = PRESENT | WRITES | USER;
  private static final long FRAME = 0x000ffffffffff000L;
  private static final String LETTERS = "XGPDACTUW";
  private static final long[] BITS = {Long.MIN_VALUE, 0x100, LARGE, 0x40, 0x20, 0x10, 8, USER, 2};

  private static final int MOST_TABLES = 1 << 16;
  private static final int MOST_CHARACTERS = 8 << 20;
  static final String MORE = "(more than is told)\n";

  private final X86 cpu;
  private final AddressSpace memory;
  private final boolean merged;
  private final StringBuilder text = new StringBuilder();
  private int tables; // that have been read
  private long start; // of the range that goes on
  private long rights; // of that; 0 for none

  private PageListing(X86 cpu, boolean merged) {
    this.cpu = cpu;
    this.memory = cpu.surroundings.memory();
    this.merged = merged;
  }

  /**
   * The listing as the processor is now.
   *
   * @param merged whether it is ranges of the same rights that are told, not pages
   */
  static String of(X86 cpu, boolean merged) {
    if ((cpu.cr0 & X86.PG) == 0) {
      return "PG disabled\n";
    }
    return new PageListing(cpu, merged).listing();
  }

  private String listing() {
    long end;
    if (cpu.isLong()) {
      end = 1L << 48;
      levels(cpu.cr3 & FRAME, 0, 39, RIGHTS);
    } else if ((cpu.cr4 & X86.PAE) != 0) {
      end = 1L << 32;
      for (long index = 0; index < 4; index++) {
        long pointer = memory.read((cpu.cr3 & 0xffffffe0L) + 8 * index, 8);
        descend(pointer, index << 30, 30, RIGHTS);
      }
    } else {
      end = 1L << 32;
      legacy();
    }
    reach(end, 0);
    return isFull() ? text + MORE : text.toString();
  }

  private boolean isFull() {
    return tables > MOST_TABLES || text.length() > MOST_CHARACTERS;
  }

  /** A table whose entries are 8 bytes and of 1 << shift bytes of addresses each. */
  private void levels(long table, long first, int shift, long above) {
    tables++;
    for (long index = 0; index < 512 && !isFull(); index++) {
      long entry = memory.read(table + 8 * index, 8);
      long address = first + (index << shift);
      boolean leaf = shift == 12 || ((entry & LARGE) != 0 && shift <= 30);
      if (leaf && (entry & PRESENT) != 0) {
        page(address, entry, shift, above & entry);
      } else {
        descend(entry, address, shift, above & entry);
      }
    }
  }

  private void descend(long entry, long address, int shift, long above) {
    if ((entry & PRESENT) != 0) {
      levels(entry & FRAME, address, shift - 9, above);
    } else {
      reach(address, 0);
    }
  }

  private void legacy() {
    boolean large = (cpu.cr4 & X86.PSE) != 0;
    for (long index = 0; index < 1024 && !isFull(); index++) {
      long entry = memory.read((cpu.cr3 & 0xfffff000L) + 4 * index, 4);
      long address = index << 22;
      if ((entry & PRESENT) == 0) {
        reach(address, 0);
      } else if (large && (entry & LARGE) != 0) {
        page(address, entry, 21, entry & RIGHTS); // whose frame is told to that bit
      } else {
        for (long page = 0; page < 1024; page++) {
          long at = memory.read((entry & 0xfffff000L) + 4 * page, 4);
          if ((at & PRESENT) != 0) {
            page(address + (page << 12), at, 12, entry & at & RIGHTS);
          } else {
            reach(address + (page << 12), 0);
          }
        }
      }
    }
  }

  private void page(long address, long entry, int shift, long allowed) {
    if (merged) {
      reach(address, allowed & RIGHTS);
      return;
    }
    hex(canonical(address)).append(": ");
    // The reference's: where PAE is without long mode, all of an entry that is above its frame, and
    // of a large page's frame one bit more.
    boolean wide = cpu.isLong();
    boolean small = shift == 12;
    int low = !wide && !small && (cpu.cr4 & X86.PAE) != 0 ? 20 : shift;
    hex(entry & (wide ? FRAME : -1L << 12) & -(1L << low)).append(' ');
    // Of a small page, the bit of a large one is another thing's.
    long shown = small ? entry & ~LARGE : entry;
    for (int bit = 0; bit < BITS.length; bit++) {
      text.append((shown & BITS[bit]) != 0 ? LETTERS.charAt(bit) : '-');
    }
    text.append('\n');
  }

  /** From an address on, these are the rights. */
  private void reach(long address, long allowed) {
    if (!merged || allowed == rights) {
      return;
    }
    if (rights != 0) {
      hex(canonical(start)).append('-');
      hex(canonical(address)).append(' ');
      hex(address - start).append(' ');
      text.append((rights & USER) != 0 ? 'u' : '-').append('r');
      text.append((rights & WRITES) != 0 ? 'w' : '-').append('\n');
    }
    start = address;
    rights = allowed;
  }

  private long canonical(long address) {
    return (address & 1L << 47) != 0 ? address | -1L << 47 : address;
  }

  private StringBuilder hex(long value) {
    String digits = Long.toHexString(value);
    return text.append("0".repeat(16 - digits.length())).append(digits);
  }
}
