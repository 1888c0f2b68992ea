// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.copy;

import dev.strata.block.BlockException;
import dev.strata.block.IoVector;
import dev.strata.block.graph.BlockBackend;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.Consumer;

/** Reads pieces of the sources. Thread-safe. */
final class PieceReader {
  private static final int SECTOR = 512;

  private final List<BlockBackend> sources;
  private final CopyPlan plan;
  private final CopySettings settings;
  private final Consumer<String> warnings;

  PieceReader(
      List<BlockBackend> sources, CopyPlan plan, CopySettings settings, Consumer<String> warnings) {
    this.sources = sources;
    this.plan = plan;
    this.settings = settings;
    this.warnings = warnings;
  }

  /** Fills {@code memory} with the bytes of a piece that is not zeroes. */
  void read(Piece piece, MemorySegment memory) throws BlockException {
    long done = 0;
    while (done < piece.length()) {
      int index = plan.sourceAt(piece.offset() + done);
      BlockBackend source = sources.get(index);
      long offset = piece.offset() + done - plan.startOf(index);
      long part = Math.min(piece.length() - done, source.length() - offset);
      IoVector into = IoVector.of(memory.asSlice(done, part));
      try {
        source.read(offset, into, 0);
      } catch (BlockException e) {
        if (!settings.salvage()) {
          throw e.during("error while reading at byte " + (piece.offset() + done));
        }
        salvage(source, offset, into, piece.offset() + done);
      }
      done += part;
    }
  }

  /** Reads sector by sector; what cannot be read becomes zeroes. */
  private void salvage(BlockBackend source, long offset, IoVector into, long targetOffset) {
    for (long at = 0; at < into.length(); at += SECTOR) {
      IoVector sector = into.slice(at, Math.min(SECTOR, into.length() - at));
      try {
        source.read(offset + at, sector, 0);
      } catch (BlockException e) {
        warnings.accept(
            "warning: error while reading offset " + (targetOffset + at) + ": " + e.getMessage());
        sector.fill((byte) 0);
      }
    }
  }
}
