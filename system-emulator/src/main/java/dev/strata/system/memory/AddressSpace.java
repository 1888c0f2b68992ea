// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.memory;

import dev.strata.block.IoVector;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * Regions mapped over each other by priority, and the flat view that results. Serves physical
 * memory (addresses up to 2^62) and I/O ports alike.
 *
 * <p>Reads and writes are safe on any thread; what several threads write is ordered by them.
 * Numbers are little-endian. Where nothing is mapped, reads give what an empty bus does and writes
 * go nowhere.
 */
public final class AddressSpace {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final long last;
  private final byte absent;
  private final List<MemoryMapping> mappings = new ArrayList<>(); // guarded by this
  private final CopyOnWriteArrayList<AddressSpaceListener> listeners = new CopyOnWriteArrayList<>();
  private volatile FlatRange[] flat = new FlatRange[0];
  private volatile long addressMask = -1;
  private volatile UnassignedListener unassigned = (write, address, bytes) -> {};
  private final @Nullable AddressSpace below;

  /**
   * A space of {@code size} bytes.
   *
   * @param absent each byte that is read where nothing is mapped
   */
  public AddressSpace(long size, int absent) {
    this(size - 1, (byte) absent, null);
  }

  private AddressSpace(long last, byte absent, @Nullable AddressSpace below) {
    this.last = last;
    this.absent = absent;
    this.below = below;
  }

  /**
   * A space that shows another one, whatever becomes of that, but where something is mapped into
   * itself: memory as one processor sees it.
   */
  public static AddressSpace over(AddressSpace below) {
    var space = new AddressSpace(below.last, below.absent, below);
    below.addListener(
        new AddressSpaceListener() {
          @Override
          public void topologyChanged(long first, long last) {
            space.refresh(first, last);
          }

          @Override
          public void codeWritten(long address, long length) {
            space.codeWritten(address, length);
          }

          @Override
          public void cleaned() {
            space.cleaned();
          }
        });
    space.refresh(0, below.last);
    return space;
  }

  /** Shows what the space below has become. */
  private synchronized void refresh(long first, long end) {
    if (below != null) {
      addressMask = below.addressMask;
      flatten(first, end);
    }
  }

  /** Maps all of a region at {@code base}; higher priorities win, of equals the later. */
  public void map(long base, MemoryRegion region, int priority) {
    map(base, region, 0, region.size(), priority);
  }

  /** Maps {@code length} bytes from {@code offset} of a region at {@code base}. */
  public synchronized void map(
      long base, MemoryRegion region, long offset, long length, int priority) {
    if (base < 0 || length <= 0 || base > last || offset < 0 || offset > region.size() - length) {
      throw new IllegalArgumentException(region.name() + " at " + Long.toHexString(base));
    }
    int at = 0;
    while (at < mappings.size() && mappings.get(at).priority() <= priority) {
      at++;
    }
    mappings.add(at, new MemoryMapping(base, region, offset, length, priority));
    flatten();
  }

  /** Undoes every mapping of a region. */
  public synchronized void unmap(MemoryRegion region) {
    mappings.removeIf(m -> m.region() == region);
    flatten();
  }

  /** Undoes the mappings of a region that start at {@code base}. */
  public synchronized void unmap(long base, MemoryRegion region) {
    mappings.removeIf(m -> m.region() == region && m.base() == base);
    flatten();
  }

  /** The bits of an address that count: all but bit 20 while the A20 gate is shut. */
  public void addressMask(long mask) {
    if (mask != addressMask) {
      addressMask = mask;
      listeners.forEach(listener -> listener.topologyChanged(0, last));
    }
  }

  /** The bits of an address that count. */
  public long addressMask() {
    return addressMask;
  }

  /** From now on, {@code listener} is told. */
  public void addListener(AddressSpaceListener listener) {
    listeners.add(listener);
  }

  private void flatten() {
    flatten(last, 0);
  }

  /** Makes the flat view anew; what is from first to end may have changed in another way. */
  private void flatten(long first, long end) {
    List<MemoryMapping> all = mappings;
    if (below != null) {
      all = new ArrayList<>();
      for (FlatRange range : below.flat) {
        long length = range.last() - range.start() + 1;
        all.add(new MemoryMapping(range.start(), range.region(), range.regionOffset(), length, 0));
      }
      all.addAll(mappings);
    }
    FlatRange[] before = flat;
    flat = flattened(all);
    tellChange(before, flat, first, end);
  }

  private FlatRange[] flattened(List<MemoryMapping> all) {
    var edges = new TreeSet<Long>();
    for (MemoryMapping m : all) {
      edges.add(m.base());
      edges.add(Math.min(m.base() + (m.length() - 1), last) + 1);
    }
    var ranges = new ArrayList<FlatRange>();
    Long from = edges.isEmpty() ? null : edges.first();
    while (from != null) {
      Long to = edges.higher(from);
      if (to == null) {
        break;
      }
      MemoryMapping top = top(all, from);
      if (top != null) {
        add(ranges, new FlatRange(from, to - 1, top.region(), from - top.base() + top.offset()));
      }
      from = to;
    }
    return ranges.toArray(FlatRange[]::new);
  }

  /** Tells where two views differ, and of what is from first to end anyhow. */
  private void tellChange(FlatRange[] before, FlatRange[] after, long first, long end) {
    var edges = new TreeSet<Long>();
    for (FlatRange[] view : List.of(before, after)) {
      for (FlatRange range : view) {
        edges.add(range.start());
        edges.add(range.last() + 1);
      }
    }
    long lowest = first;
    long highest = end;
    for (Long from = edges.isEmpty() ? null : edges.first(); from != null; ) {
      Long to = edges.higher(from);
      if (to != null && !isSame(find(before, from), find(after, from), from)) {
        lowest = Math.min(lowest, from);
        highest = Math.max(highest, to - 1);
      }
      from = to;
    }
    if (lowest <= highest) {
      for (AddressSpaceListener listener : listeners) {
        listener.topologyChanged(lowest, highest);
      }
    }
  }

  private static boolean isSame(@Nullable FlatRange a, @Nullable FlatRange b, long address) {
    if (a == null || b == null) {
      return a == b;
    }
    return a.region() == b.region() && a.offset(address) == b.offset(address);
  }

  private static @Nullable MemoryMapping top(List<MemoryMapping> all, long address) {
    for (int i = all.size() - 1; i >= 0; i--) {
      MemoryMapping m = all.get(i);
      if (address >= m.base() && address - m.base() < m.length()) {
        return m;
      }
    }
    return null;
  }

  private static void add(List<FlatRange> ranges, FlatRange next) {
    if (!ranges.isEmpty()) {
      FlatRange before = ranges.getLast();
      if (before.region() == next.region()
          && before.last() + 1 == next.start()
          && before.offset(next.start()) == next.regionOffset()) {
        ranges.removeLast();
        ranges.add(
            new FlatRange(before.start(), next.last(), before.region(), before.regionOffset()));
        return;
      }
    }
    ranges.add(next);
  }

  /** Says who is told of accesses to where nothing is, from now on. */
  public void tellUnassigned(UnassignedListener told) {
    unassigned = told;
  }

  /** Bytes of the space. */
  public long size() {
    return last + 1;
  }

  /** What is mapped, from the lowest priority on. */
  public synchronized List<MemoryMapping> mappings() {
    return List.copyOf(mappings);
  }

  /** The flat view, ascending. */
  public List<FlatRange> view() {
    return List.of(flat);
  }

  /** What answers at {@code address} after the mask, or null. */
  public @Nullable FlatRange lookup(long address) {
    return find(flat, address & addressMask);
  }

  private static @Nullable FlatRange find(FlatRange[] ranges, long masked) {
    int low = 0;
    int high = ranges.length - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      FlatRange range = ranges[middle];
      if (masked < range.start()) {
        high = middle - 1;
      } else if (masked > range.last()) {
        low = middle + 1;
      } else {
        return range;
      }
    }
    return null;
  }

  /** Reads 1, 2, 4 or 8 bytes; across a boundary of ranges byte by byte. */
  public long read(long address, int bytes) {
    FlatRange range = lookup(address);
    long masked = address & addressMask;
    if (range == null || range.remaining(masked) < bytes) {
      if (range == null) {
        unassigned.accessed(false, masked, bytes);
      }
      return bytes == 1 ? absent & 0xff : readBytes(address, bytes, range == null);
    }
    long offset = range.offset(masked);
    MemoryRegion region = range.region();
    if (!region.readable()) {
      long value = region.handler().read(offset, bytes);
      return bytes == 8 ? value : value & ((1L << (bytes * 8)) - 1);
    }
    MemorySegment memory = region.memory();
    return switch (bytes) {
      case 1 -> memory.get(ValueLayout.JAVA_BYTE, offset) & 0xffL;
      case 2 -> memory.get(SHORT, offset) & 0xffffL;
      case 4 -> memory.get(INT, offset) & 0xffffffffL;
      default -> memory.get(LONG, offset);
    };
  }

  /** Reads bytes one by one; where nothing is, that may have been told. */
  private long readBytes(long address, int bytes, boolean told) {
    long value = 0;
    for (int i = 0; i < bytes; i++) {
      boolean silent = told && lookup(address + i) == null;
      value |= (silent ? absent & 0xff : read(address + i, 1)) << (8 * i);
    }
    return value;
  }

  /** Writes 1, 2, 4 or 8 bytes; across a boundary of ranges byte by byte. */
  public void write(long address, int bytes, long value) {
    FlatRange range = lookup(address);
    long masked = address & addressMask;
    if (range == null || range.remaining(masked) < bytes) {
      if (range == null) {
        unassigned.accessed(true, masked, bytes);
      }
      for (int i = 0; bytes > 1 && i < bytes; i++) {
        if (range != null || lookup(address + i) != null) {
          write(address + i, 1, value >>> (8 * i));
        }
      }
      return;
    }
    long offset = range.offset(masked);
    MemoryRegion region = range.region();
    if (!region.writable()) {
      region.handler().write(offset, bytes, value);
      return;
    }
    MemorySegment memory = region.memory();
    switch (bytes) {
      case 1 -> memory.set(ValueLayout.JAVA_BYTE, offset, (byte) value);
      case 2 -> memory.set(SHORT, offset, (short) value);
      case 4 -> memory.set(INT, offset, (int) value);
      default -> memory.set(LONG, offset, value);
    }
    region.written(offset, bytes);
    if (region.hasCode(offset, bytes)) {
      codeWritten(masked, bytes);
    }
  }

  /** Reads as many bytes as the buffer has, from registers at most four at a time. */
  public void read(long address, MemorySegment into) {
    long at = 0;
    while (at < into.byteSize()) {
      FlatRange range = lookup(address + at);
      long left = into.byteSize() - at;
      if (range != null && range.region().readable()) {
        long masked = (address + at) & addressMask;
        long part = Math.min(left, range.remaining(masked));
        long offset = range.offset(masked);
        MemorySegment.copy(range.region().memory(), offset, into, at, part);
        at += part;
        continue;
      }
      int part = registerBytes(address + at, left);
      long value = read(address + at, part);
      for (int index = 0; index < part; index++) {
        into.set(ValueLayout.JAVA_BYTE, at++, (byte) (value >>> (8 * index)));
      }
    }
  }

  /** Writes as many bytes as the buffer has, to registers at most four at a time. */
  public void write(long address, MemorySegment from) {
    long at = 0;
    while (at < from.byteSize()) {
      FlatRange range = lookup(address + at);
      long left = from.byteSize() - at;
      if (range != null && range.region().writable()) {
        long masked = (address + at) & addressMask;
        long part = Math.min(left, range.remaining(masked));
        MemorySegment.copy(from, at, range.region().memory(), range.offset(masked), part);
        wrote(address + at, part);
        at += part;
        continue;
      }
      int part = registerBytes(address + at, left);
      long value = 0;
      for (int index = 0; index < part; index++) {
        value |= (from.get(ValueLayout.JAVA_BYTE, at + index) & 0xffL) << (8 * index);
      }
      write(address + at, part, value);
      at += part;
    }
  }

  /** The widest aligned access to registers that many bytes have room for. */
  private static int registerBytes(long address, long left) {
    long most = Long.highestOneBit(Math.min(left, 4));
    return (int) Math.min(most, Long.lowestOneBit(address | 4));
  }

  /** Pages of memory that is mapped here were {@link DirtyPages#take taken}. */
  public void cleaned() {
    listeners.forEach(AddressSpaceListener::cleaned);
  }

  private void codeWritten(long address, long length) {
    for (AddressSpaceListener listener : listeners) {
      listener.codeWritten(address, length);
    }
  }

  /**
   * The guest's own pages as a buffer for a device.
   *
   * @param write whether the device is going to write to them; tell {@link #wrote} when it has
   * @return null where the range is not all RAM (or, to read, ROM)
   */
  public @Nullable IoVector dma(long address, long length, boolean write) {
    var segments = new ArrayList<MemorySegment>(1);
    long at = address;
    long left = length;
    while (left > 0) {
      FlatRange range = lookup(at);
      if (range == null || !(write ? range.region().writable() : range.region().readable())) {
        return null;
      }
      long masked = at & addressMask;
      long part = Math.min(left, range.remaining(masked));
      segments.add(range.region().memory().asSlice(range.offset(masked), part));
      at += part;
      left -= part;
    }
    return IoVector.of(segments);
  }

  /** A device has written to memory of {@link #dma}: decoded code there is stale. */
  public void wrote(long address, long length) {
    long at = address;
    long left = length;
    while (left > 0) {
      FlatRange range = lookup(at);
      if (range == null) {
        return;
      }
      long masked = at & addressMask;
      long part = Math.min(left, range.remaining(masked));
      range.region().written(range.offset(masked), part);
      if (range.region().hasCode(range.offset(masked), part)) {
        codeWritten(masked, part);
      }
      at += part;
      left -= part;
    }
  }
}
