// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.copy;

import dev.strata.block.BlockException;
import dev.strata.block.BufferPool;
import dev.strata.block.Extent;
import dev.strata.block.IoVector;
import dev.strata.block.StatusDetail;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.Edge;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Prepares an image for another backing file: where the image itself holds nothing, the old and the
 * new backing file are compared, and what differs is copied into the image. It then reads the same
 * above either.
 *
 * <p>A backing file is followed by zeroes without end. If the new backing file is a layer of the
 * old one's chain, only what the layers above it hold is compared.
 */
public final class BackingSwitch {
  private static final long PIECE = 2 << 20; // progress is told in these
  private static final long SLICE = 256 << 10; // two of these fit into a core's cache
  private static final int SECTOR = 512;

  /** Hears how far it is. */
  @FunctionalInterface
  public interface Listener {
    /**
     * A part has been compared.
     *
     * @param share of the whole image that a part of the greatest size is, from 0 to 1
     */
    void compared(double share);
  }

  private record Piece(long offset, long length) {}

  private final BlockBackend image;
  private final @Nullable BlockBackend oldBacking;
  private final @Nullable BlockBackend newBacking;
  private final @Nullable BlockNode common;
  private final int workers;
  private final Listener listener;
  private final long oldLength;
  private final long newLength;
  private long next; // guarded by this

  /**
   * A comparison that has not begun.
   *
   * @param oldBacking what the image stands on, or null if on nothing
   * @param newBacking what it is to stand on, or null for nothing
   * @param common the node of {@code newBacking} if it is a layer of the old chain, else null
   * @param workers how many threads compare at once, at least 1
   */
  public BackingSwitch(
      BlockBackend image,
      @Nullable BlockBackend oldBacking,
      @Nullable BlockBackend newBacking,
      @Nullable BlockNode common,
      int workers,
      Listener listener) {
    this.image = image;
    this.oldBacking = oldBacking;
    this.newBacking = newBacking;
    this.common = common;
    this.workers = workers;
    this.listener = listener;
    this.oldLength = oldBacking == null ? 0 : oldBacking.length();
    this.newLength = newBacking == null ? 0 : newBacking.length();
  }

  /** Copies what differs; on stable storage when this returns. */
  public void run() throws BlockException {
    Workers.run(workers, this::work);
    image.flush();
  }

  private void work(Workers all) throws BlockException {
    BlockNode node = image.node();
    try (BufferPool.Buffer one = node.graph().buffers().acquire(SLICE);
        BufferPool.Buffer two = node.graph().buffers().acquire(SLICE)) {
      double share =
          Math.max(image.length(), 1) / (double) Math.min(Math.max(image.length(), 1), PIECE);
      while (!all.hasFailed()) {
        Piece piece = next();
        if (piece == null) {
          return;
        }
        compare(piece, one.segment(), two.segment());
        listener.compared(1 / Math.ceil(share));
      }
    }
  }

  /** The next piece that the image does not hold itself and that may differ, or null at the end. */
  private synchronized @Nullable Piece next() throws BlockException {
    long total = image.length();
    Edge below = image.node().skipFilters().backing();
    while (next < total) {
      long length = Math.min(total - next, PIECE);
      Extent own =
          image
              .statusAbove(
                  below == null ? null : below.node(), next, length, StatusDetail.ALLOCATION)
              .extent();
      length = own.length();
      if (own.allocated()) {
        next += length;
        continue;
      }
      if (next < oldLength && oldBacking != null) {
        length = Math.min(length, oldLength - next);
        if (common != null) {
          length = heldAbove(oldBacking, common, next, length);
          if (length < 0) {
            next -= length;
            continue;
          }
        }
      }
      if (next < newLength) {
        length = Math.min(length, newLength - next);
      }
      var piece = new Piece(next, length);
      next += length;
      return piece;
    }
    return null;
  }

  /** How many bytes layers above {@code base} hold, or, negative, how many they do not. */
  private static long heldAbove(BlockBackend top, BlockNode base, long offset, long length)
      throws BlockException {
    if (top.node().skipFilters() == base.skipFilters()) {
      return -length;
    }
    Extent extent = top.statusAbove(base, offset, length, StatusDetail.ALLOCATION).extent();
    return extent.allocated() ? extent.length() : -extent.length();
  }

  private void compare(Piece piece, MemorySegment one, MemorySegment two) throws BlockException {
    long end = piece.offset() + piece.length();
    long at = piece.offset();
    while (at < end) {
      Extent before = status(oldBacking, oldLength, at, end - at);
      Extent after = status(newBacking, newLength, at, before.length());
      long run = after.length();
      if (!before.zero() || !after.zero()) {
        for (long done = 0; done < run; ) {
          long part = Math.min(run - done, SLICE - (at + done & (SLICE - 1)));
          MemorySegment old = one.asSlice(0, part);
          MemorySegment now = two.asSlice(0, part);
          read(oldBacking, before, at + done, old);
          read(newBacking, after, at + done, now);
          copyDifferences(at + done, old, now);
          done += part;
        }
      }
      at += run;
    }
  }

  private static Extent status(
      @Nullable BlockBackend backing, long backingLength, long offset, long length)
      throws BlockException {
    return backing == null || offset >= backingLength
        ? new Extent(offset, length, false, true, false, false, null, -1, false)
        : backing.statusAbove(null, offset, length, StatusDetail.ZEROES).extent();
  }

  private static void read(
      @Nullable BlockBackend backing, Extent extent, long offset, MemorySegment into)
      throws BlockException {
    if (backing == null || extent.zero()) {
      into.fill((byte) 0);
    } else {
      backing.read(offset, IoVector.of(into), 0);
    }
  }

  private void copyDifferences(long offset, MemorySegment old, MemorySegment now)
      throws BlockException {
    long size = old.byteSize();
    long at = 0;
    while (at < size) {
      long mismatch = MemorySegment.mismatch(old, at, size, now, at, size);
      if (mismatch < 0) {
        return;
      }
      long start = (at + mismatch) / SECTOR * SECTOR;
      long end = Math.min(start + SECTOR, size);
      while (end < size && differs(old, now, end, Math.min(end + SECTOR, size))) {
        end = Math.min(end + SECTOR, size);
      }
      if (offset >= oldLength) {
        image.writeZeroes(offset + start, end - start, 0);
      } else {
        image.write(offset + start, IoVector.of(old.asSlice(start, end - start)), 0);
      }
      at = end;
    }
  }

  private static boolean differs(MemorySegment old, MemorySegment now, long from, long to) {
    return MemorySegment.mismatch(old, from, to, now, from, to) >= 0;
  }
}
