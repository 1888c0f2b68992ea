// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.layout;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Bulk copies between on-disk tables and arrays, entry by entry in the table's byte order. Ranges
 * are the caller's to check: one outside the segment or the array is an {@link
 * IndexOutOfBoundsException}.
 */
public final class Table {
  private static final ValueLayout.OfLong BIG_LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfLong LITTLE_LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt BIG_INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfInt LITTLE_INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private Table() {}

  /** Reads {@code count} entries of 8 bytes from {@code offset} bytes into {@code source}. */
  public static void read(
      MemorySegment source, long offset, ByteOrder order, long[] into, int index, int count) {
    MemorySegment.copy(source, longs(order), offset, into, index, count);
  }

  /** Writes {@code count} entries of 8 bytes to {@code offset} bytes into {@code target}. */
  public static void write(
      long[] from, int index, int count, MemorySegment target, long offset, ByteOrder order) {
    MemorySegment.copy(from, index, target, longs(order), offset, count);
  }

  /** Reads {@code count} entries of 4 bytes from {@code offset} bytes into {@code source}. */
  public static void read(
      MemorySegment source, long offset, ByteOrder order, int[] into, int index, int count) {
    MemorySegment.copy(source, ints(order), offset, into, index, count);
  }

  /** Writes {@code count} entries of 4 bytes to {@code offset} bytes into {@code target}. */
  public static void write(
      int[] from, int index, int count, MemorySegment target, long offset, ByteOrder order) {
    MemorySegment.copy(from, index, target, ints(order), offset, count);
  }

  private static ValueLayout.OfLong longs(ByteOrder order) {
    return order == ByteOrder.BIG_ENDIAN ? BIG_LONG : LITTLE_LONG;
  }

  private static ValueLayout.OfInt ints(ByteOrder order) {
    return order == ByteOrder.BIG_ENDIAN ? BIG_INT : LITTLE_INT;
  }
}
