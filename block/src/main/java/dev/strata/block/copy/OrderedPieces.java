// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.copy;

import dev.strata.block.BlockException;
import dev.strata.block.Workers;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads pieces on several threads and writes them in their order, so that the same copy always
 * makes the same image.
 *
 * <pre>
 *   source ──▶ read, read, … ──▶ ring of slots ──▶ write
 * </pre>
 *
 * <p>One thread writes as long as the next piece is there, the others read ahead. So nobody waits
 * for a turn, and a reader that has filled the ring sleeps until half of it is free.
 */
final class OrderedPieces<S extends PieceSlot> {
  /** How many pieces are read beyond those that a thread has in its hands. */
  private static final int READ_AHEAD = 5;

  /** What is done with a piece. */
  interface Steps<S> {
    /** A place for a piece. */
    S slot();

    /** Reads the slot's piece, which is not zeroes; several threads at a time. */
    void read(S slot) throws BlockException;

    /** Writes the slot's piece; one at a time, in order. */
    void write(S slot) throws BlockException;
  }

  private final Piece.Source source;
  private final Steps<S> steps;
  private final List<S> ring;
  private final boolean[] filled; // for each slot, whether it is ready to be written
  private int taken; // slots; all guarded by this
  private long nextWrite; // a piece's number
  private boolean writing;
  private boolean exhausted; // the source has no more
  private boolean stopped;
  private int sleepers;

  private OrderedPieces(Piece.Source source, Steps<S> steps, int slots) {
    this.source = source;
    this.steps = steps;
    this.ring = new ArrayList<>(slots);
    for (int i = 0; i < slots; i++) {
      ring.add(steps.slot());
    }
    this.filled = new boolean[slots];
  }

  /**
   * Deals with all pieces of the source; returns when the last one is written.
   *
   * @param workers how many threads work, at least 1
   * @throws BlockException the first failure; nothing more is read or written after it
   */
  static <S extends PieceSlot> void run(int workers, Piece.Source source, Steps<S> steps)
      throws BlockException {
    var pieces = new OrderedPieces<>(source, steps, workers + READ_AHEAD);
    try {
      Workers.run("copy", workers, all -> pieces.work(), pieces::stop);
    } finally {
      for (S slot : pieces.ring) {
        slot.close();
      }
    }
  }

  private void work() throws BlockException {
    while (true) {
      S head = null;
      synchronized (this) {
        awaitChange();
        if (stopped || isDone()) {
          return;
        }
        if (canWrite()) {
          head = ring.get(index(nextWrite));
          writing = true;
        } else {
          taken++;
        }
      }
      if (head == null) {
        read();
      } else {
        steps.write(head);
        written();
      }
    }
  }

  private int index(long number) {
    return (int) (number % filled.length);
  }

  private boolean canWrite() {
    return !writing && filled[index(nextWrite)];
  }

  private boolean canRead() {
    return !exhausted && taken < filled.length;
  }

  private boolean isDone() {
    return exhausted && taken == 0;
  }

  /** Sleeps until there is something to do, or nothing any more; an interrupt changes nothing. */
  private synchronized void awaitChange() {
    boolean interrupted = false;
    sleepers++;
    while (!(stopped || canWrite() || canRead() || isDone())) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    sleepers--;
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void read() throws BlockException {
    Piece piece = source.next(); // may take its time, so not under the lock
    if (piece == null) {
      exhausted();
      return;
    }
    S slot = ring.get(index(piece.number()));
    slot.take(piece);
    if (!piece.zero()) {
      steps.read(slot);
    }
    filled(piece);
  }

  private synchronized void exhausted() {
    exhausted = true;
    taken--;
    notifyAll();
  }

  private synchronized void filled(Piece piece) {
    filled[index(piece.number())] = true;
  }

  private synchronized void written() {
    filled[index(nextWrite)] = false;
    nextWrite++;
    writing = false;
    taken--;
    if (sleepers > 0 && (taken <= filled.length / 2 || isDone())) {
      notifyAll();
    }
  }

  private synchronized void stop() {
    stopped = true;
    notifyAll();
  }
}
