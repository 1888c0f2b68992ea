// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.interpret;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The host's memory by its addresses. Nothing is checked: an entry of the TLB is the bound of what
 * is read and written through it. Numbers are little-endian and zero-extended.
 */
public final class HostMemory {
  private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private HostMemory() {}

  /** Reads a byte. */
  public static long read1(long address) {
    return ALL.get(ValueLayout.JAVA_BYTE, address) & 0xffL;
  }

  /** Reads two bytes. */
  public static long read2(long address) {
    return ALL.get(SHORT, address) & 0xffffL;
  }

  /** Reads four bytes. */
  public static long read4(long address) {
    return ALL.get(INT, address) & 0xffffffffL;
  }

  /** Reads eight bytes. */
  public static long read8(long address) {
    return ALL.get(LONG, address);
  }

  /** Writes a byte. */
  public static void write1(long address, long value) {
    ALL.set(ValueLayout.JAVA_BYTE, address, (byte) value);
  }

  /** Writes two bytes. */
  public static void write2(long address, long value) {
    ALL.set(SHORT, address, (short) value);
  }

  /** Writes four bytes. */
  public static void write4(long address, long value) {
    ALL.set(INT, address, (int) value);
  }

  /** Writes eight bytes. */
  public static void write8(long address, long value) {
    ALL.set(LONG, address, value);
  }

  /** Copies bytes to where they do not overlap the source, or lie before it. */
  public static void copy(long from, long to, long bytes) {
    MemorySegment.copy(ALL, from, ALL, to, bytes);
  }

  /** Fills a number of bytes, a multiple of 1 << size, with so many of a value's. */
  public static void fill(long address, long bytes, long value, int size) {
    long unit = -1L >>> (64 - (8 << size));
    long pattern = (value & unit) * Long.divideUnsigned(-1L, unit);
    if (pattern == (pattern & 0xff) * 0x0101010101010101L) {
      ALL.asSlice(address, bytes).fill((byte) pattern);
      return;
    }
    long at = address;
    for (; address + bytes - at >= 8; at += 8) {
      write8(at, pattern);
    }
    for (; at < address + bytes; at += 1L << size) {
      write(at, size, pattern);
    }
  }

  /** Reads 1 << size bytes. */
  static long read(long address, int size) {
    return switch (size) {
      case 0 -> read1(address);
      case 1 -> read2(address);
      case 2 -> read4(address);
      default -> read8(address);
    };
  }

  /** Writes 1 << size bytes. */
  static void write(long address, int size, long value) {
    switch (size) {
      case 0 -> write1(address, value);
      case 1 -> write2(address, value);
      case 2 -> write4(address, value);
      default -> write8(address, value);
    }
  }
}
