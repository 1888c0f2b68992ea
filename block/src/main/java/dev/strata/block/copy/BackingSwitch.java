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
import java.util.Arrays;
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
  private static final long SLICE = 256 << 10; // compared while still in a core's cache
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

  private final BlockBackend image;
  private final @Nullable BlockBackend oldBacking;
  private final @Nullable BlockBackend newBacking;
  private final @Nullable BlockNode common;
  private final int workers;
  private final Listener listener;
  private final long oldLength;
  private final long newLength;

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
    OrderedPieces.run(workers, new Pieces(), new Steps());
    image.flush();
  }

  /** What the old backing file has, and where the new one has something else. */
  private static final class Compared extends PieceSlot {
    final Differences differences = new Differences();

    Compared(BufferPool buffers, long maxPiece) {
      super(buffers, maxPiece);
    }
  }

  private final class Steps implements OrderedPieces.Steps<Compared> {
    private final BufferPool buffers = image.node().graph().buffers();
    private final long piece = Math.min(Math.max(image.length(), 1), PIECE);
    private final double share = 1 / Math.ceil(Math.max(image.length(), 1) / (double) piece);

    @Override
    public Compared slot() {
      return new Compared(buffers, piece);
    }

    @Override
    public void read(Compared slot) throws BlockException {
      slot.differences.clear();
      try (BufferPool.Buffer now = buffers.acquire(SLICE)) {
        compare(slot.piece(), slot.memory(), now.segment(), slot.differences);
      }
    }

    @Override
    public void write(Compared slot) throws BlockException {
      BackingSwitch.this.write(slot.piece().offset(), slot.memory(), slot.differences);
      listener.compared(share);
    }
  }

  /** Runs of bytes of a piece, in their order; those that touch are one. */
  private static final class Differences {
    private long[] bounds = new long[16]; // where each run begins and ends
    private int count;

    void clear() {
      count = 0;
    }

    void add(long from, long to) {
      if (count > 0 && bounds[count - 1] == from) {
        bounds[count - 1] = to;
        return;
      }
      if (count == bounds.length) {
        bounds = Arrays.copyOf(bounds, count * 2);
      }
      bounds[count++] = from;
      bounds[count++] = to;
    }
  }

  /** What the image does not hold itself and may differ. */
  private final class Pieces implements Piece.Source {
    private long next; // guarded by this
    private long numbered; // guarded by this

    @Override
    public long maxPiece() {
      return PIECE;
    }

    @Override
    public synchronized @Nullable Piece next() throws BlockException {
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
        var piece = new Piece(numbered++, next, length, false, true);
        next += length;
        return piece;
      }
      return null;
    }
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

  /** Reads the piece as the old backing file has it, and finds what the new one has otherwise. */
  private void compare(Piece piece, MemorySegment old, MemorySegment now, Differences found)
      throws BlockException {
    for (long at = 0; at < piece.length(); ) {
      long offset = piece.offset() + at;
      Extent before = status(oldBacking, oldLength, offset, piece.length() - at);
      Extent after = status(newBacking, newLength, offset, before.length());
      long run = after.length();
      for (long done = 0; done < run && !(before.zero() && after.zero()); ) {
        long part = Math.min(run - done, SLICE - (offset + done & (SLICE - 1)));
        MemorySegment one = old.asSlice(at + done, part);
        MemorySegment two = now.asSlice(0, part);
        read(oldBacking, before, offset + done, one);
        read(newBacking, after, offset + done, two);
        compare(at + done, one, two, found);
        done += part;
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

  private static void compare(long start, MemorySegment old, MemorySegment now, Differences found) {
    long size = old.byteSize();
    for (long at = 0; at < size; ) {
      long mismatch = MemorySegment.mismatch(old, at, size, now, at, size);
      if (mismatch < 0) {
        return;
      }
      long from = (at + mismatch) / SECTOR * SECTOR;
      long to = Math.min(from + SECTOR, size);
      while (to < size && differs(old, now, to, Math.min(to + SECTOR, size))) {
        to = Math.min(to + SECTOR, size);
      }
      found.add(start + from, start + to);
      at = to;
    }
  }

  private void write(long offset, MemorySegment old, Differences found) throws BlockException {
    for (int i = 0; i < found.count; i += 2) {
      long from = found.bounds[i];
      long length = found.bounds[i + 1] - from;
      if (offset >= oldLength) {
        zero(offset + from, old.asSlice(from, length));
      } else {
        image.write(offset + from, IoVector.of(old.asSlice(from, length)), 0);
      }
    }
  }

  /**
   * Has the image itself say that there are zeroes. A format that cannot say so takes a request for
   * zeroes as done where nothing is stored: above the new backing file, that would not be true.
   */
  private void zero(long offset, MemorySegment zeroes) throws BlockException {
    long length = zeroes.byteSize();
    image.writeZeroes(offset, length, 0);
    Edge below = image.node().skipFilters().backing();
    for (long at = 0; at < length; ) {
      Extent own =
          image
              .statusAbove(
                  below == null ? null : below.node(),
                  offset + at,
                  length - at,
                  StatusDetail.ALLOCATION)
              .extent();
      if (!own.allocated()) {
        image.write(offset + at, IoVector.of(zeroes.asSlice(at, own.length())), 0);
      }
      at += own.length();
    }
  }

  private static boolean differs(MemorySegment old, MemorySegment now, long from, long to) {
    return MemorySegment.mismatch(old, from, to, now, from, to) >= 0;
  }
}
