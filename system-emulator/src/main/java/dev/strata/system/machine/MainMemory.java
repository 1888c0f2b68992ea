// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine;

import dev.strata.system.memory.AddressSpace;
import dev.strata.system.memory.DirtyPages;
import dev.strata.system.memory.MemoryRegion;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** A machine's RAM, whose writes can be noted. Called between two instructions, but for reading. */
public final class MainMemory {
  private final MemoryRegion ram;
  private final AddressSpace space;
  private volatile @Nullable DirtyPages dirty;

  /**
   * That memory.
   *
   * @param space where it is mapped
   */
  public MainMemory(MemoryRegion ram, AddressSpace space) {
    this.ram = ram;
    this.space = space;
  }

  /** Its bytes. */
  public MemorySegment memory() {
    return ram.memory();
  }

  /** Has writes be noted from now on; at first, all counts as written. */
  public void watch() {
    dirty = ram.watchWrites();
  }

  /** Nobody asks any more. */
  public void endWatch() {
    dirty = null;
    ram.endWatch();
  }

  /** How many pages were written since they were taken. */
  public long dirtyPages() {
    DirtyPages pages = dirty;
    return pages == null ? 0 : pages.count();
  }

  /** The pages that were written, one a bit, which are clean from now on. */
  public long[] take() {
    DirtyPages pages = dirty;
    if (pages == null) {
      throw new IllegalStateException("writes are not noted");
    }
    long[] taken = pages.take();
    space.cleaned();
    return taken;
  }
}
