// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.copy;

import dev.strata.block.BlockException;
import dev.strata.block.Extent;
import dev.strata.block.IoVector;
import dev.strata.block.Preallocation;
import dev.strata.block.ProgressListener;
import dev.strata.block.RequestFlags;
import dev.strata.block.StatusDetail;
import dev.strata.block.driver.Permission;
import dev.strata.block.driver.Permissions;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockGraph;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.ChainWalk;
import dev.strata.block.graph.Edge;
import dev.strata.block.throttle.ThrottleGroup;
import java.util.EnumSet;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Moves what the upper layers of a backing chain hold down into one of the layers below, which then
 * reads as the top does.
 *
 * <pre>
 *   top ──▶ … ──▶ base ──▶ …        read from the top where a layer above base holds the bytes
 *    └──── copied ──▲
 * </pre>
 *
 * <p>The layers between are left as they are; what they show is not to be trusted afterwards.
 */
public final class LayerCommit implements AutoCloseable {
  private static final long STEP = 1 << 20; // progress is told in these
  private static final long MAX_STATUS = 1L << 30;

  private final BlockBackend top;
  private final BlockNode base;
  private final BlockBackend target;
  private final boolean wasWritable;
  private final int workers;
  private final ProgressListener progress;
  private final AtomicLong done = new AtomicLong();

  private LayerCommit(
      BlockBackend top,
      BlockNode base,
      BlockBackend target,
      boolean wasWritable,
      int workers,
      ProgressListener progress) {
    this.top = top;
    this.base = base;
    this.target = target;
    this.wasWritable = wasWritable;
    this.workers = workers;
    this.progress = progress;
  }

  /**
   * Prepares a commit: the base can be written until {@link #close}.
   *
   * @param top the upper end of the chain; belongs to the caller
   * @param base a layer below the top
   * @param workers how many threads read and write at once, at least 1
   * @param bytesPerSecond the most that is written in a second; 0 for no limit
   * @throws BlockException if the base cannot be written
   */
  public static LayerCommit prepare(
      BlockBackend top, BlockNode base, int workers, long bytesPerSecond, ProgressListener progress)
      throws BlockException {
    BlockGraph graph = base.graph();
    boolean wasWritable = base.flags().writable();
    if (!wasWritable) {
      graph.makeWritable(base, true);
    }
    try {
      BlockBackend target = graph.use(base, "", permissions());
      target.throttle(ThrottleGroup.ofWrites(bytesPerSecond));
      return new LayerCommit(top, base, target, wasWritable, workers, progress);
    } catch (BlockException e) {
      if (!wasWritable) {
        graph.makeWritable(base, false);
      }
      throw e;
    }
  }

  /**
   * Copies everything, on stable storage when this returns. The base becomes as large as the top if
   * it is smaller.
   */
  public void run() throws BlockException {
    grow();
    OrderedPieces.run(workers, new Pieces(), new Steps());
    target.flush();
  }

  /** Gives the base up; it is read-only again if it was before. */
  @Override
  public void close() throws BlockException {
    try (target) {
      target.change(Permissions.NONE);
      if (!wasWritable) {
        base.graph().makeWritable(base, false);
      }
    }
  }

  private static Permissions permissions() {
    return new Permissions(
        EnumSet.of(Permission.CONSISTENT_READ, Permission.WRITE, Permission.RESIZE),
        EnumSet.allOf(Permission.class));
  }

  /** What is new reads as zeroes, as behind the end of a short backing file. */
  private void grow() throws BlockException {
    long old = target.length();
    if (top.length() <= old) {
      return;
    }
    Edge below = base.skipFilters().backing();
    boolean shinesThrough = below != null && below.node().length() > old;
    target.truncate(
        top.length(), false, Preallocation.OFF, shinesThrough ? RequestFlags.ZERO_GROWN : 0);
  }

  private final class Steps implements OrderedPieces.Steps<PieceSlot> {
    @Override
    public PieceSlot slot() {
      return new PieceSlot(base.graph().buffers(), CopyPlan.MAX_PIECE);
    }

    @Override
    public void read(PieceSlot slot) throws BlockException {
      top.read(slot.piece().offset(), IoVector.of(slot.memory()), 0);
    }

    @Override
    public void write(PieceSlot slot) throws BlockException {
      Piece piece = slot.piece();
      if (piece.zero()) {
        target.writeZeroes(piece.offset(), piece.length(), RequestFlags.MAY_UNMAP);
      } else {
        target.write(piece.offset(), IoVector.of(slot.memory()), 0);
      }
      tell(piece.length(), piece.step());
    }
  }

  private void tell(long bytes, boolean step) {
    long so = done.addAndGet(bytes);
    if (step) {
      progress.progress(so, top.length());
    }
  }

  /** What the layers above the base hold. */
  private final class Pieces implements Piece.Source {
    private long next; // all guarded by this
    private long numbered;
    private long runEnd;
    private boolean runIsZero;
    private final ChainWalk walk = new ChainWalk(top, base, StatusDetail.ZEROES);

    @Override
    public long maxPiece() {
      return CopyPlan.MAX_PIECE;
    }

    @Override
    public synchronized @Nullable Piece next() throws BlockException {
      long total = top.length();
      while (next < total) {
        if (next >= runEnd) {
          Extent extent = walk.at(next, Math.min(total - next, MAX_STATUS)).extent();
          if (!extent.allocated()) {
            next += extent.length();
            tell(extent.length(), true);
            continue;
          }
          runEnd = next + extent.length();
          runIsZero = extent.zero();
        }
        long start = next;
        long left = runEnd - start;
        next += runIsZero ? left : CopyPlan.pieceLength(start, left);
        boolean step = next == runEnd || start / STEP != next / STEP;
        return new Piece(numbered++, start, next - start, runIsZero, step);
      }
      return null;
    }
  }
}
