// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.copy;

import dev.strata.block.BlockException;
import org.jspecify.annotations.Nullable;

/**
 * A piece of an image that a copy deals with at once.
 *
 * @param number in order of offsets, from 0
 * @param offset in the target, in bytes
 * @param length in bytes; small enough for a buffer unless it is zeroes
 * @param zero whether it reads as zeroes
 * @param step whether progress is to be told of when it is done
 */
record Piece(long number, long offset, long length, boolean zero, boolean step) {
  /** Hands out pieces, numbered without a gap. Thread-safe. */
  interface Source {
    /** The next piece, or null at the end. */
    @Nullable Piece next() throws BlockException;

    /** The most bytes of a piece that is not zeroes. */
    long maxPiece();
  }
}
