// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.iscsi;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Command descriptor blocks: each method writes all 16 bytes, of which a shorter command has zeroes
 * at its end. Blocks of data are counted, and addressed, in the unit's blocks.
 *
 * @see "SPC-4, 6 Commands for all device types"
 * @see "SBC-3, 5 Commands for direct access block devices"
 */
final class CommandBlock {
  /** The most blocks of a READ(10). */
  static final int MAX_SHORT_COUNT = 0xffff;

  private static final int INQUIRY = 0x12;
  private static final int MODE_SENSE_6 = 0x1a;
  private static final int READ_CAPACITY_10 = 0x25;
  private static final int READ_10 = 0x28;
  private static final int WRITE_10 = 0x2a;
  private static final int SYNCHRONIZE_CACHE_10 = 0x35;
  private static final int UNMAP = 0x42;
  private static final int READ_16 = 0x88;
  private static final int WRITE_16 = 0x8a;
  private static final int WRITE_SAME_16 = 0x93;
  private static final int SERVICE_ACTION_IN_16 = 0x9e;
  private static final int ACTION_READ_CAPACITY = 0x10;
  private static final int ACTION_GET_LBA_STATUS = 0x12;

  private static final int FUA = 1 << 3;
  private static final int WRITE_SAME_UNMAP = 1 << 3;
  private static final int NO_BLOCK_DESCRIPTORS = 1 << 3;
  private static final int ALL_PAGES = 0x3f;

  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private CommandBlock() {}

  private static void start(MemorySegment block, int operation, int flags) {
    block.set(LONG, 0, 0);
    block.set(LONG, 8, 0);
    block.set(ValueLayout.JAVA_BYTE, 0, (byte) operation);
    block.set(ValueLayout.JAVA_BYTE, 1, (byte) flags);
  }

  private static void range16(
      MemorySegment block, int operation, int flags, long firstBlock, long count) {
    start(block, operation, flags);
    block.set(LONG, 2, firstBlock);
    block.set(INT, 10, (int) count);
  }

  private static void range10(
      MemorySegment block, int operation, int flags, long firstBlock, long count) {
    start(block, operation, flags);
    block.set(INT, 2, (int) firstBlock);
    block.set(SHORT, 7, (short) count);
  }

  /** Standard data. */
  static void inquiry(MemorySegment block, int replySize) {
    start(block, INQUIRY, 0);
    block.set(SHORT, 3, (short) replySize);
  }

  /** A page of vital product data. */
  static void inquiryPage(MemorySegment block, int page, int replySize) {
    start(block, INQUIRY, 1);
    block.set(ValueLayout.JAVA_BYTE, 2, (byte) page);
    block.set(SHORT, 3, (short) replySize);
  }

  /** All mode pages, of which only the header in front is of interest. */
  static void modeSense6(MemorySegment block, int replySize) {
    start(block, MODE_SENSE_6, NO_BLOCK_DESCRIPTORS);
    block.set(ValueLayout.JAVA_BYTE, 2, (byte) ALL_PAGES);
    block.set(ValueLayout.JAVA_BYTE, 4, (byte) replySize);
  }

  static void readCapacity10(MemorySegment block) {
    start(block, READ_CAPACITY_10, 0);
  }

  static void readCapacity16(MemorySegment block, int replySize) {
    start(block, SERVICE_ACTION_IN_16, ACTION_READ_CAPACITY);
    block.set(INT, 10, replySize);
  }

  static void getLbaStatus(MemorySegment block, long firstBlock, int replySize) {
    range16(block, SERVICE_ACTION_IN_16, ACTION_GET_LBA_STATUS, firstBlock, replySize);
  }

  /** For units whose type does not have the commands with 16 bytes. */
  static void read10(MemorySegment block, long firstBlock, long count) {
    range10(block, READ_10, 0, firstBlock, count);
  }

  /** As {@link #read10}. */
  static void write10(MemorySegment block, long firstBlock, long count, boolean through) {
    range10(block, WRITE_10, through ? FUA : 0, firstBlock, count);
  }

  static void read16(MemorySegment block, long firstBlock, long count) {
    range16(block, READ_16, 0, firstBlock, count);
  }

  /** Writes, and with {@code through} answers when that is on the medium (force unit access). */
  static void write16(MemorySegment block, long firstBlock, long count, boolean through) {
    range16(block, WRITE_16, through ? FUA : 0, firstBlock, count);
  }

  /** Writes one block over and over, or unmaps where that reads the same. */
  static void writeSame16(MemorySegment block, long firstBlock, long count, boolean unmap) {
    range16(block, WRITE_SAME_16, unmap ? WRITE_SAME_UNMAP : 0, firstBlock, count);
  }

  static void unmap(MemorySegment block, int parameterSize) {
    start(block, UNMAP, 0);
    block.set(SHORT, 7, (short) parameterSize);
  }

  /** The whole unit: a count of 0 is up to the end. */
  static void synchronizeCache10(MemorySegment block) {
    start(block, SYNCHRONIZE_CACHE_10, 0);
  }
}
