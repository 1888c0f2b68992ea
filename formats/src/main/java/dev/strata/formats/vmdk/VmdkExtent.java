// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vmdk;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import dev.strata.block.IoVector;
import dev.strata.block.driver.Allocation;
import dev.strata.block.driver.Mapping;

/** A part of the disk that lies in one file. All offsets are from the extent's first byte. */
abstract sealed class VmdkExtent permits FlatExtent, SparseExtent, SeSparseExtent {
  static final int SECTOR = 512;

  /** The largest grain that is decompressed: what an image says must not take all memory. */
  static final long MAX_PACKED_GRAIN = 16 << 20;

  private static final long MAX_GRAIN_SECTORS = 0x200000;
  private static final long MAX_BYTES = Long.MAX_VALUE - (1 << 30) + 1;

  private final Child file;
  private final String type;
  private final long length;
  private final long grain;

  /**
   * An extent in {@code file}.
   *
   * @param type as the descriptor has it; empty if the descriptor is in the extent
   * @param length in bytes
   * @param grain in bytes; 0 if there are no grains
   */
  VmdkExtent(Child file, String type, long length, long grain) {
    this.file = file;
    this.type = type;
    this.length = length;
    this.grain = grain;
  }

  static void checkGrain(long sectors) throws BlockException {
    if (sectors <= 0 || sectors > MAX_GRAIN_SECTORS) {
      throw new BlockException(Errno.EFBIG, "Invalid granularity, image may be corrupt");
    }
  }

  /** Whether a disk can have so many sectors, unsigned. */
  static void checkSize(long sectors) throws BlockException {
    if (sectors < 0 || sectors > MAX_BYTES / SECTOR) {
      throw BlockException.of(Errno.EFBIG, "Could not refresh total sector count");
    }
  }

  final Child file() {
    return file;
  }

  final String type() {
    return type;
  }

  final long length() {
    return length;
  }

  final long grain() {
    return grain;
  }

  /** Whether grains are stored compressed, each written once. */
  boolean isCompressed() {
    return false;
  }

  /** Whether grains can be marked as zeroes. */
  boolean marksZeroes() {
    return false;
  }

  /** Where the bytes lie, as {@link dev.strata.block.driver.MappedImage} asks. */
  abstract Mapping map(long offset, long length) throws BlockException;

  /**
   * Fresh storage.
   *
   * @param start the guest offset of the extent's first byte
   */
  Allocation allocate(long start, long offset, long length) throws BlockException {
    throw BlockException.of(Errno.EIO);
  }

  /** Reads bytes of one compressed grain. */
  void readEncoded(long offset, IoVector into) throws BlockException {
    throw BlockException.of(Errno.EIO);
  }

  /**
   * Writes one grain compressed.
   *
   * @param guestOffset of the grain in the disk
   */
  void writeEncoded(long guestOffset, long offset, IoVector from) throws BlockException {
    throw BlockException.of(Errno.EIO);
  }

  /** Marks whole grains as zeroes. */
  void markZeroes(long offset, long length) throws BlockException {
    throw BlockException.of(Errno.EOPNOTSUPP);
  }

  /** The first grain with a place that is not in the file; -1 if there is none. */
  long firstGrainBeyond() throws BlockException {
    return -1;
  }

  /** How many grains there can be at most; the tables of an image may be too few for its size. */
  long mappableGrains() {
    return Long.MAX_VALUE;
  }

  void flush() throws BlockException {}

  void close() {}
}
