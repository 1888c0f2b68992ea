// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.copy;

import dev.strata.block.BlockException;
import dev.strata.block.IoVector;
import dev.strata.block.RequestFlags;
import dev.strata.block.graph.BlockBackend;
import java.lang.foreign.MemorySegment;

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
   * @param memory its bytes, unless it is zeroes
   */
  void write(Piece piece, MemorySegment memory) throws BlockException {
    try {
      if (piece.zero()) {
        writeZeroes(piece.offset(), piece.length());
      } else if (settings.compressedCluster() > 0) {
        writeCompressed(piece.offset(), memory);
      } else if (settings.sparseBytes() == 0) {
        target.write(piece.offset(), IoVector.of(memory), 0);
      } else {
        writeSparse(piece.offset(), memory);
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
  private void writeSparse(long offset, MemorySegment memory) throws BlockException {
    long unit = settings.sparseBytes();
    long size = memory.byteSize();
    long start = 0;
    while (start < size) {
      boolean zero = isZeroUnit(memory, offset, start, unit);
      long end = unitEnd(offset, start, unit, size);
      while (end < size && isZeroUnit(memory, offset, end, unit) == zero) {
        end = unitEnd(offset, end, unit, size);
      }
      if (zero) {
        writeZeroes(offset + start, end - start);
      } else {
        target.write(offset + start, IoVector.of(memory.asSlice(start, end - start)), 0);
      }
      start = end;
    }
  }

  private static long unitEnd(long offset, long at, long unit, long size) {
    return Math.min(size, (offset + at) / unit * unit + unit - offset);
  }

  private static boolean isZeroUnit(MemorySegment memory, long offset, long at, long unit) {
    return IoVector.isZero(memory, at, unitEnd(offset, at, unit, memory.byteSize()) - at);
  }
}
