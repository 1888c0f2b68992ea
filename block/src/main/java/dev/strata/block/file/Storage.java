// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.file;

import dev.strata.block.BlockException;
import dev.strata.block.IoVector;
import org.jspecify.annotations.Nullable;

/**
 * An open file of the host: the seam between what a file node does and the system that does it.
 * Thread-safe, but for {@link #close}: then nothing is in flight.
 */
sealed interface Storage extends AutoCloseable permits PosixStorage, ChannelStorage {
  /** The first run of data or hole from an offset on. */
  record Run(long offset, long length, boolean data) {
    long end() {
      return offset + length;
    }
  }

  /** What the file is. */
  enum Kind {
    REGULAR,
    /** A block or character device: its size is given. */
    DEVICE,
    OTHER
  }

  Kind kind();

  /** Whether it was opened for writing. */
  boolean writable();

  /** In bytes. */
  long size() throws BlockException;

  /** Whether it is a drive with a disc in it. */
  default boolean hasDisc() {
    return false;
  }

  /** The bytes that it occupies on the host; -1 if unknown. */
  long allocatedSize() throws BlockException;

  /** Fills {@code into}; what lies beyond the end is zeroes. */
  void read(long offset, IoVector into) throws BlockException;

  /** Writes all of {@code from}. */
  void write(long offset, IoVector from) throws BlockException;

  /** Writes all of {@code from} and returns when it is on stable storage. */
  void writeThrough(long offset, IoVector from) throws BlockException;

  /** Puts all that was written on stable storage. */
  void sync() throws BlockException;

  void truncate(long size) throws BlockException;

  /** Reserves storage, whose content reads as zeroes where it is new; grows the file. */
  void allocate(long offset, long length) throws BlockException;

  /**
   * Makes a range read as zeroes; grows the file.
   *
   * @param unmap whether the storage may be given up
   * @param quick fail rather than take as long as writing would
   * @return false if that cannot be done other than by writing
   */
  boolean zero(long offset, long length, boolean unmap, boolean quick) throws BlockException;

  /**
   * Gives up the storage of a range, whatever it reads as then; the size stays.
   *
   * @return false if that cannot be done
   */
  boolean discard(long offset, long length) throws BlockException;

  /**
   * The run at {@code offset}, or null if data and holes cannot be told apart.
   *
   * @param isData whether data is known to be at {@code offset}
   */
  @Nullable Run runAt(long offset, boolean isData) throws BlockException;

  /**
   * Has the system copy a range of another file into this one.
   *
   * @return how many bytes, perhaps less than asked for; 0 if it cannot or nothing is there
   */
  long copyFrom(Storage source, long sourceOffset, long offset, long length) throws BlockException;

  /** The most bytes of one read or write; 0 if there is no limit. */
  long maxTransfer();

  /** The alignment of requests in bytes, a power of two; 1 if there is none. */
  int requestAlignment();

  /** The alignment of memory in bytes, a power of two; 1 if there is none. */
  int memoryAlignment();

  @Override
  void close() throws BlockException;
}
