// SPDX-License-Identifier: Apache-2.0
package dev.strata.block;

import org.jspecify.annotations.Nullable;

/**
 * A run of bytes of one node with the same block status.
 *
 * @param offset where the run begins in the node that was asked, in bytes
 * @param length of the run in bytes, at least 1
 * @param data the bytes are stored (in this layer, or below where {@code allocated} is false)
 * @param zero the bytes are known to read as zeroes
 * @param allocated this layer determines the bytes, as data or as zeroes; not its backing file
 * @param compressed the bytes are stored compressed
 * @param file where the bytes lie as they read, or null if they lie nowhere or not as they read; a
 *     protocol driver answers null with {@code fileOffset} ≥ 0 for itself
 * @param fileOffset the place of the run's first byte in {@code file}; -1 if there is none
 * @param end whether the run ends where the node ends
 */
public record Extent(
    long offset,
    long length,
    boolean data,
    boolean zero,
    boolean allocated,
    boolean compressed,
    @Nullable Child file,
    long fileOffset,
    boolean end) {

  /** Bytes stored at that place of {@code file}. */
  public static Extent data(long offset, long length, @Nullable Child file, long fileOffset) {
    return new Extent(offset, length, true, false, true, false, file, fileOffset, false);
  }

  /** Zeroes that this layer determines and that lie nowhere. */
  public static Extent zero(long offset, long length) {
    return new Extent(offset, length, false, true, true, false, null, -1, false);
  }

  /** Bytes that the backing file determines. */
  public static Extent unallocated(long offset, long length) {
    return new Extent(offset, length, false, false, false, false, null, -1, false);
  }

  /** Bytes stored in another form than they read. */
  public static Extent encoded(long offset, long length, boolean compressed) {
    return new Extent(offset, length, true, false, true, compressed, null, -1, false);
  }

  /** Whether the place of the bytes is known. */
  public boolean hasPlace() {
    return fileOffset >= 0;
  }

  /**
   * The bytes of this run from {@code from} on, at most {@code most} of them.
   *
   * @param from within the run
   */
  public Extent part(long from, long most) {
    long skipped = from - offset;
    long left = length - skipped;
    if (skipped == 0 && left <= most) {
      return this;
    }
    return new Extent(
        from,
        Math.min(most, left),
        data,
        zero,
        allocated,
        compressed,
        file,
        hasPlace() ? fileOffset + skipped : -1,
        end && left <= most);
  }

  /** The first {@code length} bytes of this run, or all of it if it is not longer. */
  public Extent limitedTo(long length) {
    return length >= this.length
        ? this
        : new Extent(offset, length, data, zero, allocated, compressed, file, fileOffset, false);
  }

  /**
   * The run as the node above {@code child} sees it, which passes the child's content on from
   * {@code offset} instead.
   */
  public Extent through(Child child, long offset) {
    boolean childItself = file == null && hasPlace();
    return new Extent(
        offset,
        length,
        data,
        zero,
        allocated,
        compressed,
        childItself ? child : file,
        fileOffset,
        false);
  }

  /** The same run, known to read as zeroes. */
  public Extent asZero() {
    return zero
        ? this
        : new Extent(offset, length, data, true, allocated, compressed, file, fileOffset, end);
  }

  /** The same run, which ends before the node does. */
  public Extent asInside() {
    return end
        ? new Extent(offset, length, data, zero, allocated, compressed, file, fileOffset, false)
        : this;
  }

  /** The same run, which ends where the node ends. */
  public Extent asEnd() {
    return end
        ? this
        : new Extent(offset, length, data, zero, allocated, compressed, file, fileOffset, true);
  }
}
