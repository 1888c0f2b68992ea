// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.copy;

import dev.strata.block.BlockException;
import dev.strata.block.BufferPool;
import dev.strata.block.IoVector;
import dev.strata.block.RequestFlags;
import dev.strata.block.graph.BlockBackend;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Writes pieces into the target: as data, compressed, or as zeroes. Thread-safe. */
final class PieceWriter {
  private final BlockBackend target;
  private final CopySettings settings;

  PieceWriter(BlockBackend target, CopySettings settings) {
    this.target = target;
    this.settings = settings;
  }

  /**
   * Writes a piece.
   *
   * @param buffer begins with its bytes; null is enough for zeroes
   */
  void write(Piece piece, BufferPool.@Nullable Buffer buffer) throws BlockException {
    try {
      if (piece.zero()) {
        writeZeroes(piece.offset(), piece.length());
        return;
      }
      MemorySegment memory = Objects.requireNonNull(buffer).segment().asSlice(0, piece.length());
      if (settings.compressedCluster() > 0) {
        writeCompressed(piece.offset(), memory);
      } else if (settings.sparseBytes() == 0) {
        target.write(piece.offset(), IoVector.of(memory), 0);
      } else {
        writeSparse(piece.offset(), memory, buffer.bytes());
      }
    } catch (BlockException e) {
      throw e.during("error while writing at byte " + piece.offset());
    }
  }

  private void writeZeroes(long offset, long length) throws BlockException {
    if (!settings.targetReadsZero()) {
      target.writeZeroes(offset, length, RequestFlags.MAY_UNMAP);
    }
  }

  private void writeCompressed(long offset, MemorySegment memory) throws BlockException {
    long cluster = settings.compressedCluster();
    for (long at = 0; at < memory.byteSize(); at += cluster) {
      long part = Math.min(cluster, memory.byteSize() - at);
      if (settings.targetReadsZero() && IoVector.isZero(memory, at, part)) {
        continue;
      }
      target.write(offset + at, IoVector.of(memory.asSlice(at, part)), RequestFlags.COMPRESSED);
    }
  }

  /** Writes data as data and longer runs of zeroes as what costs no storage. */
  private void writeSparse(long offset, MemorySegment memory, ByteBuffer bytes)
      throws BlockException {
    long unit = settings.sparseBytes();
    long size = memory.byteSize();
    long start = 0;
    while (start < size) {
      long end = Math.min(size, unit - (offset + start) % unit + start);
      boolean zero = isZero(memory, bytes, start, end);
      while (end < size) {
        long next = Math.min(size, end + unit);
        if (isZero(memory, bytes, end, next) != zero) {
          break;
        }
        end = next;
      }
      if (zero) {
        writeZeroes(offset + start, end - start);
      } else {
        target.write(offset + start, IoVector.of(memory.asSlice(start, end - start)), 0);
      }
      start = end;
    }
  }

  /** Of data the first bytes mostly tell, which takes a tenth of the time. */
  private static boolean isZero(MemorySegment memory, ByteBuffer bytes, long start, long end) {
    return (end - start < Long.BYTES || bytes.getLong((int) start) == 0)
        && IoVector.isZero(memory, start, end - start);
  }
}
