// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.copy;

import dev.strata.block.BlockException;
import dev.strata.block.Workers;
import dev.strata.block.graph.BlockBackend;
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
  private final List<BlockBackend> sources;
  private final BlockBackend target;
  private final CopySettings settings;
  private final Consumer<String> warnings;
  private final CopyPlan plan;
  private final PieceReader reader;
  private final PieceWriter writer;
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
    this.reader = new PieceReader(this.sources, plan, settings, warnings);
    this.writer = new PieceWriter(target, settings);
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
      write(slot);
    }
  }

  private void load(PieceSlot slot) throws BlockException {
    if (!slot.isLoaded()) {
      reader.read(slot.piece(), slot.memory());
      slot.loaded();
    }
  }

  private void write(PieceSlot slot) throws BlockException {
    writer.write(slot.piece(), slot.buffer());
    if (!slot.piece().zero()) {
      report(slot.piece());
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
}
