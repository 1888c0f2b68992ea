// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.copy;

import dev.strata.block.BlockException;
import dev.strata.block.IoVector;
import dev.strata.block.RequestFlags;
import dev.strata.block.Workers;
import dev.strata.block.graph.BlockBackend;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * Copies images, one behind the other, into another: what reads as zeroes is not moved, reads and
 * writes overlap on several threads.
 *
 * <pre>
 *   in order:   status ──▶ pieces ──▶ read, read, … ──▶ ring ──▶ write
 *   otherwise:  status ──▶ pieces ──▶ read ─ write
 *                               └───▶ read ─ write
 * </pre>
 *
 * <p>Memory: a few buffers of 512 KiB, or of one cluster to compress, whatever the images' size.
 */
public final class ImageCopy {
  private static final int SECTOR = 512;

  private final List<BlockBackend> sources;
  private final BlockBackend target;
  private final CopySettings settings;
  private final Consumer<String> warnings;
  private final CopyPlan plan;
  private final AtomicLong copied = new AtomicLong();
  private volatile long expected = -1; // bytes of data, once somebody wants to know
  private volatile boolean offload;

  /**
   * A copy that has not begun.
   *
   * @param sources at least one; the target's bytes are theirs in that order
   * @param warnings hears what was salvaged, a line each
   */
  public ImageCopy(
      List<BlockBackend> sources,
      BlockBackend target,
      CopySettings settings,
      Consumer<String> warnings) {
    this.sources = List.copyOf(sources);
    this.target = target;
    this.settings = settings;
    this.warnings = warnings;
    this.plan = new CopyPlan(this.sources, settings, warnings);
    this.offload = settings.offload();
  }

  /** Copies everything; the target is not flushed. */
  public void run() throws BlockException {
    // Salvaging tells of what cannot be read before it copies, too, as the reference does.
    if (settings.progress().isWatched() || settings.salvage()) {
      expect();
    }
    if (settings.inOrder()) {
      OrderedPieces.run(settings.workers(), plan, new Steps());
    } else {
      Workers.run("copy", settings.workers(), this::work);
    }
  }

  private PieceSlot slot() {
    return new PieceSlot(target.node().graph().buffers(), plan.maxPiece());
  }

  private final class Steps implements OrderedPieces.Steps<PieceSlot> {
    @Override
    public PieceSlot slot() {
      return ImageCopy.this.slot();
    }

    @Override
    public void read(PieceSlot slot) throws BlockException {
      if (!offload) {
        load(slot);
      }
    }

    @Override
    public void write(PieceSlot slot) throws BlockException {
      copy(slot);
    }
  }

  private void work(Workers all) throws BlockException {
    try (PieceSlot slot = slot()) {
      while (!all.hasFailed()) {
        // One that was taken is tried, whoever fails meanwhile: the first place that fails is told.
        Piece piece = plan.next();
        if (piece == null) {
          return;
        }
        slot.take(piece);
        try {
          copy(slot);
        } catch (BlockException e) {
          all.fail(e, piece.offset());
        }
      }
    }
  }

  /** Has the slot's piece written; the host may do that without the bytes. */
  private void copy(PieceSlot slot) throws BlockException {
    if (slot.isLoaded() || !copyByHost(slot.piece())) {
      load(slot);
      write(slot.piece(), slot.memory());
    }
  }

  private void load(PieceSlot slot) throws BlockException {
    if (!slot.isLoaded()) {
      read(slot.piece(), slot.memory());
      slot.loaded();
    }
  }

  private void read(Piece piece, MemorySegment memory) throws BlockException {
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

  private void write(Piece piece, MemorySegment memory) throws BlockException {
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
    if (!piece.zero()) {
      report(piece);
    }
  }

  private void report(Piece piece) throws BlockException {
    long done = copied.addAndGet(piece.length());
    if (piece.step() && settings.progress().isWatched()) {
      if (expected < 0) {
        expect();
      }
      settings.progress().progress(done, expected);
    }
  }

  private synchronized void expect() throws BlockException {
    if (expected < 0) {
      expected = new CopyPlan(sources, settings, warnings).dataBytes();
    }
  }

  /** Has the host copy a piece; false if it has to be read and written. */
  private boolean copyByHost(Piece piece) throws BlockException {
    if (!offload || piece.zero()) {
      return false;
    }
    int index = plan.sourceAt(piece.offset());
    BlockBackend source = sources.get(index);
    long offset = piece.offset() - plan.startOf(index);
    if (piece.length() > source.length() - offset) {
      return false; // the piece goes on in the next source
    }
    for (long done = 0; done < piece.length(); ) {
      long part = 0;
      try {
        part = target.copyFrom(source, offset + done, piece.offset() + done, piece.length() - done);
      } catch (BlockException e) {
        offload = false; // reading and writing tell what is wrong
      }
      if (part == 0) {
        // What this image cannot in one place it mostly cannot anywhere.
        offload = false;
        return false;
      }
      done += part;
    }
    report(piece);
    return true;
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
