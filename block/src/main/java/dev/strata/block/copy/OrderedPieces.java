// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.copy;

import dev.strata.block.BlockException;
import dev.strata.block.BufferPool;
import dev.strata.block.copy.CopyPlan.Piece;
import org.jspecify.annotations.Nullable;

/**
 * Says what each thread of a copy does next when writes go in the order of offsets: one of them
 * writes as long as the next piece is there, the others read ahead into the slots of a ring. So
 * nobody waits for a turn, and a reader that has filled the ring sleeps until half of it is free.
 */
final class OrderedPieces implements AutoCloseable {
  private final CopyPlan plan;
  private final BufferPool buffers;
  private final Slot[] ring;
  private int taken; // slots; all guarded by this
  private long nextWrite; // a piece's number
  private boolean writing;
  private boolean exhausted; // the plan has no more
  private boolean stopped;
  private int sleepers;

  /** A place for one piece, with what was read for it. Belongs to the thread that was given it. */
  final class Slot {
    private BufferPool.@Nullable Buffer buffer;
    private @Nullable Piece piece;
    private boolean filled;
    private boolean read;

    Piece piece() {
      if (piece == null) {
        throw new IllegalStateException("an empty slot");
      }
      return piece;
    }

    /** Whether the piece is ready to be written now. */
    boolean isFilled() {
      return filled;
    }

    /** Whether the piece's bytes are in the buffer. */
    boolean isRead() {
      return read;
    }

    /** The piece's bytes are in the buffer. */
    void read() {
      read = true;
    }

    /** Room for the largest piece. */
    BufferPool.Buffer buffer() {
      if (buffer == null) {
        buffer = buffers.acquire(plan.maxPiece());
      }
      return buffer;
    }
  }

  OrderedPieces(CopyPlan plan, BufferPool buffers, int slots) {
    this.plan = plan;
    this.buffers = buffers;
    this.ring = new Slot[slots];
    for (int i = 0; i < slots; i++) {
      ring[i] = new Slot();
    }
  }

  /** What to do next, as {@link Slot#isFilled} says; null when there is nothing left to do. */
  @Nullable Slot next() throws BlockException {
    while (true) {
      synchronized (this) {
        Slot head = ring[(int) (nextWrite % ring.length)];
        while (!(stopped || canWrite(head) || canRead() || isDone())) {
          sleep();
          head = ring[(int) (nextWrite % ring.length)];
        }
        if (stopped || (isDone() && !canWrite(head))) {
          return null;
        }
        if (canWrite(head)) {
          writing = true;
          return head;
        }
        taken++;
      }
      Slot slot = reserve();
      if (slot != null) {
        return slot;
      }
    }
  }

  private boolean canWrite(Slot head) {
    return !writing && head.filled;
  }

  private boolean canRead() {
    return !exhausted && taken < ring.length;
  }

  private boolean isDone() {
    return exhausted && taken == 0;
  }

  /** Sleeps until something has changed, interrupted or not: a copy ends by itself. */
  private synchronized void sleep() {
    boolean interrupted = false;
    sleepers++;
    try {
      wait();
    } catch (InterruptedException e) {
      interrupted = true;
    }
    sleepers--;
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** The next piece's slot; null if there is no piece, or none that has to be read. */
  private @Nullable Slot reserve() throws BlockException {
    Piece piece = plan.next(); // may take its time, so not under the lock
    synchronized (this) {
      if (piece == null) {
        exhausted = true;
        taken--;
        notifyAll();
        return null;
      }
      Slot slot = ring[(int) (piece.number() % ring.length)];
      slot.piece = piece;
      slot.filled = piece.zero();
      slot.read = piece.zero(); // there is nothing to read
      return slot.filled ? null : slot;
    }
  }

  /** The slot's piece was read. */
  synchronized void filled(Slot slot) {
    slot.filled = true;
  }

  /** The slot's piece was written. */
  synchronized void written(Slot slot) {
    slot.filled = false;
    slot.piece = null;
    nextWrite++;
    writing = false;
    taken--;
    if (sleepers > 0 && (taken <= ring.length / 2 || isDone())) {
      notifyAll();
    }
  }

  /** Has every {@link #next} answer null from now on. */
  synchronized void stop() {
    stopped = true;
    notifyAll();
  }

  /** Gives the buffers back, when no thread uses them any more. */
  @Override
  public void close() {
    for (Slot slot : ring) {
      if (slot.buffer != null) {
        slot.buffer.close();
      }
    }
  }
}
