// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.copy;

import dev.strata.block.BufferPool;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A place for one piece, with what was read for it. One thread at a time has it. */
class PieceSlot implements AutoCloseable {
  private final BufferPool buffers;
  private final long maxPiece;
  private BufferPool.@Nullable Buffer buffer;
  private @Nullable Piece piece;
  private boolean loaded;

  /** An empty place for pieces of up to {@code maxPiece} bytes. */
  PieceSlot(BufferPool buffers, long maxPiece) {
    this.buffers = buffers;
    this.maxPiece = maxPiece;
  }

  /** Takes a piece in, whose bytes are not there yet. */
  final void take(Piece next) {
    piece = next;
    loaded = next.zero(); // there is nothing to read
  }

  final Piece piece() {
    if (piece == null) {
      throw new IllegalStateException("an empty slot");
    }
    return piece;
  }

  /** Whether the piece's bytes are in {@link #memory}. */
  final boolean isLoaded() {
    return loaded;
  }

  /** The piece's bytes are in {@link #memory} now. */
  final void loaded() {
    loaded = true;
  }

  /** Where the piece's bytes are, or are to be; nowhere if it is zeroes. */
  final MemorySegment memory() {
    if (piece().zero()) {
      return MemorySegment.NULL;
    }
    if (buffer == null) {
      buffer = buffers.acquire(maxPiece);
    }
    return buffer.segment().asSlice(0, piece().length());
  }

  /** What {@link #memory} is the beginning of; null for a piece that is zeroes. */
  final BufferPool.@Nullable Buffer buffer() {
    memory();
    return piece().zero() ? null : buffer;
  }

  /** The piece's bytes, which are not zeroes, filled up with zeroes to a multiple of a size. */
  final MemorySegment memory(int unit) {
    MemorySegment bytes = memory();
    long whole = (bytes.byteSize() + unit - 1) & -unit;
    MemorySegment padded = Objects.requireNonNull(buffer).segment().asSlice(0, whole);
    padded.asSlice(bytes.byteSize()).fill((byte) 0);
    return padded;
  }

  /** Gives the buffer back. */
  @Override
  public void close() {
    if (buffer != null) {
      buffer.close();
      buffer = null;
    }
  }
}
