// SPDX-License-Identifier: Apache-2.0
package dev.strata.block;

import java.nio.ByteBuffer;

/**
 * The verbs of the block layer: the same for a driver, for the edge through which a driver uses its
 * child, and for a user's backend.
 *
 * <p>All offsets and lengths are in bytes and never negative. All methods may be called by any
 * number of threads at once and block their caller until the request is done; no callee keeps an
 * {@link IoVector} after it returned. A request that throws may have been carried out in part.
 */
public interface BlockIo {
  /** The size as a guest sees it, in bytes. */
  long length() throws BlockException;

  /** Fills all of {@code into} with the bytes from {@code offset} on, or throws. */
  void read(long offset, IoVector into, int flags) throws BlockException;

  /** Writes all of {@code from} at {@code offset}, or throws. */
  void write(long offset, IoVector from, int flags) throws BlockException;

  /** As {@link #read(long, IoVector, int)} for small structures: copied from off-heap memory. */
  default void read(long offset, byte[] into, int flags) throws BlockException {
    ByteBuffer memory = ByteBuffer.allocateDirect(into.length);
    read(offset, IoVector.of(memory), flags);
    memory.get(into);
  }

  /** As {@link #write(long, IoVector, int)} for small structures: copied to off-heap memory. */
  default void write(long offset, byte[] from, int flags) throws BlockException {
    write(offset, IoVector.of(ByteBuffer.allocateDirect(from.length).put(from).flip()), flags);
  }

  /**
   * Makes the range read as zeroes.
   *
   * @param flags {@link RequestFlags#MAY_UNMAP}, {@link RequestFlags#NO_FALLBACK}, {@link
   *     RequestFlags#FUA}
   * @throws BlockException {@link Errno#EOPNOTSUPP} only with {@code NO_FALLBACK}
   */
  void writeZeroes(long offset, long length, int flags) throws BlockException;

  /** Says that nobody needs the bytes of the range; what it reads as afterwards is open. */
  void discard(long offset, long length) throws BlockException;

  /** Returns when all that was written before is on stable storage. */
  void flush() throws BlockException;

  /**
   * The status of the bytes at {@code offset}: the first run, at least 1 byte and at most {@code
   * length}.
   */
  Extent status(long offset, long length, StatusDetail detail) throws BlockException;

  /**
   * Changes the size.
   *
   * @param length the new size in bytes
   * @param exact whether a size that differs from {@code length} (a block device's) is an error
   * @param flags {@link RequestFlags#ZERO_GROWN}
   */
  void truncate(long length, boolean exact, Preallocation mode, int flags) throws BlockException;
}
