// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.layout;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Bulk copies between on-disk tables and arrays, entry by entry in the table's byte order. Ranges
 * are the caller's to check: one outside the segment or the array is an {@link
 * IndexOutOfBoundsException}.
 */
public final class Table {
  private Table() {}

  /** Reads {@code count} entries of 8 bytes from {@code offset} bytes into {@code source}. */
  public static void read(
      MemorySegment source, long offset, ByteOrder order, long[] into, int index, int count) {
    bytes(source, offset, count * 8L, order).asLongBuffer().get(into, index, count);
  }

  /** Writes {@code count} entries of 8 bytes to {@code offset} bytes into {@code target}. */
  public static void write(
      long[] from, int index, int count, MemorySegment target, long offset, ByteOrder order) {
    bytes(target, offset, count * 8L, order).asLongBuffer().put(from, index, count);
  }

  /** Reads {@code count} entries of 4 bytes from {@code offset} bytes into {@code source}. */
  public static void read(
      MemorySegment source, long offset, ByteOrder order, int[] into, int index, int count) {
    bytes(source, offset, count * 4L, order).asIntBuffer().get(into, index, count);
  }

  /** Writes {@code count} entries of 4 bytes to {@code offset} bytes into {@code target}. */
  public static void write(
      int[] from, int index, int count, MemorySegment target, long offset, ByteOrder order) {
    bytes(target, offset, count * 4L, order).asIntBuffer().put(from, index, count);
  }

  // Not MemorySegment.copy with a layout: see StructReader.
  private static ByteBuffer bytes(
      MemorySegment segment, long offset, long length, ByteOrder order) {
    return segment.asSlice(offset, length).asByteBuffer().order(order);
  }
}
