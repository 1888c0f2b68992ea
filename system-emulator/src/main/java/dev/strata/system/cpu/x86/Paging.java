// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import dev.strata.system.cpu.PageWalker;
import dev.strata.system.memory.AddressSpace;

/** Page tables of 32 bits, PAE, and four levels (Intel SDM, volume 3, chapter 4). */
final class Paging implements PageWalker {
  private static final long PRESENT = 1;
  private static final long WRITES = 2; // R/W
  private static final long USER = 4;
  private static final long ACCESSED = 0x20;
  private static final long DIRTY = 0x40;
  private static final long LARGE = 0x80;
  private static final long SHARED = 0x100; // G
  private static final long NO_EXECUTE = Long.MIN_VALUE;
  private static final long FRAME = 0x000ffffffffff000L;

  private final X86 cpu;
  private final AddressSpace memory;

  Paging(X86 cpu) {
    this.cpu = cpu;
    this.memory = cpu.surroundings.memory();
  }

  @Override
  public long walk(long linear, int access, int mode) {
    if ((cpu.cr0 & X86.PG) == 0) {
      return (linear & 0xffffffffL) | WRITABLE;
    }
    if (cpu.isLong()) {
      if (!cpu.isCanonical(linear)) {
        throw cpu.generalProtection(0);
      }
      return levels(linear, access, mode, cpu.cr3 & FRAME, 39);
    }
    if ((cpu.cr4 & X86.PAE) != 0) {
      long pointer = cpu.pageDirectoryPointers[(int) (linear >>> 30) & 3];
      if ((pointer & PRESENT) == 0) {
        throw fault(linear, access, mode, 0);
      }
      return levels(linear, access, mode, pointer & FRAME, 21);
    }
    return legacy(linear, access, mode);
  }

  /** Where an address leads to, whatever the rights, or -1; nothing is marked. */
  long look(long given) {
    boolean wide = cpu.isLong();
    long linear = wide ? given : given & 0xffffffffL;
    if ((cpu.cr0 & X86.PG) == 0) {
      return given;
    }
    boolean large = (cpu.cr4 & X86.PAE) != 0;
    if (!wide && !large) {
      return lookLegacy(linear);
    }
    if (wide && !cpu.isCanonical(linear)) {
      return -1;
    }
    long pointer = wide ? cpu.cr3 | PRESENT : cpu.pageDirectoryPointers[(int) (linear >>> 30) & 3];
    if ((pointer & PRESENT) == 0) {
      return -1;
    }
    long table = pointer & ADDRESS;
    for (int shift = wide ? 39 : 21; ; shift -= 9) {
      long entry = memory.read(table + (linear >>> shift & 511) * 8, 8);
      if ((entry & PRESENT) == 0) {
        return -1;
      }
      if (shift == 12 || ((entry & LARGE) != 0 && shift <= 30)) {
        long inside = (1L << shift) - 1;
        return (entry & ADDRESS & ~inside) | (linear & inside);
      }
      table = entry & ADDRESS;
    }
  }

  private long lookLegacy(long linear) {
    long entry = memory.read((cpu.cr3 & 0xfffff000L) + (linear >>> 22 & 1023) * 4, 4);
    if ((entry & PRESENT) == 0) {
      return -1;
    }
    if ((entry & LARGE) != 0 && (cpu.cr4 & X86.PSE) != 0) {
      return (entry & 0xffc00000L) | (entry >>> 13 & 0xff) << 32 | (linear & 0x3fffff);
    }
    long page = memory.read((entry & 0xfffff000L) + (linear >>> 12 & 1023) * 4, 4);
    return (page & PRESENT) == 0 ? -1 : (page & 0xfffff000L) | (linear & 4095);
  }

  private long levels(long linear, int access, int mode, long root, int top) {
    long table = root;
    long rights = WRITES | USER;
    long noExecute = 0;
    int largest = cpu.model.has(Feature.PDPE1GB) ? 30 : 21;
    long reserved = (cpu.efer & X86.EFER_NX) != 0 ? 0 : NO_EXECUTE;
    for (int shift = top; ; shift -= 9) {
      long at = table + (linear >>> shift & 511) * 8;
      long entry = memory.read(at, 8);
      if ((entry & PRESENT) == 0) {
        throw fault(linear, access, mode, 0);
      }
      boolean leaf = shift == 12 || ((entry & LARGE) != 0 && shift <= 30);
      if ((entry & reserved) != 0 || (shift > largest && (entry & LARGE) != 0)) {
        throw fault(linear, access, mode, 1 | 8);
      }
      rights &= entry;
      noExecute |= entry & NO_EXECUTE;
      if (leaf) {
        boolean write = check(linear, access, mode, rights, noExecute);
        long marked = entry | ACCESSED | (access == WRITE ? DIRTY : 0);
        if (marked != entry) {
          memory.write(at, 8, marked);
        }
        long inside = (1L << shift) - 1;
        return (entry & FRAME & ~inside) | (linear & inside) | known(write, marked, shift);
      }
      if ((entry & ACCESSED) == 0) {
        memory.write(at, 8, entry | ACCESSED);
      }
      table = entry & FRAME;
    }
  }

  private long legacy(long linear, int access, int mode) {
    long at = (cpu.cr3 & 0xfffff000L) + (linear >>> 22 & 1023) * 4;
    long entry = memory.read(at, 4);
    if ((entry & PRESENT) == 0) {
      throw fault(linear, access, mode, 0);
    }
    if ((entry & LARGE) != 0 && (cpu.cr4 & X86.PSE) != 0) {
      boolean write = check(linear, access, mode, entry, 0);
      long marked = mark(at, entry, access);
      long page = (entry & 0xffc00000L) | (entry >>> 13 & 0xff) << 32;
      return page | (linear & 0x3fffff) | known(write, marked, 22);
    }
    long tableAt = (entry & 0xfffff000L) + (linear >>> 12 & 1023) * 4;
    long page = memory.read(tableAt, 4);
    if ((page & PRESENT) == 0) {
      if ((entry & ACCESSED) == 0) {
        memory.write(at, 4, entry | ACCESSED);
      }
      throw fault(linear, access, mode, 0);
    }
    boolean write = check(linear, access, mode, entry & page, 0);
    if ((entry & ACCESSED) == 0) {
      memory.write(at, 4, entry | ACCESSED);
    }
    long marked = mark(tableAt, page, access);
    return (page & 0xfffff000L) | (linear & 4095) | known(write, marked, 12);
  }

  /** What a translation tells beside the address. */
  private long known(boolean write, long entry, int shift) {
    return (write && (entry & DIRTY) != 0 ? WRITABLE : 0)
        | ((entry & SHARED) != 0 && (cpu.cr4 & X86.PGE) != 0 ? GLOBAL : 0)
        | (shift > 12 ? (long) shift << SIZE_SHIFT : 0);
  }

  private long mark(long at, long entry, int access) {
    long marked = entry | ACCESSED | (access == WRITE ? DIRTY : 0);
    if (marked != entry) {
      memory.write(at, 4, marked);
    }
    return marked;
  }

  /** Faults, or says whether the page may be written in this mode. */
  private boolean check(long linear, int access, int mode, long rights, long noExecute) {
    boolean user = mode == 1;
    boolean userPage = (rights & USER) != 0;
    boolean mayWrite = (rights & WRITES) != 0 || (!user && (cpu.cr0 & X86.WP) == 0);
    boolean wrong =
        (user && !userPage)
            || (access == WRITE && !mayWrite)
            || (access == FETCH && noExecute != 0)
            || (access == FETCH && !user && userPage && (cpu.cr4 & X86.SMEP) != 0)
            || (access != FETCH && mode == 2 && userPage);
    if (wrong) {
      throw fault(linear, access, mode, 1);
    }
    return mayWrite;
  }

  private RuntimeException fault(long linear, int access, int mode, int code) {
    cpu.cr2 = cpu.isLong() ? linear : linear & 0xffffffffL;
    boolean fetchTold = (cpu.efer & X86.EFER_NX) != 0 || (cpu.cr4 & X86.SMEP) != 0;
    return cpu.fault(
        X86.PAGE,
        code
            | (access == WRITE ? 2 : 0)
            | (mode == 1 ? 4 : 0)
            | (access == FETCH && fetchTold ? 16 : 0));
  }

  /** Reads the four entries that PAE keeps in registers. */
  void loadPointers() {
    if ((cpu.cr0 & X86.PG) != 0 && (cpu.cr4 & X86.PAE) != 0 && !cpu.isLong()) {
      for (int i = 0; i < 4; i++) {
        cpu.pageDirectoryPointers[i] = memory.read((cpu.cr3 & 0xffffffe0L) + 8L * i, 8);
      }
    }
  }
}
