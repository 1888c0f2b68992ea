// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.http;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * Asks for more than small reads need, and keeps the pieces that came last: what they read next is
 * probably in one of them. Thread-safe; whoever needs a piece that is on its way waits for it.
 */
final class ReadAhead {
  /** Where pieces come from. */
  @FunctionalInterface
  interface Source {
    /** Fills {@code into} with the file's bytes from {@code offset} on. */
    void read(long offset, MemorySegment into) throws BlockException;
  }

  /** Of all pieces together, in bytes. */
  private static final long MAX_KEPT = 16 << 20;

  private static final int MAX_PIECES = 8;

  private final Source source;
  private final long length;
  private final int pieceSize;
  private final int maxPieces;
  private final ArrayDeque<Piece> pieces = new ArrayDeque<>(); // guarded by this; latest first

  private record Piece(long offset, byte[] bytes, CompletableFuture<Void> arrival) {
    boolean holds(long at) {
      return at >= offset && at < offset + bytes.length;
    }
  }

  /**
   * Nothing is kept yet.
   *
   * @param length of the file
   * @param size of a piece, in bytes; bounded here
   */
  ReadAhead(Source source, long length, long size) {
    this.source = source;
    this.length = length;
    this.pieceSize = (int) Math.clamp(size, 0, MAX_KEPT);
    this.maxPieces = pieceSize == 0 ? 0 : Math.clamp(MAX_KEPT / pieceSize, 1, MAX_PIECES);
  }

  /** Fills {@code into} with bytes from {@code offset} on, all of which are in the file. */
  void read(long offset, MemorySegment into) throws BlockException {
    if (into.byteSize() >= pieceSize) {
      source.read(offset, into);
      return;
    }
    long done = 0;
    while (done < into.byteSize()) {
      long at = offset + done;
      Piece piece = piece(at);
      int within = (int) (at - piece.offset);
      int run = (int) Math.min(into.byteSize() - done, piece.bytes.length - within);
      MemorySegment.copy(MemorySegment.ofArray(piece.bytes), within, into, done, run);
      done += run;
    }
  }

  /** The piece that holds the byte at {@code offset}, when it has arrived. */
  private Piece piece(long offset) throws BlockException {
    Piece piece;
    boolean isNew;
    synchronized (this) {
      Piece kept = takeKept(offset);
      isNew = kept == null;
      piece = kept == null ? added(offset) : kept;
      pieces.addFirst(piece);
    }
    if (isNew) {
      load(piece);
      return piece;
    }
    try {
      piece.arrival.join();
      return piece;
    } catch (CompletionException e) {
      if (e.getCause() instanceof BlockException cause) {
        throw BlockException.of(cause.errno()).causedBy(cause);
      }
      throw e;
    }
  }

  /** Takes the piece that holds the byte at {@code offset} out of those kept; null for none. */
  private @Nullable Piece takeKept(long offset) {
    for (Iterator<Piece> all = pieces.iterator(); all.hasNext(); ) {
      Piece each = all.next();
      if (each.holds(offset)) {
        all.remove();
        return each;
      }
    }
    return null;
  }

  /** A piece that begins at {@code offset}, for which there is room. */
  private Piece added(long offset) {
    if (pieces.size() >= maxPieces) {
      pieces.removeLast();
    }
    int size = (int) Math.min(pieceSize, length - offset);
    return new Piece(offset, new byte[size], new CompletableFuture<>());
  }

  private void load(Piece piece) throws BlockException {
    boolean loaded = false;
    try {
      source.read(piece.offset, MemorySegment.ofArray(piece.bytes));
      piece.arrival.complete(null);
      loaded = true;
    } catch (BlockException e) {
      piece.arrival.completeExceptionally(e);
      throw e;
    } finally {
      if (!loaded) {
        synchronized (this) {
          pieces.remove(piece);
        }
        piece.arrival.completeExceptionally(BlockException.of(Errno.EIO));
      }
    }
  }
}
