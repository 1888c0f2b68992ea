// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.posix;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * The array of {@code struct iovec} that a scatter or gather call takes; made once and filled again
 * for each request. After a call that moved less than all, {@link #consume} leaves the rest.
 *
 * <p>The segments stay the caller's: they must be native, and stay allocated until the call
 * returned. Of one thread at a time.
 */
public final class IovecArray {
  /** As many pieces as one call takes: {@code IOV_MAX}. */
  public static final int MAXIMUM_CAPACITY = 1024;

  private static final int ENTRY_SIZE = 16; // iov_base, iov_len

  private final ByteBuffer entries;
  private final long address;
  private final MemorySegment[] segments; // keeps what is referred to from being collected
  private int first;
  private int end;
  private long remaining;

  /**
   * @param capacity 1 to {@value #MAXIMUM_CAPACITY} pieces
   */
  public IovecArray(int capacity) {
    if (capacity < 1 || capacity > MAXIMUM_CAPACITY) {
      throw new IllegalArgumentException("capacity " + capacity + " is not in 1 to 1024");
    }
    entries = ByteBuffer.allocateDirect(capacity * ENTRY_SIZE).order(ByteOrder.nativeOrder());
    address = MemorySegment.ofBuffer(entries).address();
    segments = new MemorySegment[capacity];
  }

  /** Forgets all pieces. */
  public void clear() {
    Arrays.fill(segments, 0, end, MemorySegment.NULL);
    first = 0;
    end = 0;
    remaining = 0;
  }

  /** Whether {@link #add} has no room left. */
  public boolean isFull() {
    return end == segments.length;
  }

  /** Appends a piece of at least one byte. */
  public void add(MemorySegment segment) {
    if (isFull()) {
      throw new IllegalStateException("more than " + segments.length + " pieces");
    }
    long start = FileDescriptor.addressOf(segment);
    if (segment.byteSize() == 0) {
      throw new IllegalArgumentException("an empty piece");
    }
    remaining = Math.addExact(remaining, segment.byteSize());
    segments[end] = segment;
    entries.putLong(end * ENTRY_SIZE, start);
    entries.putLong(end * ENTRY_SIZE + 8, segment.byteSize());
    end++;
  }

  /** The bytes of all pieces that are left. */
  public long remaining() {
    return remaining;
  }

  /** Drops bytes from the front, which a call has moved. */
  public void consume(long bytes) {
    if (bytes < 0 || bytes > remaining) {
      throw new IllegalArgumentException(bytes + " bytes of " + remaining);
    }
    remaining -= bytes;
    long left = bytes;
    while (left > 0) {
      int entry = first * ENTRY_SIZE;
      long length = entries.getLong(entry + 8);
      if (left < length) {
        entries.putLong(entry, entries.getLong(entry) + left);
        entries.putLong(entry + 8, length - left);
        return;
      }
      left -= length;
      first++;
    }
  }

  /** Where the pieces that are left begin. */
  long address() {
    return address + (long) first * ENTRY_SIZE;
  }

  /** Where the bytes that are left begin. */
  long firstAddress() {
    return entries.getLong(first * ENTRY_SIZE);
  }

  /** How many pieces are left. */
  int count() {
    return end - first;
  }
}
