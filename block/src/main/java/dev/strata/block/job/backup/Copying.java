// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.job.backup;

import dev.strata.block.BlockException;
import dev.strata.block.driver.PointInTimeCopy;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.job.ErrorAction;
import dev.strata.block.job.JobControl;
import dev.strata.block.job.RequestsInFlight;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Has the filter copy what nobody has written yet, several pieces at a time. One that fails and
 * does not end the job is tried again.
 */
final class Copying implements AutoCloseable {
  private static final long MAX_DATA = 1 << 20; // bytes of a piece: a writer may wait for it
  private static final long MAX_ZEROES = 1 << 30; // the same, of zeroes
  private static final long RETRY_MILLIS = 100;

  private final BackupPlan plan;
  private final PointInTimeCopy copy;
  private final BlockBackend access;
  private final JobControl control;
  private final RequestsInFlight<Piece> pieces;
  private final long maxData;
  private final long maxZeroes;
  private boolean again; // a piece that failed is left behind

  Copying(BackupPlan plan, PointInTimeCopy copy, BlockBackend access, JobControl control) {
    this.plan = plan;
    this.copy = copy;
    this.access = access;
    this.control = control;
    this.pieces = new RequestsInFlight<>("backup", plan.maxRequests());
    long most = plan.maxChunk() == 0 ? Long.MAX_VALUE : plan.maxChunk();
    this.maxData = Math.min(most, MAX_DATA);
    this.maxZeroes = Math.min(most, MAX_ZEROES);
  }

  private final class Piece implements RequestsInFlight.Request {
    private final long start;
    private final long end;
    private PointInTimeCopy.@Nullable Failure failure;

    Piece(long start, long end) {
      this.start = start;
      this.end = end;
    }

    @Override
    public void run() throws BlockException {
      access.inside(() -> failure = copy.copyRest(start, end - start));
    }
  }

  /** Returns when all is copied; closed then, whether it returned or not. */
  void run() throws BlockException {
    long at = 0;
    while (true) {
      if (control.interrupted()) {
        awaitAll();
      }
      control.checkpoint();
      takeDone();
      if (again) {
        awaitAll();
        control.idle(RETRY_MILLIS);
        again = false;
        at = 0;
        continue;
      }
      OptionalLong next = copy.nextToCopy(at);
      if (next.isPresent() && control.isAhead()) {
        awaitAll();
        control.awaitAllowance();
      } else if (next.isPresent()) {
        at = begin(next.getAsLong());
      } else if (isAllCopied()) {
        return;
      }
    }
  }

  private long begin(long start) throws BlockException {
    var next = new PiecePlan(start);
    access.inside(next::make);
    if (!next.zeroes) {
      control.charge(next.end - start);
    }
    while (pieces.isFull()) {
      finish(pieces.await());
    }
    pieces.begin(new Piece(start, next.end));
    return next.end;
  }

  private final class PiecePlan {
    private final long start;
    private long end;
    private boolean zeroes;

    PiecePlan(long start) {
      this.start = start;
    }

    void make() {
      try {
        PointInTimeCopy.Piece piece = copy.piece(start, maxData, maxZeroes);
        end = piece.end();
        zeroes = piece.zeroes();
      } catch (BlockException e) {
        end = start + copy.clusterSize(); // the copy meets the same failure, and tells of it
      }
    }
  }

  /** Writers copy on their own account: the last one may still be at it. */
  private boolean isAllCopied() throws BlockException {
    awaitAll();
    if (!again) {
      pieces.begin(new Piece(0, access.length()));
      awaitAll();
    }
    return !again;
  }

  private void takeDone() throws BlockException {
    for (Piece piece = pieces.take(); piece != null; piece = pieces.take()) {
      finish(piece);
    }
  }

  private void awaitAll() throws BlockException {
    for (Piece piece = pieces.await(); piece != null; piece = pieces.await()) {
      finish(piece);
    }
  }

  private void finish(@Nullable Piece piece) throws BlockException {
    control.progress(copy.copied(), copy.toCopy());
    PointInTimeCopy.Failure failure = piece == null ? null : piece.failure;
    if (failure == null || again) {
      return; // the user hears of one of those in flight
    }
    again = true;
    boolean write = failure.atTarget();
    ErrorAction action =
        control.failed(
            write, failure.reason(), write ? plan.onTargetError() : plan.onSourceError());
    if (action == ErrorAction.REPORT) {
      throw failure.reason();
    }
  }

  @Override
  public void close() {
    pieces.close();
  }
}
