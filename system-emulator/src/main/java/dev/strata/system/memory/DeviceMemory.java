// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.memory;

import dev.strata.block.IoVector;
import dev.strata.block.virtio.GuestMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * Memory as a device reaches it by itself: RAM and ROM, never the registers of devices, for that
 * way a device would be led into itself. Numbers are little-endian. Thread-safe.
 */
public final class DeviceMemory implements GuestMemory {
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final AddressSpace space;

  /** The memory in that space. */
  public DeviceMemory(AddressSpace space) {
    this.space = space;
  }

  @Override
  public @Nullable IoVector at(long address, long length, boolean forWriting) {
    if (address < 0 || length < 0 || address > Long.MAX_VALUE - length) {
      return null;
    }
    return length == 0 ? IoVector.empty() : space.dma(address, length, forWriting);
  }

  @Override
  public void written(long address, long length) {
    space.wrote(address, length);
  }

  @Override
  public long read(long address, int bytes) {
    FlatRange range = space.lookup(address);
    long masked = address & space.addressMask();
    if (range != null && range.region().readable() && range.remaining(masked) >= bytes) {
      return space.read(address, bytes);
    }
    IoVector apart = at(address, bytes, false);
    if (apart == null) {
      return 0;
    }
    var number = MemorySegment.ofArray(new byte[8]);
    apart.copyTo(0, number.asSlice(0, bytes));
    return number.get(LONG, 0);
  }

  @Override
  public void write(long address, int bytes, long value) {
    FlatRange range = space.lookup(address);
    long masked = address & space.addressMask();
    if (range != null && range.region().writable() && range.remaining(masked) >= bytes) {
      space.write(address, bytes, value);
      return;
    }
    IoVector apart = at(address, bytes, true);
    if (apart != null) {
      var number = MemorySegment.ofArray(new byte[8]);
      number.set(LONG, 0, value);
      apart.copyFrom(0, number.asSlice(0, bytes));
      written(address, bytes);
    }
  }
}
