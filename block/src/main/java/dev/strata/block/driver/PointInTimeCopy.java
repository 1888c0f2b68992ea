// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.driver;

import dev.strata.block.BlockException;
import dev.strata.block.Extent;
import dev.strata.block.bitmap.DirtyBitmap;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * A filter that copies what is about to be written; whoever wants all of the disk as it was has it
 * copy the rest too. Thread-safe, with writers at work.
 */
public interface PointInTimeCopy {
  /** What the disk holds, whichever of its layers. */
  @FunctionalInterface
  interface Content {
    /** The status of the first run of a range, at least 1 byte. */
    Extent status(long offset, long length) throws BlockException;
  }

  /**
   * How it copies; called once, before anything is written.
   *
   * @param content tells where nothing but zeroes is
   * @param compressed whether the target compresses what it is given
   * @param ownOnly whether clusters are left out that the disk has from its backing file
   */
  void prepare(Content content, boolean compressed, boolean ownOnly);

  /** The unit that is copied as a whole, in bytes; a power of two. */
  long clusterSize();

  /** The first byte from {@code from} on that is still to be copied. */
  OptionalLong nextToCopy(long from) throws BlockException;

  /**
   * Where a piece of work ends that begins at a byte to be copied.
   *
   * @param maxData bytes, at least a cluster; zeroes may be more
   * @param maxZeroes bytes, at least a cluster
   */
  Piece piece(long start, long maxData, long maxZeroes) throws BlockException;

  /**
   * A piece of work.
   *
   * @param end in bytes from the start of the disk
   * @param zeroes whether it costs nothing
   */
  record Piece(long end, boolean zeroes) {}

  /**
   * Leaves out what the disk has from its backing file.
   *
   * @return where to go on, beyond {@code from}
   */
  long skipBacked(long from) throws BlockException;

  /**
   * Copies what has not been copied of the range, and of the clusters that it ends in. Returns when
   * the target has all of it, whoever copied it.
   *
   * @return why something could not be copied, which is then still to be copied; or null
   */
  @Nullable Failure copyRest(long offset, long length);

  /**
   * A copy that failed.
   *
   * @param atTarget whether at the target, else at the disk
   */
  record Failure(boolean atTarget, BlockException reason) {}

  /** How many bytes have been copied, whoever asked for it. */
  long copied();

  /** How many bytes are still to be copied. */
  long toCopy();

  /** Marks all in a bitmap that is still to be copied. */
  void markRest(DirtyBitmap bitmap);
}
