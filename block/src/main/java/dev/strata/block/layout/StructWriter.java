// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.layout;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Writes the fields of an on-disk structure in their order. The caller gives the room: running past
 * the end, or a number that does not fit its field, is a programming error and an {@link
 * IllegalArgumentException} or {@link IndexOutOfBoundsException}. One thread at a time; the memory
 * is smaller than 2 GiB.
 */
public final class StructWriter {
  private final ByteBuffer content; // as in StructReader, for the sake of a short command's start
  private long position;

  private StructWriter(ByteBuffer content, ByteOrder order) {
    this.content = content.order(order);
  }

  /** A writer at the start of {@code target}, most significant byte first. */
  public static StructWriter bigEndian(byte[] target) {
    return new StructWriter(ByteBuffer.wrap(target), ByteOrder.BIG_ENDIAN);
  }

  /** A writer at the start of {@code target}, most significant byte first. */
  public static StructWriter bigEndian(ByteBuffer target) {
    return new StructWriter(target, ByteOrder.BIG_ENDIAN);
  }

  /** A writer at the start of {@code target}, most significant byte first. */
  public static StructWriter bigEndian(MemorySegment target) {
    return new StructWriter(target.asByteBuffer(), ByteOrder.BIG_ENDIAN);
  }

  /** A writer at the start of {@code target}, least significant byte first. */
  public static StructWriter littleEndian(byte[] target) {
    return new StructWriter(ByteBuffer.wrap(target), ByteOrder.LITTLE_ENDIAN);
  }

  /** A writer at the start of {@code target}, least significant byte first. */
  public static StructWriter littleEndian(MemorySegment target) {
    return new StructWriter(target.asByteBuffer(), ByteOrder.LITTLE_ENDIAN);
  }

  /** 8 bits; {@code value} from 0 to 255. */
  public StructWriter u8(int value) {
    check(value, 0xff);
    content.put(advance(1), (byte) value);
    return this;
  }

  /** 16 bits; {@code value} from 0 to 2^16 - 1. */
  public StructWriter u16(int value) {
    check(value, 0xffff);
    content.putShort(advance(2), (short) value);
    return this;
  }

  /** 32 bits; {@code value} from 0 to 2^32 - 1. */
  public StructWriter u32(long value) {
    check(value, 0xffff_ffffL);
    content.putInt(advance(4), (int) value);
    return this;
  }

  /** 64 bits as they are. */
  public StructWriter u64(long value) {
    content.putLong(advance(8), value);
    return this;
  }

  /** All of {@code value}. */
  public StructWriter bytes(byte[] value) {
    content.put(advance(value.length), value);
    return this;
  }

  /** The UTF-8 bytes of {@code value}, without an end mark. */
  public StructWriter string(String value) {
    return bytes(value.getBytes(StandardCharsets.UTF_8));
  }

  /** The UTF-8 bytes of {@code value}, then NULs up to {@code length} bytes. */
  public StructWriter paddedString(String value, int length) {
    byte[] encoded = value.getBytes(StandardCharsets.UTF_8);
    if (encoded.length > length) {
      throw new IllegalArgumentException(
          encoded.length + " bytes do not fit a field of " + length + " bytes");
    }
    return bytes(encoded).zeroes(length - (long) encoded.length);
  }

  /** {@code length} zero bytes. */
  public StructWriter zeroes(long length) {
    int end = advance(length) + (int) length;
    for (int at = end - (int) length; at < end; at++) {
      content.put(at, (byte) 0);
    }
    return this;
  }

  /** Leaves {@code length} bytes as they are. */
  public StructWriter skip(long length) {
    advance(length);
    return this;
  }

  /** In bytes from the start of the structure. */
  public long position() {
    return position;
  }

  /** Continues at {@code offset} bytes from the start of the structure. */
  public StructWriter seek(long offset) {
    if (offset < 0 || offset > content.limit()) {
      throw new IndexOutOfBoundsException("offset " + offset + " of " + content.limit());
    }
    position = offset;
    return this;
  }

  /** The bytes from here to the end. */
  public long remaining() {
    return content.limit() - position;
  }

  private int advance(long length) {
    int start = (int) position;
    if (length < 0 || length > content.limit() - start) {
      throw new IndexOutOfBoundsException(
          length + " bytes at offset " + start + " of " + content.limit());
    }
    position = start + length;
    return start;
  }

  private static void check(long value, long max) {
    if (value < 0 || value > max) {
      throw new IllegalArgumentException(value + " is not between 0 and " + max);
    }
  }
}
