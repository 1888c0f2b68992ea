// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.file;

import dev.strata.block.BlockException;
import dev.strata.block.IoVector;
import org.jspecify.annotations.Nullable;

/** An open file of the host. Thread-safe, but for {@link #close}: then nothing is in flight. */
interface Storage extends AutoCloseable {
  /** The first run of data or hole from an offset on. */
  record Run(long offset, long length, boolean data) {}

  /** In bytes. */
  long size() throws BlockException;

  /** The bytes that it occupies on the host; -1 if unknown. */
  long allocatedSize() throws BlockException;

  /** Fills {@code into}; what lies beyond the end is zeroes. */
  void read(long offset, IoVector into) throws BlockException;

  /** Writes all of {@code from}. */
  void write(long offset, IoVector from) throws BlockException;

  /** Puts all that was written on stable storage. */
  void sync() throws BlockException;

  void truncate(long size) throws BlockException;

  /** Reserves storage, whose content reads as zeroes where it is new; grows the file. */
  void allocate(long offset, long length) throws BlockException;

  /**
   * Makes a range read as zeroes, keeping its storage; grows the file.
   *
   * @return false if that cannot be done other than by writing
   */
  boolean zero(long offset, long length) throws BlockException;

  /**
   * Gives up the storage of a range, which then reads as zeroes; the size stays.
   *
   * @return false if that cannot be done
   */
  boolean punch(long offset, long length) throws BlockException;

  /** The run at {@code offset}, or null if data and holes cannot be told apart. */
  @Nullable Run runAt(long offset, long size) throws BlockException;

  /** The alignment of requests in bytes, a power of two; 1 if there is none. */
  int requestAlignment();

  /** The alignment of memory in bytes, a power of two; 1 if there is none. */
  int memoryAlignment();

  @Override
  void close() throws BlockException;
}
