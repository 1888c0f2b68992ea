// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.vhost;

import dev.strata.block.BlockException;
import dev.strata.block.IoVector;
import dev.strata.block.virtio.GuestMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The guest's memory as its front-end describes it. The control connection changes it while no ring
 * is worked on; any thread reads and writes.
 */
final class MemoryTable implements GuestMemory, AutoCloseable {
  /** How many regions there may be. */
  static final int SLOTS = 32;

  private static final ValueLayout.OfShort U16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt U32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong U64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private volatile MemoryRegion[] regions = {};

  /** Whether nobody can take any of it away. */
  boolean isConstant() {
    for (MemoryRegion each : regions) {
      if (!each.memory().isConstant()) {
        return false;
      }
    }
    return true;
  }

  // Changes

  /** Has only these regions; fails, and changes nothing, if some overlap. */
  void replace(List<MemoryRegion> wanted) throws BlockException {
    for (int i = 0; i < wanted.size(); i++) {
      for (int j = 0; j < i; j++) {
        if (wanted.get(i).overlaps(wanted.get(j))) {
          throw Message.wrong("memory regions overlap");
        }
      }
    }
    MemoryRegion[] old = regions;
    regions = wanted.toArray(MemoryRegion[]::new);
    for (MemoryRegion each : old) {
      if (!wanted.contains(each)) {
        each.close();
      }
    }
  }

  /** Adds a region; fails, and changes nothing, if there is no slot or no room for it. */
  void add(MemoryRegion region) throws BlockException {
    if (regions.length >= SLOTS) {
      throw Message.wrong("more than " + SLOTS + " memory regions");
    }
    var wanted = new ArrayList<>(List.of(regions));
    wanted.add(region);
    replace(wanted);
  }

  /** Removes the region that is there, of that length. */
  void remove(long guestAddress, long userAddress, long length) throws BlockException {
    var wanted = new ArrayList<>(List.of(regions));
    boolean found =
        wanted.removeIf(each ->
            each.guestAddress() == guestAddress
                && each.userAddress() == userAddress
                && each.length() == length);
    if (!found) {
      throw Message.wrong("no such memory region to remove");
    }
    replace(wanted);
  }

  /**
   * The guest's address of what the front-end has at another one.
   *
   * @param length all of which has to be in one region
   */
  long guestAddress(long userAddress, long length) throws BlockException {
    for (MemoryRegion each : regions) {
      long offset = userAddress - each.userAddress();
      if (userAddress >= each.userAddress() && offset <= each.length() - length) {
        return each.guestAddress() + offset;
      }
    }
    throw Message.wrong("a ring at 0x" + Long.toHexString(userAddress) + " is not in memory");
  }

  // Access

  private @Nullable MemoryRegion region(long address) {
    for (MemoryRegion each : regions) {
      if (address >= each.guestAddress() && address - each.guestAddress() < each.length()) {
        return each;
      }
    }
    return null;
  }

  @Override
  public @Nullable IoVector at(long address, long length, boolean forWriting) {
    if (address < 0 || length < 0 || address > Long.MAX_VALUE - length) {
      return null;
    }
    if (length == 0) {
      return IoVector.empty();
    }
    MemoryRegion region = region(address);
    if (region == null) {
      return null;
    }
    long offset = address - region.guestAddress();
    if (length <= region.length() - offset) {
      return IoVector.of(region.memory().segment().asSlice(offset, length));
    }
    // Rare: a buffer on both sides of where two regions meet.
    var parts = new ArrayList<MemorySegment>();
    long left = length;
    while (left > 0) {
      region = region(address);
      if (region == null) {
        return null;
      }
      offset = address - region.guestAddress();
      long part = Math.min(left, region.length() - offset);
      parts.add(region.memory().segment().asSlice(offset, part));
      address += part;
      left -= part;
    }
    return IoVector.of(parts);
  }

  @Override
  public void written(long address, long length) {
    // Nobody asks what was written: migration with a log is not offered.
  }

  @Override
  public long read(long address, int bytes) {
    MemoryRegion region = region(address);
    if (region == null) {
      return 0;
    }
    long offset = address - region.guestAddress();
    if (bytes > region.length() - offset) {
      return 0;
    }
    MemorySegment segment = region.memory().segment();
    return switch (bytes) {
      case 1 -> segment.get(ValueLayout.JAVA_BYTE, offset) & 0xffL;
      case 2 -> segment.get(U16, offset) & 0xffffL;
      case 4 -> segment.get(U32, offset) & 0xffffffffL;
      default -> segment.get(U64, offset);
    };
  }

  @Override
  public void write(long address, int bytes, long value) {
    MemoryRegion region = region(address);
    if (region == null) {
      return;
    }
    long offset = address - region.guestAddress();
    if (bytes > region.length() - offset) {
      return;
    }
    MemorySegment segment = region.memory().segment();
    switch (bytes) {
      case 1 -> segment.set(ValueLayout.JAVA_BYTE, offset, (byte) value);
      case 2 -> segment.set(U16, offset, (short) value);
      case 4 -> segment.set(U32, offset, (int) value);
      default -> segment.set(U64, offset, value);
    }
  }

  /** Unmaps all; nobody uses it any more. */
  @Override
  public void close() {
    MemoryRegion[] old = regions;
    regions = new MemoryRegion[0];
    for (MemoryRegion each : old) {
      each.close();
    }
  }
}
