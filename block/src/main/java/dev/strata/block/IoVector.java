// SPDX-License-Identifier: Apache-2.0
package dev.strata.block;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * The memory of a request: one or more segments, off-heap or on, taken as one run of bytes.
 *
 * <p>An {@code IoVector} does not own its memory; it is immutable, its memory is not.
 */
public final class IoVector {
  private static final IoVector EMPTY = new IoVector(new MemorySegment[0], 0);
  // Comparing with zeroes is what the JVM does fastest. As with all that short commands touch, no
  // VarHandle is needed, nor a segment on the heap, whose class prepares some.
  private static final MemorySegment ZEROES =
      MemorySegment.ofBuffer(ByteBuffer.allocateDirect(64 * 1024));

  private final MemorySegment[] segments;
  private final long length;

  private IoVector(MemorySegment[] segments, long length) {
    this.segments = segments;
    this.length = length;
  }

  /** That one segment. */
  public static IoVector of(MemorySegment segment) {
    return new IoVector(new MemorySegment[] {segment}, segment.byteSize());
  }

  /** The segments in that order. */
  public static IoVector of(List<MemorySegment> segments) {
    var all = segments.toArray(MemorySegment[]::new);
    long length = 0;
    for (MemorySegment segment : all) {
      length = Math.addExact(length, segment.byteSize());
    }
    return new IoVector(all, length);
  }

  /** The bytes between a direct buffer's position and limit. */
  public static IoVector of(ByteBuffer direct) {
    return of(MemorySegment.ofBuffer(direct));
  }

  /**
   * A view of an array.
   *
   * <p>What every short command does is better off with {@link BlockIo#read(long, byte[], int)}: a
   * segment on the heap takes 10 ms to prepare.
   */
  public static IoVector of(byte[] bytes) {
    return of(MemorySegment.ofArray(bytes));
  }

  /** No bytes at all. */
  public static IoVector empty() {
    return EMPTY;
  }

  /** In bytes. */
  public long length() {
    return length;
  }

  /** How many segments there are. */
  public int count() {
    return segments.length;
  }

  /** The segment at {@code index}, from 0. */
  public MemorySegment segment(int index) {
    return segments[index];
  }

  /** The {@code length} bytes from {@code offset} on: the same memory, nothing copied. */
  public IoVector slice(long offset, long length) {
    if (offset < 0 || length < 0 || offset > this.length - length) {
      throw new IndexOutOfBoundsException(offset + "+" + length + " of " + this.length);
    }
    if (length == this.length) {
      return this;
    }
    if (segments.length == 1) {
      return of(segments[0].asSlice(offset, length));
    }
    if (length == 0) {
      return EMPTY;
    }
    int first = 0;
    while (offset >= segments[first].byteSize()) {
      offset -= segments[first++].byteSize();
    }
    var cut = new MemorySegment[segments.length - first];
    int count = 0;
    for (long left = length; left > 0; first++) {
      long part = Math.min(left, segments[first].byteSize() - offset);
      cut[count++] = segments[first].asSlice(offset, part);
      left -= part;
      offset = 0;
    }
    return new IoVector(Arrays.copyOf(cut, count), length);
  }

  /** These bytes followed by {@code other}'s. */
  public IoVector followedBy(IoVector other) {
    if (length == 0) {
      return other;
    }
    if (other.length == 0) {
      return this;
    }
    var all = Arrays.copyOf(segments, segments.length + other.segments.length);
    System.arraycopy(other.segments, 0, all, segments.length, other.segments.length);
    return new IoVector(all, Math.addExact(length, other.length));
  }

  /** Sets every byte to {@code value}. */
  public void fill(byte value) {
    for (MemorySegment segment : segments) {
      segment.fill(value);
    }
  }

  /** Copies all of {@code source} into this vector at {@code offset}. */
  public void copyFrom(long offset, MemorySegment source) {
    long done = 0;
    for (MemorySegment segment : slice(offset, source.byteSize()).segments) {
      MemorySegment.copy(source, done, segment, 0, segment.byteSize());
      done += segment.byteSize();
    }
  }

  /** Copies {@code target.byteSize()} bytes from {@code offset} on into {@code target}. */
  public void copyTo(long offset, MemorySegment target) {
    long done = 0;
    for (MemorySegment segment : slice(offset, target.byteSize()).segments) {
      MemorySegment.copy(segment, 0, target, done, segment.byteSize());
      done += segment.byteSize();
    }
  }

  /** Copies all of {@code source}, which is as long as this vector, into it. */
  public void copyFrom(IoVector source) {
    long done = 0;
    for (MemorySegment segment : source.segments) {
      copyFrom(done, segment);
      done += segment.byteSize();
    }
  }

  /** Whether every byte is zero. */
  public boolean isZero() {
    for (MemorySegment segment : segments) {
      if (!isZero(segment)) {
        return false;
      }
    }
    return true;
  }

  /** Whether every byte of {@code segment} is zero. */
  public static boolean isZero(MemorySegment segment) {
    return isZero(segment, 0, segment.byteSize());
  }

  /** Whether the {@code length} bytes of {@code segment} from {@code offset} on are zero. */
  public static boolean isZero(MemorySegment segment, long offset, long length) {
    long end = offset + length;
    for (long at = offset; at < end; at += ZEROES.byteSize()) {
      long part = Math.min(ZEROES.byteSize(), end - at);
      if (MemorySegment.mismatch(segment, at, at + part, ZEROES, 0, part) >= 0) {
        return false;
      }
    }
    return true;
  }

  /**
   * Whether every segment's address and size is a multiple of {@code alignment}, a power of two. A
   * segment on the heap is aligned to nothing.
   */
  public boolean isAligned(int alignment) {
    if (alignment <= 1) {
      return true;
    }
    for (MemorySegment segment : segments) {
      if (!segment.isNative()
          || ((segment.address() | segment.byteSize()) & (alignment - 1)) != 0) {
        return false;
      }
    }
    return true;
  }
}
