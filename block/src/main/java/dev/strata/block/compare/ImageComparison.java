// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.compare;

import dev.strata.block.BlockException;
import dev.strata.block.BufferPool;
import dev.strata.block.Extent;
import dev.strata.block.IoVector;
import dev.strata.block.ProgressListener;
import dev.strata.block.StatusDetail;
import dev.strata.block.Workers;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.ChainWalk;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Compares what two images read as, on several threads. What both say to be zeroes is not read. The
 * first difference or failure by offset counts, whatever thread is the first to see one.
 *
 * <p>Memory: two buffers of 256 KiB for each thread. One comparison is one thread's.
 */
public final class ImageComparison {
  private static final long MAX_STATUS = 1L << 30;
  private static final int SECTOR = 512;

  /** So that what was read of both images fits a core's cache. */
  private static final long PIECE = 256 << 10;

  /** What a thread more has to have to do, in bytes. */
  private static final long SHARE = 16 << 20;

  /** As often as the reference tells of progress, in bytes. */
  private static final long STEP = 2 << 20;

  private final BlockBackend first;
  private final BlockBackend second;
  private final ChainWalk firstWalk; // guarded by this, as the next one
  private final ChainWalk secondWalk;
  private final boolean strict;
  private final int workers;
  private final ProgressListener progress;
  private final long total;
  private long next; // all guarded by this
  private long end;
  private long runStart;
  private long runEnd;
  private boolean firstZero;
  private boolean secondZero;
  private long done;
  private long foundAt;
  private @Nullable Finding found;

  /** A part that has to be read. */
  private record Piece(
      long offset, long length, boolean firstZero, boolean secondZero, long progress) {}

  /** Why the images are not alike; {@link Failed} if that could not be found out. */
  public sealed interface Finding {}

  /** Their bytes differ in the sector at {@code offset}. */
  public record Content(long offset) implements Finding {}

  /** Their block status differs from {@code offset} on. */
  public record Allocation(long offset) implements Finding {}

  /**
   * An image could not be read.
   *
   * @param reading whether its bytes could not; else its block status
   */
  public record Failed(BlockBackend image, long offset, boolean reading, BlockException reason)
      implements Finding {}

  private static final class FailedException extends Exception {
    private static final long serialVersionUID = 1L;
    private final transient Failed failed;

    FailedException(BlockBackend image, long offset, boolean reading, BlockException reason) {
      super(reason);
      this.failed = new Failed(image, offset, reading, reason);
    }
  }

  /**
   * A comparison that has not begun.
   *
   * @param strict whether block status has to be alike too
   * @param workers how many threads read at once, at least 1
   */
  public ImageComparison(
      BlockBackend first,
      BlockBackend second,
      boolean strict,
      int workers,
      ProgressListener progress) {
    this.first = first;
    this.second = second;
    this.strict = strict;
    this.workers = workers;
    this.progress = progress;
    this.total = Math.max(first.length(), second.length());
    this.firstWalk = new ChainWalk(first, null, StatusDetail.ZEROES);
    this.secondWalk = new ChainWalk(second, null, StatusDetail.ZEROES);
  }

  /** Compares the bytes that both images have; null if those are alike. */
  public @Nullable Finding common() throws BlockException {
    return compare(0, Math.min(first.length(), second.length()));
  }

  /** Looks whether what only the longer image has is zeroes; null if it is. */
  public @Nullable Finding rest() throws BlockException {
    return compare(Math.min(first.length(), second.length()), total);
  }

  private @Nullable Finding compare(long from, long to) throws BlockException {
    synchronized (this) {
      next = from;
      end = to;
      runEnd = from;
      foundAt = to;
      found = null;
    }
    int threads = Math.clamp((to - from) / SHARE, 1, workers);
    Workers.run("compare", threads, all -> work());
    synchronized (this) {
      return found;
    }
  }

  private void work() {
    BufferPool buffers = first.node().graph().buffers();
    try (BufferPool.Buffer one = buffers.acquire(PIECE);
        BufferPool.Buffer two = buffers.acquire(PIECE)) {
      for (Piece piece = next(); piece != null; piece = next()) {
        long mismatch = mismatch(piece, one.segment(), two.segment());
        if (mismatch >= 0) {
          long at = piece.offset + mismatch / SECTOR * SECTOR;
          find(at, new Content(at));
        } else if (piece.progress > 0) {
          advance(piece.progress);
        }
      }
    } catch (FailedException e) {
      find(e.failed.offset, e.failed);
    }
  }

  private synchronized void find(long offset, Finding finding) {
    if (found == null || offset < foundAt) {
      foundAt = offset;
      found = finding;
    }
  }

  private synchronized void advance(long bytes) {
    done += bytes;
    progress.progress(done, total);
  }

  /** The next piece before whatever was found, or null. */
  private synchronized @Nullable Piece next() throws FailedException {
    while (next < foundAt && next < end) {
      if (next >= runEnd) {
        findRun();
        if (found != null && next >= foundAt) {
          return null;
        }
      }
      long start = next;
      if (firstZero && secondZero) {
        next = runEnd;
        advance(runEnd - start);
        continue;
      }
      next = Math.min(runEnd, start + PIECE);
      long inRun = next - runStart;
      boolean step = next == runEnd || inRun % STEP == 0;
      long told = inRun % STEP == 0 ? STEP : inRun % STEP;
      return new Piece(start, next - start, firstZero, secondZero, step ? told : 0);
    }
    return null;
  }

  private void findRun() throws FailedException {
    long left = Math.min(end - next, MAX_STATUS);
    Extent one = status(first, firstWalk, left);
    Extent two = status(second, secondWalk, one == null ? left : one.length());
    runStart = next;
    runEnd = next + (two != null ? two.length() : one != null ? one.length() : left);
    firstZero = one == null || one.zero();
    secondZero = two == null || two.zero();
    if (strict && one != null && two != null && !isAlike(one, two)) {
      find(next, new Allocation(next));
    }
  }

  /** Null behind the image's end, where it reads as zeroes. */
  private @Nullable Extent status(BlockBackend image, ChainWalk walk, long length)
      throws FailedException {
    long left = Math.min(length, image.length() - next);
    if (left <= 0) {
      return null;
    }
    try {
      return walk.at(next, left).extent();
    } catch (BlockException e) {
      throw new FailedException(image, next, false, e);
    }
  }

  private static boolean isAlike(Extent one, Extent two) {
    return one.data() == two.data()
        && one.zero() == two.zero()
        && one.allocated() == two.allocated()
        && one.compressed() == two.compressed()
        && one.hasPlace() == two.hasPlace()
        && one.end() == two.end();
  }

  /** Where in the piece the images differ, in bytes; -1 if they do not. */
  private long mismatch(Piece piece, MemorySegment one, MemorySegment two) throws FailedException {
    MemorySegment x = one.asSlice(0, piece.length);
    MemorySegment y = two.asSlice(0, piece.length);
    if (piece.firstZero) {
      read(second, piece.offset, y);
      return firstNonZero(y);
    }
    read(first, piece.offset, x);
    if (piece.secondZero) {
      return firstNonZero(x);
    }
    read(second, piece.offset, y);
    return x.mismatch(y);
  }

  private static void read(BlockBackend image, long offset, MemorySegment into)
      throws FailedException {
    try {
      image.read(offset, IoVector.of(into), 0);
    } catch (BlockException e) {
      throw new FailedException(image, offset, true, e);
    }
  }

  private static long firstNonZero(MemorySegment memory) {
    if (IoVector.isZero(memory)) {
      return -1;
    }
    long at = 0;
    while (IoVector.isZero(memory, at, Math.min(SECTOR, memory.byteSize() - at))) {
      at += SECTOR;
    }
    return at;
  }
}
