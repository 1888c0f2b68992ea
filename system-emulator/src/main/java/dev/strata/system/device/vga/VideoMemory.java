// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.vga;

import dev.strata.system.memory.MemoryRegion;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The adapter's memory: a run of bytes to whoever addresses it as such, and four planes, whose
 * bytes of one offset lie beside each other. The guest writes to it at any time, on its own thread.
 */
final class VideoMemory {
  /** In bytes. */
  static final int SIZE = 16 << 20;

  /** Bytes of each plane. */
  static final int PLANE_SIZE = SIZE / 4;

  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final MemoryRegion region;
  private final MemorySegment memory;

  /** Zeroed memory, living as long as {@code arena}. */
  VideoMemory(Arena arena) {
    region = MemoryRegion.ram("video memory", SIZE, arena);
    memory = region.memory();
  }

  MemoryRegion region() {
    return region;
  }

  /** The byte at an address, 0 to the size less one. */
  int get8(int address) {
    return memory.get(ValueLayout.JAVA_BYTE, address) & 0xff;
  }

  int get16(int address) {
    return memory.get(SHORT, address) & 0xffff;
  }

  int get32(int address) {
    return memory.get(INT, address);
  }

  void put8(int address, int value) {
    memory.set(ValueLayout.JAVA_BYTE, address, (byte) value);
  }

  /** The planes' bytes at an offset: that of plane 0 in bits 0 to 7, and so on. */
  int planes(int offset) {
    return memory.get(INT, (long) offset << 2);
  }

  void planes(int offset, int values) {
    memory.set(INT, (long) offset << 2, values);
  }

  /** One plane's byte at an offset. */
  int plane(int offset, int plane) {
    return memory.get(ValueLayout.JAVA_BYTE, ((long) offset << 2) + plane) & 0xff;
  }

  /** Makes the first bytes zero. */
  void clear(long length) {
    memory.asSlice(0, Math.min(length, SIZE)).fill((byte) 0);
  }
}
