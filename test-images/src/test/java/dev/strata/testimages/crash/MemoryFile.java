// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.crash;

import dev.strata.block.IoVector;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** A file's bytes. Thread-safe. */
public final class MemoryFile {
  /** No test needs more; a length beyond it is a bug of whoever asks. */
  private static final int MAX_LENGTH = 64 << 20;

  private byte[] bytes; // guarded by this
  private int length; // guarded by this

  /** With that content, which belongs to the file from now on. */
  MemoryFile(byte[] content) {
    this.bytes = content;
    this.length = content.length;
  }

  /** In bytes. */
  public synchronized int length() {
    return length;
  }

  /** A copy. */
  public synchronized byte[] toBytes() {
    return Arrays.copyOf(bytes, length);
  }

  /** Fills {@code into}; zeroes behind the end. */
  synchronized void read(long offset, IoVector into) {
    int inside = (int) Math.clamp(length - offset, 0, into.length());
    if (inside > 0) {
      into.copyFrom(0, MemorySegment.ofArray(bytes).asSlice(offset, inside));
    }
    if (inside < into.length()) {
      into.slice(inside, into.length() - inside).fill((byte) 0);
    }
  }

  synchronized void write(long offset, IoVector from) {
    reach(offset + from.length());
    from.copyTo(0, MemorySegment.ofArray(bytes).asSlice(offset, from.length()));
  }

  synchronized void write(int offset, byte[] from, int start, int count) {
    reach((long) offset + count);
    System.arraycopy(from, start, bytes, offset, count);
  }

  /** Zeroes a range, and reaches as far as that. */
  synchronized void zero(long offset, long count) {
    reach(offset + count);
    Arrays.fill(bytes, (int) offset, (int) (offset + count), (byte) 0);
  }

  /** Gives a range up; the length stays. */
  synchronized void punch(long offset, long count) {
    long end = Math.min(offset + count, length);
    if (offset < end) {
      Arrays.fill(bytes, (int) offset, (int) end, (byte) 0);
    }
  }

  synchronized void truncate(long newLength) {
    if (newLength < length) {
      Arrays.fill(bytes, (int) newLength, length, (byte) 0);
      length = (int) newLength;
    } else {
      reach(newLength);
    }
  }

  private void reach(long end) {
    if (end > MAX_LENGTH) {
      throw new IllegalArgumentException("A file of " + end + " bytes");
    }
    if (end > bytes.length) {
      bytes = Arrays.copyOf(bytes, (int) Math.max(end, Math.min(MAX_LENGTH, bytes.length * 2L)));
    }
    length = (int) Math.max(length, end);
  }
}
