// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.memory;

import dev.strata.block.posix.PrivatePages;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * A run of memory or registers that can be mapped into address spaces, once or more.
 *
 * <p>RAM and ROM are off-heap, so that disks read straight into them and a processor reaches them
 * by host address. Pages with decoded code are marked; who writes to them tells the address space's
 * listeners.
 */
public final class MemoryRegion {
  /** Bytes of a page of marks. */
  public static final int PAGE_SIZE = 4096;

  private static final VarHandle MARKS = MethodHandles.arrayElementVarHandle(short[].class);

  private final String name;
  private final long size;
  private final @Nullable MemorySegment memory;
  private final @Nullable MmioHandler handler;
  private final short[] codePages; // how many processors have marked each
  private final boolean device; // takes what is written to memory
  private volatile @Nullable DirtyPages dirty; // null while nobody asks

  private MemoryRegion(
      String name, long size, @Nullable MemorySegment memory, @Nullable MmioHandler handler) {
    this(
        name,
        size,
        memory,
        handler,
        new short[memory == null ? 0 : Math.toIntExact((size + 4095) / PAGE_SIZE)],
        memory != null && handler != null && handler != IGNORED);
  }

  private MemoryRegion(
      String name,
      long size,
      @Nullable MemorySegment memory,
      @Nullable MmioHandler handler,
      short[] codePages,
      boolean device) {
    if (size <= 0) {
      throw new IllegalArgumentException(name + ": size " + size);
    }
    this.name = name;
    this.size = size;
    this.memory = memory;
    this.handler = handler;
    this.codePages = codePages;
    this.device = device;
  }

  /** This memory, marks and all, but that writes are ignored. */
  public MemoryRegion readOnlyView(String viewName) {
    return new MemoryRegion(viewName, size, memory(), IGNORED, codePages, false);
  }

  /** This memory, marks and all, but that writes go to {@code writes}. */
  public MemoryRegion writtenElsewhere(String viewName, MmioHandler writes) {
    return new MemoryRegion(viewName, size, memory(), writes, codePages, false);
  }

  /**
   * Zeroed RAM of {@code size} bytes, living as long as {@code arena}.
   *
   * @throws GuestMemoryShortage if the host has not as much
   */
  public static MemoryRegion ram(String name, long size, Arena arena) {
    return new MemoryRegion(name, size, pages(name, size, arena), null);
  }

  private static MemorySegment pages(String name, long size, Arena arena) {
    try {
      return PrivatePages.allocate(size, arena);
    } catch (OutOfMemoryError e) {
      var shortage = new GuestMemoryShortage(name);
      shortage.initCause(e);
      throw shortage;
    }
  }

  /** Read-only memory, zeroed and to be filled through {@link #memory}; writes are ignored. */
  public static MemoryRegion rom(String name, long size, Arena arena) {
    return rom(name, size, arena, IGNORED);
  }

  /** Memory that reads directly and whose writes go to {@code writes}: flash, for one. */
  public static MemoryRegion rom(String name, long size, Arena arena, MmioHandler writes) {
    return new MemoryRegion(name, size, arena.allocate(size, PAGE_SIZE), writes);
  }

  /** Registers. */
  public static MemoryRegion mmio(String name, long size, MmioHandler handler) {
    return new MemoryRegion(name, size, null, handler);
  }

  private static final MmioHandler IGNORED =
      new MmioHandler() {
        @Override
        public long read(long offset, int bytes) {
          return -1;
        }

        @Override
        public void write(long offset, int bytes, long value) {
          // Nothing is there to take it.
        }
      };

  /** For listings. */
  public String name() {
    return name;
  }

  /** In bytes. */
  public long size() {
    return size;
  }

  /** Whether it is memory whose writes a device takes, as flash. */
  public boolean isRomDevice() {
    return device;
  }

  /** Whether reads reach memory directly. */
  public boolean readable() {
    return memory != null;
  }

  /** Whether writes reach memory directly. */
  public boolean writable() {
    return memory != null && handler == null;
  }

  /** The memory of RAM or ROM. */
  public MemorySegment memory() {
    if (memory == null) {
      throw new IllegalStateException(name + " is not memory");
    }
    return memory;
  }

  /** The host address of the first byte of RAM or ROM. */
  public long hostAddress() {
    return memory().address();
  }

  MmioHandler handler() {
    return handler == null ? IGNORED : handler;
  }

  /** Has what is written be noted from now on: at first, all pages count as written. */
  public DirtyPages watchWrites() {
    var pages = new DirtyPages((size + PAGE_SIZE - 1) / PAGE_SIZE);
    dirty = pages;
    return pages;
  }

  /** Nobody asks any more what is written. */
  public void endWatch() {
    dirty = null;
  }

  /** Whether a write to the page at {@code offset} has to be noted, and is not yet. */
  public boolean isClean(long offset) {
    DirtyPages pages = dirty;
    return pages != null && !pages.has(offset / PAGE_SIZE);
  }

  /** Something was written to the range, which lies inside. */
  public void written(long offset, long length) {
    DirtyPages pages = dirty;
    if (pages != null && length > 0) {
      for (long page = offset / PAGE_SIZE; page <= (offset + length - 1) / PAGE_SIZE; page++) {
        pages.add(page);
      }
    }
  }

  /**
   * Marks the page at {@code offset}: a processor is going to decode code from it. What it reads
   * then is as it was before the mark, or the listeners are told of the write.
   */
  public void markCode(long offset) {
    int unused = (short) MARKS.getAndAdd(codePages, (int) (offset / PAGE_SIZE), (short) 1);
  }

  /** Takes a processor's mark away. */
  public void unmarkCode(long offset) {
    int unused = (short) MARKS.getAndAdd(codePages, (int) (offset / PAGE_SIZE), (short) -1);
  }

  /** Whether code was decoded from any page of the range, which lies inside. */
  public boolean hasCode(long offset, long length) {
    if (memory == null || length <= 0) {
      return false;
    }
    for (long page = offset / PAGE_SIZE; page <= (offset + length - 1) / PAGE_SIZE; page++) {
      if (codePages[(int) page] != 0) {
        return true;
      }
    }
    return false;
  }
}
