// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.copy;

import dev.strata.block.BlockException;
import dev.strata.block.Extent;
import dev.strata.block.StatusDetail;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.ChainWalk;
import dev.strata.block.graph.Edge;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Walks over the sources and hands out what is to be copied, piece by piece. Thread-safe. */
final class CopyPlan implements Piece.Source {
  /** What long runs are divided into: still in a core's cache when it is written. */
  private static final long USUAL_PIECE = 512 << 10;

  /** The most bytes of one piece, and so of one buffer: shorter runs are not divided. */
  static final long MAX_PIECE = 2 * USUAL_PIECE;

  private static final long MAX_STATUS = 1L << 30;

  /** As often as the reference tells of progress, in bytes. */
  private static final long STEP = 2 << 20;

  private final List<BlockBackend> sources;
  private final CopySettings settings;
  private final Consumer<String> warnings;
  private final long total;
  private final long maxPiece;
  private long next; // all guarded by this
  private long numbered;
  private long runEnd;
  private boolean runIsData;
  private boolean runIsZero;
  private @Nullable ChainWalk walk; // over the source of that index
  private int walked;

  /**
   * A plan that has not begun.
   *
   * @param warnings hears of each part whose status could not be read, when that is no failure
   */
  CopyPlan(List<BlockBackend> sources, CopySettings settings, Consumer<String> warnings) {
    this.warnings = warnings;
    this.sources = sources;
    this.settings = settings;
    long sum = 0;
    for (BlockBackend source : sources) {
      sum += source.length();
    }
    this.total = sum;
    long cluster = settings.compressedCluster();
    this.maxPiece = cluster > 0 ? Math.max(cluster, 65536) : MAX_PIECE;
  }

  long total() {
    return total;
  }

  @Override
  public long maxPiece() {
    return maxPiece;
  }

  /** The source with that byte, and where in it the byte lies. */
  int sourceAt(long offset) {
    int index = 0;
    while (index < sources.size() - 1 && offset >= sources.get(index).length()) {
      offset -= sources.get(index).length();
      index++;
    }
    return index;
  }

  /** Where the source of that index begins in the target. */
  long startOf(int index) {
    long start = 0;
    for (int i = 0; i < index; i++) {
      start += sources.get(i).length();
    }
    return start;
  }

  /** The next piece that has to be written, or null at the end. */
  @Override
  public synchronized @Nullable Piece next() throws BlockException {
    while (next < total) {
      if (next >= runEnd) {
        findRun();
      }
      long left = runEnd - next;
      boolean skip = runIsZero ? settings.targetReadsZero() : !runIsData;
      if (settings.sparseBytes() == 0 && runIsZero) {
        skip = false;
      }
      long cluster = settings.compressedCluster();
      if (cluster > 0) {
        // Compressed clusters are whole: one that has any data is copied as data.
        if (skip && left >= cluster) {
          next += left & -cluster;
          continue;
        }
        if (runIsZero && settings.sparseBytes() > 0 && left >= cluster) {
          return piece(left & -cluster, true);
        }
        long length = Math.min(skip ? cluster : maxPiece & -cluster, total - next);
        if (!skip) {
          long whole = (left + cluster - 1) & -cluster;
          length = Math.min(length, whole);
        }
        return piece(length, false);
      }
      if (skip) {
        next = runEnd;
        continue;
      }
      boolean zero = runIsZero && settings.sparseBytes() > 0;
      return piece(zero ? left : pieceLength(next, left), zero);
    }
    return null;
  }

  /** How long the next piece of a run of data is, of which so much is left. */
  static long pieceLength(long start, long left) {
    return left <= MAX_PIECE ? left : USUAL_PIECE - (start & (USUAL_PIECE - 1));
  }

  /** How many bytes are to be copied as data; walks over everything. */
  long dataBytes() throws BlockException {
    long bytes = 0;
    for (Piece piece = next(); piece != null; piece = next()) {
      bytes += piece.zero() ? 0 : piece.length();
    }
    return bytes;
  }

  private Piece piece(long length, boolean zero) {
    long start = next;
    next += Math.min(length, total - next);
    boolean step = next >= runEnd || start / STEP != next / STEP;
    return new Piece(numbered++, start, next - start, zero, step);
  }

  private void findRun() throws BlockException {
    int index = sourceAt(next);
    long start = startOf(index);
    BlockBackend source = sources.get(index);
    long offset = next - start;
    long length = Math.min(source.length() - offset, MAX_STATUS);
    boolean beyondBacking = false;
    if (settings.backingLength() >= 0) {
      if (next >= settings.backingLength()) {
        beyondBacking = true;
      } else {
        length = Math.min(length, settings.backingLength() - next);
      }
    }
    Extent extent;
    try {
      extent = walk(index).at(offset, length).extent();
    } catch (BlockException e) {
      if (!settings.salvage()) {
        throw e.during("error while reading block status at offset " + next);
      }
      warnings.accept(
          "warning: error while reading block status at offset " + next + ": " + e.getMessage());
      extent = Extent.data(offset, Math.min(length, 512), null, -1);
    }
    runEnd = next + extent.length();
    runIsZero = extent.zero();
    runIsData = !extent.zero() && (extent.allocated() || !settings.topLayerOnly());
    if (settings.backingLength() >= 0 && !beyondBacking) {
      // Zeroes over the target's backing file have to be written; what it holds too is left out.
      return;
    }
    if (beyondBacking && !runIsData) {
      runIsZero = false; // a hole behind the backing file's end reads as zeroes by itself
    }
  }

  private ChainWalk walk(int index) {
    ChainWalk begun = walk;
    if (begun == null || walked != index) {
      BlockBackend source = sources.get(index);
      BlockNode base = settings.topLayerOnly() ? below(source) : null;
      begun = new ChainWalk(source, base, StatusDetail.ZEROES);
      walk = begun;
      walked = index;
    }
    return begun;
  }

  private static @Nullable BlockNode below(BlockBackend source) {
    Edge backing = source.node().skipFilters().backing();
    return backing == null ? null : backing.node();
  }
}
