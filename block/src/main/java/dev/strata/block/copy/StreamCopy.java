// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.copy;

import dev.strata.block.BlockException;
import dev.strata.block.BufferPool;
import dev.strata.block.IoVector;
import dev.strata.block.driver.ImageStream;
import dev.strata.block.driver.StreamOutput;
import dev.strata.block.graph.BlockBackend;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * Copies images, one behind the other, into one that is written from front to back. Reading and
 * compressing is done by several threads.
 *
 * <pre>
 *   status ──▶ pieces ──▶ read and store, … ──▶ ring ──▶ add ──▶ output
 * </pre>
 */
public final class StreamCopy {
  private final List<BlockBackend> sources;
  private final ImageStream target;
  private final CopySettings settings;
  private final Consumer<String> warnings;
  private final AtomicLong copied = new AtomicLong();

  /**
   * A copy that has not begun.
   *
   * @param sources at least one; the target's bytes are theirs in that order
   * @param settings whose cluster to compress is the target's cluster
   * @param warnings hears what was salvaged, a line each
   */
  public StreamCopy(
      List<BlockBackend> sources,
      ImageStream target,
      CopySettings settings,
      Consumer<String> warnings) {
    this.sources = List.copyOf(sources);
    this.target = target;
    this.settings = settings;
    this.warnings = warnings;
  }

  /** Copies everything. */
  public void run(StreamOutput output) throws BlockException {
    long expected = 0;
    if (settings.progress().isWatched()) {
      expected = plan().dataBytes() * (target.isPlanned() ? 2 : 1);
    }
    if (target.isPlanned()) {
      pass(StreamOutput.toNowhere(), expected, text -> {});
    }
    pass(output, expected, warnings);
  }

  private CopyPlan plan() {
    return new CopyPlan(sources, settings, warnings);
  }

  private void pass(StreamOutput output, long expected, Consumer<String> salvaged)
      throws BlockException {
    CopyPlan plan = new CopyPlan(sources, settings, salvaged);
    target.begin(output);
    var reader = new PieceReader(sources, plan, settings, salvaged);
    OrderedPieces.run(settings.workers(), plan, new Steps(plan, reader, expected));
    target.end();
  }

  /** A piece, and what its clusters are stored as. */
  private static final class StoredPiece extends PieceSlot {
    private final BufferPool.Buffer room;
    private final MemorySegment[] stored;

    StoredPiece(BufferPool buffers, long maxPiece, ImageStream target) {
      super(buffers, maxPiece);
      int clusters = (int) (maxPiece / target.clusterSize());
      this.room = buffers.acquire((long) clusters * target.maxStored());
      this.stored = new MemorySegment[clusters];
    }

    @Override
    public void close() {
      super.close();
      room.close();
    }
  }

  private final class Steps implements OrderedPieces.Steps<StoredPiece> {
    private final CopyPlan plan;
    private final PieceReader reader;
    private final long expected;

    Steps(CopyPlan plan, PieceReader reader, long expected) {
      this.plan = plan;
      this.reader = reader;
      this.expected = expected;
    }

    @Override
    public StoredPiece slot() {
      return new StoredPiece(sources.getFirst().node().graph().buffers(), plan.maxPiece(), target);
    }

    @Override
    public void read(StoredPiece slot) throws BlockException {
      reader.read(slot.piece(), slot.memory());
      MemorySegment padded = slot.memory(target.clusterSize());
      int cluster = target.clusterSize();
      for (int i = 0; (long) i * cluster < padded.byteSize(); i++) {
        MemorySegment one = padded.asSlice((long) i * cluster, cluster);
        MemorySegment room =
            slot.room.segment().asSlice((long) i * target.maxStored(), target.maxStored());
        boolean skipped = settings.sparseBytes() > 0 && IoVector.isZero(one, 0, cluster);
        long offset = slot.piece().offset() + (long) i * cluster;
        slot.stored[i] = skipped ? MemorySegment.NULL : target.store(offset, one, room);
      }
    }

    @Override
    public void write(StoredPiece slot) throws BlockException {
      Piece piece = slot.piece();
      if (piece.zero()) {
        return;
      }
      int cluster = target.clusterSize();
      for (int i = 0; (long) i * cluster < piece.length(); i++) {
        if (slot.stored[i].byteSize() > 0) {
          target.add(piece.offset() + (long) i * cluster, slot.stored[i]);
        }
      }
      long done = copied.addAndGet(piece.length());
      if (piece.step() && expected > 0) {
        settings.progress().progress(done, expected);
      }
    }
  }
}
